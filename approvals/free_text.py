"""What people may type freely: a reason has a length, and no text may contain a card number. Pure."""

from collections.abc import Mapping

from approvals.refusals import Refusal
from paytend.redaction import find_card_numbers

# The modals of Slack have the same limits (`min_length`, `max_length` in the templates).
SHORTEST_REASON, LONGEST_REASON = 3, 500


class ReasonNeeded(Refusal):
    """Enter a reason of 3 to 500 characters."""


class HoldsCardNumber(Refusal):
    """That looks like a full card number. We didn’t store it – please remove it."""


def require_reason(reason: str) -> None:
    """Refuse a reason that is missing, too long, or contains a card number."""
    refuse_card_number(reason)
    # Stripped, as it is stored: the trigger `decision_says_something` counts the same characters.
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise ReasonNeeded


def check_reason(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the reason in a form, under the name of its input."""
    try:
        require_reason(fields.get("reason", ""))
    except (ReasonNeeded, HoldsCardNumber) as refusal:
        return {"reason": str(refusal)}
    return {}


def refuse_card_number(text: str) -> None:
    """Refuse a text that contains a card number, before it is stored or read any further."""
    if find_card_numbers(text):
        raise HoldsCardNumber
