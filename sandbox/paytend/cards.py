"""The operations on single cards: activate, top up, lose, find, replace, look at."""

from typing import Any

from sandbox.paytend.amounts import check_currency, read_amount
from sandbox.paytend.books import Books
from sandbox.paytend.fields import Fields
from sandbox.paytend.funding import finish_later, finish_top_up, start_top_up
from sandbox.paytend.records import (
    AuditStatus,
    Card,
    CardStatus,
    Side,
    TradeStatus,
    TradeType,
    Transaction,
)
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.shown import accounts_shown, balances_shown, card_shown, top_up_shown
from sandbox.paytend.switches import Modes

_CHANGED = {"changeStatus": 1, "errMsg": ""}


def activate(books: Books, card: Card, *, holder_id: str) -> None:
    """Bind an approved cardholder to an inactive card and make it active."""
    if card.status is not CardStatus.INACTIVE:
        raise PaytendRefusal(Reason.CARD_STATUS)
    if card.holder_id not in {"", holder_id}:
        raise PaytendRefusal(Reason.CARD_OF_ANOTHER)
    if books.holder(holder_id).status is not AuditStatus.APPROVED:
        raise PaytendRefusal(Reason.HOLDER_NOT_APPROVED)
    card.holder_id, card.status, card.activated_at = holder_id, CardStatus.ACTIVE, books.now()


def active_card(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Activate a card for a cardholder."""
    activate(books, books.card(fields.text("cardId")), holder_id=fields.text("holderId"))
    return {"activeStatus": 1, "errMsg": ""}


def top_up(books: Books, fields: Fields, modes: Modes) -> dict[str, Any]:
    """Move money from the partner balance to a card, at once or (by a switch) later."""
    order_no = fields.order_no()
    card = books.card(fields.text("cardId"))
    currency = check_currency(fields.text("currency"))
    amount = read_amount(fields.text("amount"), currency=currency, unit=books.unit)
    started = start_top_up(books, order_no=order_no, card_id=card.card_id, currency=currency, amount=amount)
    if not modes.processing_top_ups:
        finish_top_up(books, order_no)
    elif modes.processing_seconds is not None:
        finish_later(books, order_no, seconds=modes.processing_seconds, done=not modes.processing_fails)
    return top_up_shown(books, started)


def get_top_up_result(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Tell what became of a top-up."""
    top_up = books.top_up(fields.text("orderNo"))
    if top_up.forgotten:
        raise PaytendRefusal(Reason.ORDER_UNKNOWN)
    return top_up_shown(books, top_up)


def lost_card(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Report an active card as lost."""
    books.card(fields.text("cardId"), status=CardStatus.ACTIVE).status = CardStatus.LOST
    return dict(_CHANGED)


def cancel_card_lost(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Make a lost card active again."""
    books.card(fields.text("cardId"), status=CardStatus.LOST).status = CardStatus.ACTIVE
    return dict(_CHANGED)


def retrieve_password(books: Books, fields: Fields, modes: Modes) -> dict[str, Any]:
    """Send the PIN to the holder, out of band: the answer carries it only when asked to leak it."""
    card = books.card(fields.text("cardId"), status=CardStatus.ACTIVE)
    books.password_retrievals.append(card.card_id)
    answer = {"retrieveStatus": 1, "errMsg": ""}
    return {**answer, "pin": card.pin} if modes.password_in_answer else answer


def replace_card(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Activate a new card with the old one's holder, move the balance to it and freeze the old one."""
    new, old = books.card(fields.text("cardId")), books.card(fields.text("oldCardId"))
    if old.status not in {CardStatus.ACTIVE, CardStatus.LOST} or not old.holder_id:
        raise PaytendRefusal(Reason.CARD_STATUS)
    if fields.has("cvv") and fields.text("cvv") != new.cvv:
        raise PaytendRefusal(Reason.CVV_WRONG)
    activate(books, new, holder_id=old.holder_id)
    old.status, old.replaced_by = CardStatus.FROZEN, new.card_id
    for currency in books.ledger.currencies(f"card:{old.card_id}"):
        _move_balance(books, old, new, currency=currency)
    return dict(_CHANGED)


def get_card_info(books: Books, fields: Fields, modes: Modes) -> dict[str, Any]:
    """Show a card."""
    card = books.card(fields.text("cardId"))
    return card_shown(books, card, full_number=modes.full_card_numbers)


def get_card_balance(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Show what is on a card."""
    card = books.card(fields.text("cardId"))
    return {"cardId": card.card_id, **balances_shown(books, card)}


def get_overdue_fee(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Show the monthly fees not paid; the same schema as a balance."""
    card = books.card(fields.text("cardId"))
    accounts = accounts_shown(books, {"EUR": card.overdue_fee})
    return {"cardId": card.card_id, "balance": accounts[0]["balance"], "accountList": accounts}


def _move_balance(books: Books, old: Card, new: Card, *, currency: str) -> None:
    amount = books.card_balance(old.card_id, currency)
    if not amount:
        return
    books.ledger.move(f"card:{old.card_id}", f"card:{new.card_id}", currency=currency, amount=amount)
    trade_id = books.new_trade_id()
    moves = ((old, TradeType.TRANSFER_OUT, -amount), (new, TradeType.TRANSFER_IN, amount))
    for card, trade_type, effect in moves:
        books.record(
            Transaction(
                trade_id=trade_id,
                card_id=card.card_id,
                side=Side.SETTLEMENT,
                trade_type=trade_type,
                status=TradeStatus.DONE,
                currency=currency,
                amount=amount,
                effect=effect,
                at=books.now(),
                merchant=f"Card {old.card_id} replaced by {new.card_id}",
            )
        )
