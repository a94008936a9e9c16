"""What single answers of Paytend say: the answer to a change, and to the question about it later. Pure.

Nothing is believed here: `answer_evidence.py` says what follows from it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from approvals.actions.outcomes import Reading, Said
from approvals.actions.payloads import (
    ActivatePayload,
    ApplyPayload,
    CardPayload,
    Payload,
    TopUpPayload,
    UpdatePayload,
)
from paytend.models import Answer, Cardholder, CardInfo, CardOrder, Done, RetrievedPassword, TopUp
from paytend.models.codes import ApplyStatus, CardStatus, ChangeStatus, TopUpStatus

A = TypeVar("A", bound=Answer)
P = TypeVar("P", bound=Payload)

_ODD = "Paytend's answer does not fit what was asked."
_NO_STATUS = "Paytend's answer has no status that we know."
_UNNAMED = "Paytend's answer does not name our reference."
_ANOTHER_CARD = "Paytend's answer is about another card."
_ANOTHER_HOLDER = "Paytend's answer is about another cardholder."


def _consistent(read: Callable[[A, P, str], Reading]) -> Callable[[A, P, str], Reading]:
    """Return the reader that reads nothing out of an answer which says two things of one field."""

    @wraps(read)
    def read_consistent(answer: A, payload: P, reference: str) -> Reading:
        if not answer.contradicting:
            return read(answer, payload, reference)
        # The names are ours; what they say may be personal.
        words = f"Paytend's answer contradicts itself: {' and '.join(answer.contradicting)} differ."
        kept = {} if isinstance(answer, Cardholder) else dict(answer.raw)
        return Reading(said=Said.CONTRADICTORY, words=words, answer=kept)

    return read_consistent


@_consistent
def read_top_up(answer: TopUp, payload: TopUpPayload, reference: str) -> Reading:
    """Return what the answer to a top-up says."""
    return _read_top_up(answer, payload, reference, unnamed=Said.DONE_UNNAMED, done="Completed.")


@_consistent
def read_top_up_lookup(answer: TopUp, payload: TopUpPayload, reference: str) -> Reading:
    """Return what getTopupResult says about a top-up."""
    if answer.reference is None:
        return make_reading(Said.UNNAMED, _UNNAMED, answer)
    return _read_top_up(answer, payload, reference, unnamed=Said.UNNAMED, done="Paytend confirmed it.")


def _read_top_up(answer: TopUp, payload: TopUpPayload, reference: str, *, unnamed: Said, done: str) -> Reading:
    if answer.reference not in (None, reference):
        return make_reading(Said.ANOTHER_ORDER, _ODD, answer)
    if other := _other_content(answer, payload):
        return make_reading(Said.ANOTHER_CONTENT, other, answer, answer.trade_id)
    match answer.status:
        case TopUpStatus.DONE:
            said = Said.DONE if answer.reference else unnamed
            return make_reading(said, done, answer, answer.trade_id)
        case TopUpStatus.FAILED:
            words = answer.message or "Paytend reported a failure."
            return make_reading(Said.FAILED, words, answer, answer.trade_id)
        case TopUpStatus.IN_PROGRESS:
            return make_reading(Said.IN_PROGRESS, "In progress at Paytend.", answer, answer.trade_id)
        case _:
            return make_reading(Said.NO_STATUS, _NO_STATUS, answer, answer.trade_id)


def _other_content(answer: TopUp, payload: TopUpPayload) -> str:
    """Return in which way an answer names another card, amount or currency; "" if it names none or ours."""
    if answer.card_id not in (None, payload.card_id):
        return f"{_ANOTHER_CARD} It names {answer.card_id}."
    if answer.currency is not None and answer.currency.upper() != payload.money.currency:
        return f"Paytend's answer names {answer.currency}, though {payload.money} was asked for."
    if answer.amount is not None and answer.amount != payload.money:
        return f"Paytend's answer names {answer.amount}, though {payload.money} was asked for."
    # Named, but not to be compared: it could be another amount.
    named = answer.raw.get("amount")
    if answer.amount is None and named is not None and str(named).strip():
        return f"Paytend's answer names an amount that cannot be compared with {payload.money}."
    return ""


@_consistent
def read_done(answer: Done, payload: Payload, _reference: str) -> Reading:
    """Return what the answer to a change without a result of its own says: success without a status is done."""
    if other := _other_subject(answer, payload):
        return make_reading(Said.ANOTHER_CONTENT, other, answer)
    match answer.status:
        # The predecessor API answered these with a status; whether this one does is not documented (a.2).
        case None | "" | ChangeStatus.DONE:
            return make_reading(Said.DONE, "Completed.", answer)
        case ChangeStatus.FAILED:
            return make_reading(Said.FAILED, answer.message or "Paytend reported a failure.", answer)
        case _:
            return make_reading(Said.NO_STATUS, _NO_STATUS, answer)


def _other_subject(answer: Done, payload: Payload) -> str:
    """Return in which way an answer names another card or cardholder; "" if it names none or ours."""
    if payload.cards and answer.card_id not in (None, *payload.cards):
        return f"{_ANOTHER_CARD} It names {answer.card_id}."
    if answer.new_card_id not in (None, payload.new_card):
        return f"{_ANOTHER_CARD} It names {answer.new_card_id}."
    if isinstance(payload, ActivatePayload) and answer.holder_id not in (None, payload.holder_id):
        return f"{_ANOTHER_HOLDER} It names {answer.holder_id}."
    return ""


@_consistent
def read_found_card(answer: CardInfo, payload: CardPayload, _reference: str) -> Reading:
    """Return whether a lost card is active again."""
    if answer.card_id not in (None, payload.card_id):
        return make_reading(Said.ANOTHER_CONTENT, _ANOTHER_CARD, answer)
    match answer.status:
        case CardStatus.ACTIVE:
            return make_reading(Said.DONE, "The card is active again.", answer)
        case CardStatus.LOST:
            return make_reading(Said.ABSENT, "The card is still reported lost.", answer)
        case _:
            return make_reading(Said.NO_STATUS, "The card’s status doesn’t say.", answer)


@_consistent
def read_activated_card(answer: CardInfo, payload: ActivatePayload, _reference: str) -> Reading:
    """Return whether a card is active now and belongs to the cardholder it was meant for."""
    if answer.card_id not in (None, payload.card_id):
        return make_reading(Said.ANOTHER_CONTENT, _ANOTHER_CARD, answer)
    match answer.status:
        case CardStatus.ACTIVE if answer.holder_id == payload.holder_id:
            return make_reading(Said.DONE, "The card is active and the cardholder's.", answer)
        case CardStatus.INACTIVE:
            return make_reading(Said.ABSENT, "The card is still inactive.", answer)
        case _:
            return make_reading(Said.NO_STATUS, "The card’s status doesn’t say.", answer)


def read_replaced(answer: Done, payload: Payload, reference: str) -> Reading:
    """Return what the answer to a replacement says, and what happens next."""
    read = read_done(answer, payload, reference)
    if read.said is not Said.DONE:
        return read
    words = "The old card is frozen; its balance moves to the new one within 24 hours."
    return make_reading(Said.DONE, words, answer)


def read_password(answer: RetrievedPassword, payload: Payload, reference: str) -> Reading:
    """Return what the answer to a password retrieval says; a secret in it is kept apart, in memory only."""
    read = read_done(answer, payload, reference)
    if read.said is not Said.DONE:
        return read
    if answer.secret is None:
        return make_reading(Said.DONE, "Paytend sends it to the cardholder; nobody here sees it.", answer)
    # Without the answer, which the row of the execution keeps: nothing of a secret is ever stored.
    words = "Only the requester can view it, once."
    return Reading(said=Said.DONE, words=words, secret=answer.secret)


@_consistent
def read_order(answer: CardOrder, payload: ApplyPayload, reference: str) -> Reading:
    """Return whether Paytend has the order; its result arrives later."""
    if answer.reference not in (None, reference):
        return make_reading(Said.ANOTHER_ORDER, _ODD, answer)
    if other := _other_order(answer, payload):
        return make_reading(Said.ANOTHER_CONTENT, other, answer, answer.reference)
    said = Said.DONE if answer.reference else Said.DONE_UNNAMED
    read = make_reading(said, _write_order(answer), answer, answer.reference)
    return replace(read, followed=not is_final(answer))


def _other_order(answer: CardOrder, payload: ApplyPayload) -> str:
    """Return in which way an answer names other cards than were ordered; "" if it names none or ours."""
    counted = max(answer.quantity or 0, len(answer.cards))
    if counted > payload.quantity or answer.quantity not in (None, payload.quantity):
        return f"Paytend's answer names {counted} cards, though {payload.quantity} were ordered."
    holders = {answer.holder_id, *(card.holder_id for card in answer.cards)} - {None, payload.holder_id}
    if payload.holder_id and holders:
        return f"{_ANOTHER_HOLDER} It names {', '.join(sorted(map(str, holders)))}."
    return ""


@_consistent
def read_order_lookup(answer: CardOrder, payload: ApplyPayload, reference: str) -> Reading:
    """Return whether Paytend knows the order; only an answer with our reference proves that."""
    if answer.reference is None:
        return make_reading(Said.UNNAMED, _UNNAMED, answer)
    return read_order(answer, payload, reference)


@_consistent
def read_updated(answer: Cardholder, payload: UpdatePayload, _reference: str) -> Reading:
    """Return whether the cardholder was changed: Paytend answers with the cardholder and the KYC state."""
    # Without the answer: it is personal data, and the trail keeps what it is given for ever.
    if answer.holder_id not in (None, payload.holder_id):
        return Reading(said=Said.ANOTHER_CONTENT, words=_ODD)
    match answer.change_status:
        case None | "" | ChangeStatus.DONE:
            pass
        case ChangeStatus.FAILED:
            return Reading(said=Said.FAILED, words="Paytend reported a failure.")
        case _:
            return Reading(said=Said.NO_STATUS, words=_NO_STATUS)
    kyc = f" KYC: {answer.audit_status.text}." if answer.audit_status else ""
    return Reading(said=Said.DONE, words=f"Completed.{kyc}")


@_consistent
def read_updated_lookup(answer: Cardholder, payload: UpdatePayload, _reference: str) -> Reading:
    """Return whether the cardholder now has the new values; an address is not in the answer."""
    if answer.holder_id is None:
        return Reading(said=Said.UNNAMED, words=_ODD)
    if answer.holder_id != payload.holder_id:
        return Reading(said=Said.ANOTHER_CONTENT, words=_ODD)
    # Paytend does not answer with the address, so nothing could be compared.
    if payload.address is not None:
        return Reading(said=Said.NO_STATUS, words="Paytend’s answer has no address.")
    birthday = payload.birthday.isoformat() if payload.birthday else None
    pairs = (
        (birthday, answer.birthday),
        (payload.gender, answer.gender),
        (payload.nationality, answer.nationality),
    )
    wanted = [(meant, said) for meant, said in pairs if meant is not None]
    if any(said is None for _, said in wanted):
        return Reading(said=Said.NO_STATUS, words="Paytend’s answer doesn’t say.")
    if all(meant == said for meant, said in wanted):
        return Reading(said=Said.DONE, words="The cardholder is as was asked for.")
    return Reading(said=Said.ABSENT, words="The cardholder is not as was asked for.")


def make_reading(said: Said, words: str, answer: Answer, provider_reference: str | None = None) -> Reading:
    """Return what an answer says, with Paytend's redacted answer."""
    return Reading(said=said, words=words, provider_reference=provider_reference or "", answer=dict(answer.raw))


def write_order_result(order: CardOrder) -> str:
    """Return the result of an order in words for people."""
    cards = ", ".join(card.card_id for card in order.cards[:20] if card.card_id)
    more = f", and {len(order.cards) - 20} more" if len(order.cards) > 20 else ""
    status = order.status.text if order.status and order.status.known else "without a status"
    said = f" Paytend says: {order.message}" if order.message else ""
    return f"The order is {status}." + (f" Cards: {cards}{more}." if cards else "") + said


def is_final(order: CardOrder) -> bool:
    """Whether an order has its result: its cards are named, or it failed with a reason."""
    # "2" is a failure at one reseller of Paytend and "waiting for shipment" at another (a.4): the message decides.
    return bool(order.cards) or order.status == ApplyStatus.DONE or (order.status == "2" and bool(order.message))


def _write_order(answer: CardOrder) -> str:
    if is_final(answer):
        return write_order_result(answer)
    return "Ordered at Paytend. We’ll post here when it ships."
