"""What blocks what: the one table of which open request keeps another from being asked for or carried out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from approvals.actions.table import ACTIONS
from approvals.statuses import OPEN, Status


class Shared(StrEnum):
    """What two requests have in common when they exclude each other; of a replacement both cards count."""

    SUBJECT = "subject"  # what the action is done to: a card, a cardholder, or the design of an order
    CARD = "card"
    CARDHOLDER = "cardholder"


# An end that Paytend contradicts counts as unknown, wherever unknown blocks.
UNSETTLED = frozenset({Status.EXECUTING, Status.UNKNOWN})
UNDERWAY = UNSETTLED | {Status.APPROVED}
ANY_OPEN = frozenset(OPEN)


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """Two actions that exclude each other on something shared, in either order.

    `asking` are the statuses of the earlier request in which the other cannot be asked for, `claiming` those in
    which it is not carried out yet. `why` is for the docs.
    """

    actions: tuple[str, str]
    shared: Shared
    asking: frozenset[Status]
    why: str
    # Not the approved ones: two requests that each wait for the other would both lapse.
    claiming: frozenset[Status] = UNSETTLED


def _pair(one: str, other: str, shared: Shared, asking: frozenset[Status], why: str) -> Exclusion:
    return Exclusion(actions=(one, other), shared=shared, asking=asking, why=why)


EXCLUSIONS: tuple[Exclusion, ...] = (
    *(
        _pair(name, name, Shared.SUBJECT, ANY_OPEN, "one open request for a thing and an action")
        for name in ACTIONS
    ),
    _pair("card.replace", "card.replace", Shared.CARD, ANY_OPEN, "a card is replaced once, and replaces one"),
    _pair("card.top_up", "card.replace", Shared.CARD, UNDERWAY, "the balance moves away from the card"),
    _pair(
        "card.activate", "card.replace", Shared.CARD, ANY_OPEN, "the new card becomes active by the replacement"
    ),
    _pair("card.found", "card.replace", Shared.CARD, UNDERWAY, "a replaced card stays frozen"),
    _pair("card.retrieve_password", "card.replace", Shared.CARD, UNDERWAY, "the card has no use any more"),
    _pair("card.top_up", "card.activate", Shared.CARD, UNSETTLED, "whose card it is, is not certain"),
    _pair("card.retrieve_password", "card.activate", Shared.CARD, UNSETTLED, "whose card it is, is not certain"),
    _pair("card.retrieve_password", "cardholder.update", Shared.CARDHOLDER, UNDERWAY, "the cardholder changes"),
    _pair("card.apply", "cardholder.update", Shared.CARDHOLDER, UNDERWAY, "the cardholder changes"),
    _pair("card.replace", "cardholder.update", Shared.CARDHOLDER, UNSETTLED, "the cardholder changes"),
)


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """One line of the table as it applies to one action: requests for `action` in these statuses block it."""

    action: str
    shared: Shared
    statuses: frozenset[Status]


def find_blockers(action: str, *, claiming: bool) -> Iterator[Blocker]:
    """Yield what blocks an action, when it is asked for or when it is claimed."""
    for exclusion in EXCLUSIONS:
        if action not in exclusion.actions:
            continue
        one, other = exclusion.actions
        yield Blocker(
            action=other if action == one else one,
            shared=exclusion.shared,
            statuses=exclusion.claiming if claiming else exclusion.asking,
        )
