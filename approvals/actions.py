"""Sensitive actions: everything that needs a second person, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from approvals.outcomes import Finding, Found, Outcome, Result
from approvals.refusals import Refusal
from notifier.money_text import MoneyText
from paytend import operations
from paytend.calls import Call
from paytend.codes import CardStatus, ChangeStatus, TopUpStatus
from paytend.models import Answer, CardInfo, Done, TopUp
from paytend.money import Money
from paytend.redaction import find_card_numbers


class UnknownAction(Refusal):
    """{action} is not something that can be asked for."""


def _no_card_number(text: str) -> str:
    if find_card_numbers(text):
        raise ValueError("a card number must not be typed here")
    return text


def _positive(money: Money) -> Money:
    if money.minor <= 0:
        raise ValueError("the amount must be more than nothing")
    return money


FreeText = Annotated[str, Field(max_length=500), AfterValidator(_no_card_number)]


class Payload(BaseModel):
    """What is to be done, exactly; `reason` is the requester's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    card_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), AfterValidator(_no_card_number)]
    reason: FreeText = ""

    @property
    def moves(self) -> Money | None:
        """The money that this moves."""
        return None


class TopUpPayload(Payload):
    """A top-up of a card."""

    money: Annotated[MoneyText, AfterValidator(_positive)]

    @property
    def moves(self) -> Money | None:
        """The money that goes from the partner balance to the card."""
        return self.money


@dataclass(frozen=True, kw_only=True)
class Action:
    """A kind of thing that needs a second person.

    `usable` are the card statuses in which it makes sense; `call` makes the change, `question` asks later
    what became of it; `read_answer` and `read_question` say what may be believed of the two answers.
    """

    name: str
    title: str
    requesters: tuple[str, ...]
    payload: type[Payload]
    usable: tuple[str, ...]
    call: Callable[[Any, str], Call[Any]]
    question: Callable[[Any, str], Call[Any]]
    read_answer: Callable[[Any, Any, str], Outcome]
    read_question: Callable[[Any, Any, str], Finding]


def find_action(name: str) -> Action:
    """Return the action of a name; raises UnknownAction."""
    if name not in ACTIONS:
        raise UnknownAction(action=name)
    return ACTIONS[name]


def _contradicts(answer: TopUp, payload: TopUpPayload, reference: str) -> bool:
    """Whether an answer speaks of something else than what was asked."""
    said_and_meant = ((answer.reference, reference), (answer.card_id, payload.card_id))
    return any(said is not None and said != meant for said, meant in said_and_meant)


def _other_amount(answer: TopUp, payload: TopUpPayload) -> str:
    """Return a warning when Paytend names another amount; it may hold the fee, which is not documented."""
    if answer.amount is None or answer.amount == payload.money:
        return ""
    return f" It names {answer.amount}, though {payload.money} was asked for: please compare."


def _read_top_up(answer: TopUp, payload: TopUpPayload, reference: str) -> Outcome:
    if _contradicts(answer, payload, reference):
        return _outcome(Result.UNKNOWN, "Paytend's answer does not fit what was asked.", answer)
    match answer.status:
        case TopUpStatus.DONE:
            words = f"Done at Paytend.{_other_amount(answer, payload)}"
            return _outcome(Result.EXECUTED, words, answer, answer.trade_id)
        case TopUpStatus.FAILED:
            return _outcome(
                Result.FAILED, answer.message or "Paytend says that it failed.", answer, answer.trade_id
            )
        case TopUpStatus.IN_PROGRESS:
            return _outcome(Result.UNKNOWN, "In progress at Paytend.", answer, answer.trade_id)
        case _:
            return _outcome(
                Result.UNKNOWN, "Paytend's answer has no status that we know.", answer, answer.trade_id
            )


def _read_top_up_question(answer: TopUp, payload: TopUpPayload, reference: str) -> Finding:
    if _contradicts(answer, payload, reference):
        return _finding(Found.UNREADABLE, "Paytend's answer does not fit what was asked.", answer)
    match answer.status:
        case TopUpStatus.DONE:
            words = f"Paytend says that it was done.{_other_amount(answer, payload)}"
            return _finding(Found.EXECUTED, words, answer, answer.trade_id)
        case TopUpStatus.FAILED:
            words = answer.message or "Paytend says that it failed."
            return _finding(Found.FAILED, words, answer, answer.trade_id)
        case TopUpStatus.IN_PROGRESS:
            return _finding(Found.IN_PROGRESS, "In progress at Paytend.", answer, answer.trade_id)
        case _:
            return _finding(Found.UNREADABLE, "Paytend's answer has no status that we know.", answer)


def _read_done(answer: Done, _payload: Payload, _reference: str) -> Outcome:
    match answer.status:
        case None | ChangeStatus.DONE:
            return _outcome(Result.EXECUTED, "Done at Paytend.", answer)
        case ChangeStatus.FAILED:
            return _outcome(Result.FAILED, answer.message or "Paytend says that it failed.", answer)
        case _:
            return _outcome(Result.UNKNOWN, "Paytend's answer has no status that we know.", answer)


def _read_found_card(answer: CardInfo, _payload: Payload, _reference: str) -> Finding:
    match answer.status:
        case CardStatus.ACTIVE:
            return _finding(Found.EXECUTED, "The card is active again.", answer)
        case CardStatus.LOST:
            return _finding(Found.NOT_FOUND, "The card is still reported lost.", answer)
        case _:
            return _finding(Found.UNREADABLE, "The card's status does not tell.", answer)


def _outcome(result: Result, words: str, answer: Answer, provider_reference: str | None = None) -> Outcome:
    return Outcome(
        result=result, words=words, provider_reference=provider_reference or "", answer=dict(answer.raw)
    )


def _finding(found: Found, words: str, answer: Answer, provider_reference: str | None = None) -> Finding:
    return Finding(found=found, words=words, provider_reference=provider_reference or "", answer=dict(answer.raw))


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action(
            name="card.top_up",
            title="Top-up",
            requesters=("support",),
            payload=TopUpPayload,
            usable=(CardStatus.ACTIVE,),
            call=lambda payload, reference: operations.TOP_UP(
                card_id=payload.card_id, reference=reference, money=payload.money
            ),
            question=lambda _payload, reference: operations.GET_TOP_UP_RESULT(reference=reference),
            read_answer=_read_top_up,
            read_question=_read_top_up_question,
        ),
        Action(
            name="card.found",
            title="Card found again",
            requesters=("support",),
            payload=Payload,
            usable=(CardStatus.LOST,),
            call=lambda payload, _reference: operations.CANCEL_LOSS(card_id=payload.card_id),
            question=lambda payload, _reference: operations.GET_CARD_INFO(card_id=payload.card_id),
            read_answer=_read_done,
            read_question=_read_found_card,
        ),
    )
}
