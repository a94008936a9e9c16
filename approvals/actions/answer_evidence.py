"""What Paytend's answers prove: the answer to a change, and the answer to a later lookup. Pure."""

from dataclasses import replace

from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Result
from approvals.actions.payloads import ActivatePayload, ApplyPayload, Payload, TopUpPayload, UpdatePayload
from paytend.models import Answer, Cardholder, CardInfo, CardOrder, Done, RetrievedPassword, TopUp
from paytend.models.codes import ApplyStatus, CardStatus, ChangeStatus, TopUpStatus

_ODD = "Paytend's answer does not fit what was asked."
_NO_STATUS = "Paytend's answer has no status that we know."


def read_top_up(answer: TopUp, payload: TopUpPayload, reference: str) -> Outcome:
    """Return what the answer to a top-up says."""
    if _contradicts(answer, payload, reference):
        return make_outcome(Result.UNKNOWN, _ODD, answer)
    match answer.status:
        case TopUpStatus.DONE:
            words = f"Done at Paytend.{_other_amount(answer, payload)}"
            return make_outcome(Result.EXECUTED, words, answer, answer.trade_id)
        case TopUpStatus.FAILED:
            words = answer.message or "Paytend says that it failed."
            return make_outcome(Result.FAILED, words, answer, answer.trade_id)
        case TopUpStatus.IN_PROGRESS:
            # Not executed: it may still fail, and lookups follow only what is unknown.
            return make_outcome(Result.UNKNOWN, "In progress at Paytend.", answer, answer.trade_id)
        case _:
            return make_outcome(Result.UNKNOWN, _NO_STATUS, answer, answer.trade_id)


def read_top_up_lookup(answer: TopUp, payload: TopUpPayload, reference: str) -> LookupResult:
    """Return what getTopupResult says about a top-up."""
    if _contradicts(answer, payload, reference):
        return make_lookup_result(LookupStatus.UNREADABLE, _ODD, answer)
    match answer.status:
        case TopUpStatus.DONE:
            words = f"Paytend says that it was done.{_other_amount(answer, payload)}"
            return make_lookup_result(LookupStatus.EXECUTED, words, answer, answer.trade_id)
        case TopUpStatus.FAILED:
            words = answer.message or "Paytend says that it failed."
            return make_lookup_result(LookupStatus.FAILED, words, answer, answer.trade_id)
        case TopUpStatus.IN_PROGRESS:
            return make_lookup_result(LookupStatus.IN_PROGRESS, "In progress at Paytend.", answer, answer.trade_id)
        case _:
            return make_lookup_result(LookupStatus.UNREADABLE, _NO_STATUS, answer)


def read_done(answer: Done, _payload: Payload, _reference: str) -> Outcome:
    """Return what the answer to a change without a result of its own says: success without a status is done."""
    match answer.status:
        # The predecessor API answered these with a status; whether this one does is not documented (a.2).
        case None | ChangeStatus.DONE:
            return make_outcome(Result.EXECUTED, "Done at Paytend.", answer)
        case ChangeStatus.FAILED:
            return make_outcome(Result.FAILED, answer.message or "Paytend says that it failed.", answer)
        case _:
            return make_outcome(Result.UNKNOWN, _NO_STATUS, answer)


def read_found_card(answer: CardInfo, _payload: Payload, _reference: str) -> LookupResult:
    """Return whether a lost card is active again."""
    match answer.status:
        case CardStatus.ACTIVE:
            return make_lookup_result(LookupStatus.EXECUTED, "The card is active again.", answer)
        case CardStatus.LOST:
            return make_lookup_result(LookupStatus.NOT_FOUND, "The card is still reported lost.", answer)
        case _:
            return make_lookup_result(LookupStatus.UNREADABLE, "The card's status does not tell.", answer)


def read_activated_card(answer: CardInfo, payload: ActivatePayload, _reference: str) -> LookupResult:
    """Return whether a card is active now and belongs to the cardholder it was meant for."""
    match answer.status:
        case CardStatus.ACTIVE if answer.holder_id == payload.holder_id:
            return make_lookup_result(LookupStatus.EXECUTED, "The card is active and the cardholder's.", answer)
        case CardStatus.INACTIVE:
            return make_lookup_result(LookupStatus.NOT_FOUND, "The card is still inactive.", answer)
        case _:
            return make_lookup_result(LookupStatus.UNREADABLE, "The card's status does not tell.", answer)


def read_replaced(answer: Done, payload: Payload, reference: str) -> Outcome:
    """Return what the answer to a replacement says, and what happens next."""
    read = read_done(answer, payload, reference)
    if read.result is not Result.EXECUTED:
        return read
    words = "Done at Paytend. The old card is frozen; its balance moves to the new one within 24 hours."
    return make_outcome(Result.EXECUTED, words, answer)


def read_password(answer: RetrievedPassword, payload: Payload, reference: str) -> Outcome:
    """Return what the answer to a password retrieval says; a secret in it is kept apart, in memory only."""
    read = read_done(answer, payload, reference)
    if read.result is not Result.EXECUTED:
        return read
    if answer.secret is None:
        return make_outcome(
            Result.EXECUTED, "Done. Paytend sends it to the cardholder; nobody here sees it.", answer
        )
    words = "Done. Paytend answered with a secret, which only the requester can see, once."
    return Outcome(result=Result.EXECUTED, words=words, secret=answer.secret)


