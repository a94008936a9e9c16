"""The facts of notices about webhooks: what our templates, and those of an operator, may use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.outbox.notice_facts import NoticeFacts, RepeatedFacts
from paytend import Money


@dataclass(frozen=True, kw_only=True)
class EventFacts(NoticeFacts):
    """`found`: no webhook came, we asked Paytend. `update`: Paytend reported on the same before."""

    found: bool | None = None
    update: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PurchaseStage:
    """A stage of a purchase: its status word, when it last happened, its amount in all, and the parts of it."""

    word: str
    at: datetime | None
    amount: Money | None
    parts: Sequence[Money] = ()


@dataclass(frozen=True, kw_only=True)
class DeclineReason:
    """Why a purchase was declined; `kind` is "lost", "card", "kyc" or "balance", which says what else is there.

    `by` is the name of who reported the card lost, `at` when; `status` is that of card or review, in words.
    """

    kind: str
    by: str | None = None
    at: datetime | None = None
    status: str | None = None
    balance: Money | None = None
    asked: Money | None = None


@dataclass(frozen=True, kw_only=True)
class TransactionFacts(EventFacts):
    """A transaction as far as its purchase has come, with all stages so far.

    `amount_unclear` is the amount as it came, where it may be whole units or the smallest one: nobody guesses;
    `amount_unread` the same where it cannot be read at all.
    `…_text` are words with Paytend's code beside, `happened_text` is the time as Paytend wrote it, `clock` the
    time of day in Paytend's zone, `direction` is "in" or "out" of the card. `late` says that it came more than a
    week after it happened. `more_stages`: there are more than are kept, so the sums are not of all.
    `despite` is what should have stopped it: its card was reported lost before.
    """

    status: str
    status_code: str | None
    status_text: str | None
    type_code: str | None
    type_text: str | None
    source_text: str | None
    amount: Money | None
    amount_unclear: str | None = None
    amount_unread: str | None = None
    direction: str | None = None
    other_amount: Money | None
    fee: Money | None
    balance: Money | None
    currency: str | None
    card_id: str | None
    last_four: str | None
    holder_id: str | None
    holder_name: str | None = None  # Paytend does not send it, see notifier/inbox/cardholder_names.py
    merchant: str | None
    country: str | None
    trade_id: str | None
    related_id: str | None
    auth_code: str | None
    reason: DeclineReason | None = None
    despite: DeclineReason | None = None
    stages: Sequence[PurchaseStage] = ()
    more_stages: bool | None = None
    happened: datetime | None
    happened_text: str | None
    clock: str | None
    late: bool


@dataclass(frozen=True, kw_only=True)
class TransactionNotice(TransactionFacts, template="transaction"):
    """The message about a purchase."""


@dataclass(frozen=True, kw_only=True)
class TransactionChanged(TransactionFacts, template="transaction_changed"):
    """The reply under it when a purchase ended badly after all: this stage, and how it was shown `before`."""

    before: str


@dataclass(frozen=True, kw_only=True)
class CardholderAuditedNotice(EventFacts, template="cardholder_audited"):
    """The result of an identity check."""

    status: str | None
    status_code: str | None
    status_text: str | None
    holder_id: str | None
    holder_name: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class OrderedCardFacts:
    """A card that came out of an order."""

    card_id: str | None
    last_four: str | None


@dataclass(frozen=True, kw_only=True)
class CardAppliedNotice(EventFacts, template="card_applied"):
    """The result of a card order; `card_id` and `last_four` are those of its first card."""

    status: str | None
    status_code: str | None
    status_text: str | None
    reference: str | None
    reason: str | None
    quantity: int | None
    cards: Sequence[OrderedCardFacts]
    more_cards: int
    card_id: str | None
    last_four: str | None
    holder_id: str | None


@dataclass(frozen=True, kw_only=True)
class UnknownField:
    """A field of a webhook that is not understood; its value is whatever JSON it was."""

    name: str
    value: object


@dataclass(frozen=True, kw_only=True)
class UnrecognisedNotice(RepeatedFacts, template="unrecognised"):
    """A webhook that is not understood."""

    notify_type: str
    fields: Sequence[UnknownField]
    digest: str
    found: bool | None = None
