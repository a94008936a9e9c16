"""How every command that asks Paytend is used: who types it, for what, and what they see when it works.

`prepare` comes before the last step; `last` is the delivery after which Paytend is asked, not settled yet.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.deliveries import Delivery
from tests.journeys.card_world import LOST, NEW
from tests.journeys.test_apply import PARCEL
from tests.journeys.test_holders import JPEG, chooses_place, searches
from tests.journeys.test_holders import NEW as NEW_HOLDER
from tests.journeys.world import CARD, HOLDER, MANAGER, ONCALL, SUPPORT, JourneyWorld, text_of

Prepare = Callable[[JourneyWorld], None]
Last = Callable[[JourneyWorld], Delivery]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A command that only looks."""

    typed: str
    operation: str
    shows: str
    person: str = SUPPORT
    declined: str = "Paytend said no"


READINGS = (
    Reading(typed=f"/card info {CARD}", operation="getCardInfo", shows="64.10 EUR"),
    Reading(typed=f"/card info {CARD} --all", operation="getCardInfo", shows='"cardStatus": 5'),
    Reading(typed=f"/card balance {CARD}", operation="getCardBalance", shows="64.10 EUR"),
    Reading(
        typed=f"/card transactions {CARD} last 30 days", operation="getCardTransactions", shows="payment (151)"
    ),
    Reading(
        typed=f"/card authorizations {CARD} last 30 days",
        operation="getAuthorizationTransactions",
        shows="MAXIMA LT",
    ),
    Reading(typed="/card fees 1755904", operation="getCardOverdueMonthlyFee", shows="2.00 EUR"),
    Reading(typed=f"/card lost {CARD}", operation="getCardInfo", shows="Block Rūta Kazlauskaitė •••• 5097 now?"),
    Reading(typed=f"/card replace {CARD} {NEW}", operation="getCardInfo", shows="freezes immediately"),
    Reading(
        typed="/card order NOSUCHORDER1",
        operation="getApplyCardResult",
        shows="has no card order",
        declined="has no card order",
    ),
    Reading(typed="/card designs", operation="getSKUs", shows="CTHMCPE20056"),
    Reading(
        typed="/topup status SEED000000000000",
        operation="getTopupResult",
        shows="248.65 EUR",
        declined="has no top-up",
    ),
    Reading(typed=f"/holder status {HOLDER}", operation="getHolder", shows="Kazlauskaitė"),
    Reading(typed="/holder status passport PS1234567", operation="getHolder", shows="Kazlauskaitė"),
    Reading(typed="/holder cities LT vil", operation="getCities", shows="Vilnius"),
    Reading(typed="/partner balance", operation="getPartnerBalance", shows="25,000.00 EUR", person=MANAGER),
    Reading(typed="/partner topups eur", operation="getPartnerTopup", shows="top-up (100)", person=ONCALL),
    Reading(
        typed="/partner transactions",
        operation="getPartnerTransactions",
        shows="Bank transfer",
        person=ONCALL,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A command that changes something; `looks` is what Paytend is asked when it is asked for, if anything.

    `answers`: Paytend can be asked about the outcome, so that nobody has to settle it.
    """

    prepare: Prepare
    last: Last
    operation: str
    shows: str
    looks: str = ""
    answers: bool = False

    def asks(self, world: JourneyWorld) -> None:
        """Do all of it, and everything that follows."""
        self.prepare(world)
        self.last(world)
        world.settles()


def _nothing(_world: JourneyWorld) -> None:
    """There is no step before the last."""


def _types(text: str) -> Prepare:
    return lambda world: void(world.types(SUPPORT, text))


def _typed(text: str) -> Last:
    return lambda world: world.slack.types(SUPPORT, text, channel="C0GENERAL")


def _clicks(action: str) -> Last:
    return lambda world: world.slack.clicks(SUPPORT, action_id=action, message=world.slack.ephemerals(SUPPORT)[-1])


def void(_delivery: Delivery) -> None:
    """Leave a delivery aside."""


def _opens_creating(world: JourneyWorld) -> None:
    world.types(SUPPORT, "/holder create")
    searches(world, SUPPORT, "lithuania", action="nationality")
    chooses_place(world)


def _creates(world: JourneyWorld) -> Delivery:
    return world.slack.submits(SUPPORT, {**NEW_HOLDER, "nationality": "LT", "city": "LT_VI", "country": "LT"})


def _sends_a_document(world: JourneyWorld) -> Delivery:
    file = world.slack.uploads(SUPPORT, "passport.jpg", JPEG)
    return world.slack.submits(SUPPORT, {"file_type": "3", "file": [file]})


def _opens_ordering(world: JourneyWorld) -> None:
    world.types(SUPPORT, "/card apply")
    world.bot.slack.context.inputs.choices.designs()
    searches(world, SUPPORT, "", action="design")
    chooses_place(world)


def _orders(world: JourneyWorld) -> Delivery:
    order = {"quantity": "1", "holder": HOLDER, "design": "CTHMCPE20056", "country": "LT", "city": "LT_VI"}
    return world.slack.submits(SUPPORT, {**PARCEL, **order})


ALONE = {
    "card lost": Change(
        prepare=_types(f"/card lost {CARD}"),
        last=_clicks("card_lost"),
        operation="lostCard",
        shows="Blocked: ",
    ),
    "holder create": Change(
        prepare=_opens_creating, last=_creates, operation="createCardholder", shows="was created"
    ),
    "holder documents": Change(
        prepare=_types(f"/holder documents {HOLDER}"),
        last=_sends_a_document,
        operation="uploadDocument",
        shows="Sent to Paytend",
    ),
}
GATED = {
    "card found": Change(
        prepare=_nothing,
        last=_typed(f"/card found {LOST} it was in the other coat"),
        operation="cancelCardLost",
        shows="Requested",
        looks="getCardInfo",
        answers=True,
    ),
    "card activate": Change(
        prepare=_nothing,
        last=_typed(f"/card activate {NEW} {HOLDER}"),
        operation="activeCard",
        shows="Requested",
        looks="getCardInfo",
        answers=True,
    ),
    "card replace": Change(
        prepare=_types(f"/card replace {CARD} {NEW}"),
        last=_clicks("card_replace"),
        operation="replaceCard",
        shows="Requested",
        looks="getCardInfo",
    ),
    "card password": Change(
        prepare=_types(f"/card password {CARD}"),
        last=lambda world: world.slack.submits(
            SUPPORT, {"card": CARD, "identified": "called_back", "reason": "forgot it"}
        ),
        operation="retrievePassword",
        shows="Requested",
        looks="getCardInfo",
    ),
    "card apply": Change(
        prepare=_opens_ordering,
        last=_orders,
        operation="applyCard",
        shows="Requested",
        looks="getHolder",
        answers=True,
    ),
    "topup": Change(
        prepare=_nothing,
        last=_typed(f"/topup {CARD} 20.00 customer called"),
        operation="topup",
        shows="Decision by",
        looks="getPartnerBalance",
        answers=True,
    ),
    "topup form": Change(
        prepare=_types("/topup"),
        last=lambda world: world.slack.submits(SUPPORT, {"card": CARD, "amount": "20", "reason": "called"}),
        operation="topup",
        shows="Requested",
        looks="getCardInfo",
        answers=True,
    ),
    "holder update": Change(
        prepare=_types(f"/holder update {HOLDER}"),
        last=lambda world: world.slack.submits(SUPPORT, {"gender": "1", "reason": "it was wrong"}),
        operation="updateCardholder",
        shows="Requested",
        looks="getHolder",
        answers=True,
    ),
}


def seen(world: JourneyWorld, person: str = SUPPORT) -> str:
    """What a person reads at the moment: the open modal, else the newest private answer."""
    return world.modal_text(person) or text_of_newest(world, person)


def text_of_newest(world: JourneyWorld, person: str) -> str:
    """The newest private answer with all its texts; empty when there is none."""
    answers = world.slack.ephemerals(person)
    return "\n".join([answers[-1]["text"], text_of(answers[-1]["blocks"])]) if answers else ""
