"""What a silence holds back: the words of its matcher, and the notices that none may hold back (pure)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from notifier.routing.routed_kinds import ALARMING

LONGEST = timedelta(days=7)

# Only these can be silenced: whatever is about money in doubt, security or our own trouble always reaches people.
SILENCEABLE: tuple[str, ...] = (
    "transaction",
    "cardholder_audited",
    "card_applied",
    "balance_recovered",
)


class Matcher(BaseModel):
    """The conditions under which a notice is held back; `merchant` is a part of the name, all others are exact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str | None = None
    status: str | None = None
    type: str | None = None
    currency: str | None = None
    card: str | None = None
    cardholder: str | None = None
    merchant: str | None = None
    country: str | None = None

    def __str__(self) -> str:
        """Return the matcher as it is typed."""
        given = self.model_dump(exclude_none=True)
        return " ".join(
            f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in given.items()
        )


NAMES: tuple[str, ...] = tuple(Matcher.model_fields)

# The facts that each condition is compared with: words, or Paytend's codes.
_FACTS: dict[str, tuple[str, ...]] = {
    "status": ("status", "status_code"),
    "type": ("type_text", "type_code"),
    "currency": ("currency",),
    "card": ("card_id", "last_four"),
    "cardholder": ("holder_id",),
    "country": ("country",),
}


def may_be_silenced(kind: str, facts: Mapping[str, Any]) -> bool:
    """Whether a notice may be held back at all."""
    # Also what succeeded `despite` its card being reported lost.
    return kind in SILENCEABLE and str(facts.get("status")) not in ALARMING and not facts.get("despite")


def matches(matcher: Matcher, kind: str, facts: Mapping[str, Any]) -> bool:
    """Whether a silence with this matcher holds a notice back."""
    if not may_be_silenced(kind, facts) or (matcher.kind is not None and matcher.kind != kind):
        return False
    merchant = str(facts.get("merchant") or "").casefold()
    if matcher.merchant is not None and matcher.merchant.casefold() not in merchant:
        return False
    for name, facts_of_it in _FACTS.items():
        wanted = getattr(matcher, name)
        actual = {str(facts.get(fact) or "").partition(" (")[0].casefold() for fact in facts_of_it}
        if wanted is not None and wanted.casefold() not in actual:
            return False
    return True