def read_order(answer: CardOrder, _payload: ApplyPayload, reference: str) -> Outcome:
    """Return whether Paytend has the order; its result arrives later."""
    if answer.reference is not None and answer.reference != reference:
        return make_outcome(Result.UNKNOWN, _ODD, answer)
    said = make_outcome(Result.EXECUTED, _write_order(answer), answer, answer.reference)
    return replace(said, followed=not is_final(answer))


def read_order_lookup(answer: CardOrder, _payload: ApplyPayload, reference: str) -> LookupResult:
    """Return whether Paytend knows the order; only an answer with our reference proves that."""
    if answer.reference != reference:
        return make_lookup_result(LookupStatus.UNREADABLE, _ODD, answer)
    said = make_lookup_result(LookupStatus.EXECUTED, _write_order(answer), answer, answer.reference)
    return replace(said, followed=not is_final(answer))


def read_updated(answer: Cardholder, payload: UpdatePayload, _reference: str) -> Outcome:
    """Return whether the cardholder was changed: Paytend answers with the cardholder and the KYC state."""
    if answer.holder_id is not None and answer.holder_id != payload.holder_id:
        return make_outcome(Result.UNKNOWN, _ODD, answer)
    kyc = f" KYC: {answer.audit_status.text}." if answer.audit_status else ""
    # Without the answer: it is personal data, and the trail keeps what it is given for ever.
    return Outcome(result=Result.EXECUTED, words=f"Done at Paytend.{kyc}")


def read_updated_lookup(answer: Cardholder, payload: UpdatePayload, _reference: str) -> LookupResult:
    """Return whether the cardholder now has the new values; an address is not in the answer."""
    if answer.holder_id != payload.holder_id:
        return LookupResult(status=LookupStatus.UNREADABLE, words=_ODD)
    # Paytend does not answer with the address, so nothing could be compared.
    if payload.address is not None:
        return LookupResult(
            status=LookupStatus.UNREADABLE, words="Paytend's answer does not tell about the address."
        )
    birthday = payload.birthday.isoformat() if payload.birthday else None
    pairs = (
        (birthday, answer.birthday),
        (payload.gender, answer.gender),
        (payload.nationality, answer.nationality),
    )
    wanted = [(meant, said) for meant, said in pairs if meant is not None]
    if any(said is None for _, said in wanted):
        return LookupResult(status=LookupStatus.UNREADABLE, words="Paytend's answer does not tell.")
    if all(meant == said for meant, said in wanted):
        return LookupResult(status=LookupStatus.EXECUTED, words="The cardholder is as was asked for.")
    return LookupResult(status=LookupStatus.NOT_FOUND, words="The cardholder is not as was asked for.")


def make_outcome(result: Result, words: str, answer: Answer, provider_reference: str | None = None) -> Outcome:
    """Return an outcome, with Paytend's redacted answer."""
    return Outcome(
        result=result, words=words, provider_reference=provider_reference or "", answer=dict(answer.raw)
    )


def make_lookup_result(
    status: LookupStatus, words: str, answer: Answer, provider_reference: str | None = None
) -> LookupResult:
    """Return the result of a lookup, with Paytend's redacted answer."""
    return LookupResult(
        status=status, words=words, provider_reference=provider_reference or "", answer=dict(answer.raw)
    )


def write_order_result(order: CardOrder) -> str:
    """Return the result of an order in words for people."""
    cards = ", ".join(card.card_id for card in order.cards[:20] if card.card_id)
    more = f", and {len(order.cards) - 20} more" if len(order.cards) > 20 else ""
    status = f"{order.status.text} ({order.status})" if order.status and order.status.known else "not told"
    said = f" Paytend says: {order.message}" if order.message else ""
    return f"The order is {status}." + (f" Cards: {cards}{more}." if cards else "") + said


def is_final(order: CardOrder) -> bool:
    """Whether an order has its result: its cards are named, or it failed with a reason."""
    # "2" is a failure at one reseller of Paytend and "waiting for shipment" at another (a.4): the message decides.
    return bool(order.cards) or order.status == ApplyStatus.DONE or (order.status == "2" and bool(order.message))


def _write_order(answer: CardOrder) -> str:
    if is_final(answer):
        return write_order_result(answer)
    return "Paytend has the order. Its result is told here when it arrives."


def _contradicts(answer: TopUp, payload: TopUpPayload, reference: str) -> bool:
    """Whether an answer is about another top-up than the one that was asked for."""
    # A field that is missing does not contradict: some answers leave them out.
    said_and_meant = ((answer.reference, reference), (answer.card_id, payload.card_id))
    return any(said is not None and said != meant for said, meant in said_and_meant)


def _other_amount(answer: TopUp, payload: TopUpPayload) -> str:
    """Return a warning if Paytend names another amount. It may include the fee: the provider does not say."""
    if answer.amount is None or answer.amount == payload.money:
        return ""
    return f" It names {answer.amount}, though {payload.money} was asked for: please compare."
