"""What the templates of a request's message and of its modals may use; `request_message.py` fills it.

Facts wait in the outbox as JSON, and rows that an older version wrote are rendered by today's templates: a field
keeps its name, and the template guards one that is new. Amounts are texts for people, such as "1,200.00 EUR".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from notifier.rendering.facts import TemplateFacts


@dataclass(frozen=True, kw_only=True)
class Line:
    """One labelled text."""

    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class EarlierTopUpRow:
    """A top-up of the card before this request; `at` is as Paytend wrote it."""

    at: str
    money: str
    status: str


@dataclass(frozen=True, kw_only=True)
class SecondCardFacts:
    """The new card of a replacement."""

    id: str
    last_four: str
    status: str
    holder: str


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """The payment card and its cardholder as they were when the request was made; `id` is empty without a card."""

    id: str
    last_four: str
    status: str
    holder: str
    holder_id: str
    kyc: str
    second: SecondCardFacts | None
    earlier: Sequence[EarlierTopUpRow]


@dataclass(frozen=True, kw_only=True)
class BalanceChange:
    """A balance before and after the request is carried out."""

    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class LimitRow:
    """A limit and the sum that counts against it; `total` is empty if the limit is in another currency."""

    per: str
    window: str
    total: str
    over: str
    exceeded: bool


@dataclass(frozen=True, kw_only=True)
class MoneyFacts:
    """What a request moves, what it does to the balances, and how it compares with the limits."""

    amount: str
    balance: BalanceChange | None
    partner_balance: BalanceChange | None
    day: str
    limits: Sequence[LimitRow]


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One person's decision; a void one counts no more."""

    by: str
    name: str
    verdict: str
    reason: str
    at: datetime
    void: bool


@dataclass(frozen=True, kw_only=True)
class ApprovedFacts:
    """Who approved, and when the quorum was reached."""

    at: datetime
    by: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class DoneFacts:
    """What became of the request at Paytend."""

    words: str
    why: str
    at: datetime | None
    provider_reference: str


@dataclass(frozen=True, kw_only=True)
class SettlementRow:
    """One person's word on whether an unknown change happened."""

    by: str
    happened: bool
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class StoppedRow:
    """A stop that the request waits for; `by` is empty where the bot stopped by itself."""

    what: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class OtherRequestRow:
    """Another open request about the same card or cardholder."""

    request: str
    phrase: str
    status: str
    action: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What Paytend said of the card, cardholder or balances, with its label."""

    label: str
    text: str


# The template keeps its old name: it is stored with every posted message that may still be edited.
@dataclass(frozen=True, kw_only=True)
class RequestMessage(TemplateFacts, template="request_card"):
    """Everything that the request message and its details show.

    Moments that do not apply are None. `private` and `figures` are filled for one reader who may see them, and
    empty in a channel; `partner` is "enough" or "not enough", as the number is not for everybody.
    """

    request: str
    digest: str
    phrase: str
    reference: str
    title: str
    summary: str
    reason: str
    status: str
    status_words: str
    requester: str
    requester_name: str
    asked_at: datetime
    decide_by: datetime | None
    execute_by: datetime | None
    ended_at: datetime | None
    ended_because: str
    approvals: str
    decisions: Sequence[DecisionRow]
    approved: ApprovedFacts | None
    done: DoneFacts | None
    settlements: Sequence[SettlementRow]
    card: CardFacts
    money: MoneyFacts | None
    rule: str
    why_you: str
    stopped: Sequence[StoppedRow] = ()
    others: Sequence[OtherRequestRow]
    lines: Sequence[Line]
    notes: Sequence[str]
    private: Sequence[Line] = ()
    has_private: bool
    buttons: Sequence[str]
    button_value: Mapping[str, str]
    short_reason: str = ""
    short_summary: str = ""
    approve_question: str = ""
    unusual: Sequence[str] = ()
    partner: str = ""
    figures: Sequence["Figure"] = ()


@dataclass(frozen=True, kw_only=True)
class RequestDialog(RequestMessage, template="request_show.view"):
    """Details: the modal with everything; `checking` while the figures are looked up again."""

    checking: bool = False

    @classmethod
    def of(cls, message: RequestMessage, *, checking: bool) -> "RequestDialog":
        """Return the modal about what the message is about."""
        return cls(**{field.name: getattr(message, field.name) for field in fields(message)}, checking=checking)


@dataclass(frozen=True, kw_only=True)
class FigureUpdate:
    """A figure as it is now, and how it was when the request was made if that differs."""

    label: str
    text: str
    was: str = ""


@dataclass(frozen=True, kw_only=True)
class FiguresNow(TemplateFacts, template="request_figures"):
    """The figures as Paytend gives them now; `says` tells why there are none."""

    figures: Sequence[FigureUpdate]
    at: datetime
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class DenialForm(TemplateFacts, template="request_deny.view"):
    """The modal that asks for the reason of a denial; `button_value` is that of the button that was clicked."""

    summary: str
    phrase: str
    button_value: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StopForm(TemplateFacts, template="request_stop.view"):
    """The modal that asks why an approved request is stopped; `button_value` is that of the button."""

    summary: str
    phrase: str
    button_value: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SettleValue:
    """What the settlement form remembers: the request, its content, and what the person says about it."""

    request: str
    digest: str
    happened: bool


@dataclass(frozen=True, kw_only=True)
class SettlementForm(TemplateFacts, template="request_settle.view"):
    """The modal in which one of two people says whether an unknown change happened."""

    summary: str
    phrase: str
    reference: str
    settle_value: SettleValue
