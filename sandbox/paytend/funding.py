"""Money of the partner: paid in, taken out, and sent to cards as top-ups. Amounts in minor units."""

from datetime import timedelta

from sandbox.paytend.amounts import fee_of
from sandbox.paytend.books import Books
from sandbox.paytend.ledger import FEES, OUTSIDE, PARTNER, TRANSIT
from sandbox.paytend.records import (
    CardStatus,
    PartnerEntry,
    Side,
    TopUp,
    TopUpStatus,
    TradeStatus,
    TradeType,
    Transaction,
)
from sandbox.paytend.refusals import PaytendRefusal, Reason


def fund(books: Books, *, currency: str, amount: int, remark: str = "Bank transfer") -> None:
    """Pay money into the partner account."""
    books.ledger.move(OUTSIDE, PARTNER, currency=currency, amount=amount)
    _enter(books, TradeType.TOP_UP, currency=currency, amount=amount, remark=remark)


def withdraw(books: Books, *, currency: str, amount: int) -> None:
    """Take money out of the partner account; refuses more than is there."""
    if amount > books.partner_balance(currency):
        raise PaytendRefusal(Reason.BALANCE_INSUFFICIENT)
    books.ledger.move(PARTNER, OUTSIDE, currency=currency, amount=amount)
    _enter(books, TradeType.WITHDRAWAL, currency=currency, amount=amount, remark="Withdrawal")


def set_partner_balance(books: Books, *, currency: str, amount: int) -> None:
    """Fund or withdraw until the partner balance is `amount`."""
    missing = amount - books.partner_balance(currency)
    if missing > 0:
        fund(books, currency=currency, amount=missing)
    elif missing < 0:
        withdraw(books, currency=currency, amount=-missing)


def start_top_up(books: Books, *, order_no: str, card_id: str, currency: str, amount: int) -> TopUp:
    """Take amount and fee from the partner balance and put them under way to an active card."""
    if books.order_no_used(order_no):
        raise PaytendRefusal(Reason.ORDER_REPEATED)
    books.card(card_id, status=CardStatus.ACTIVE)
    fee = fee_of(amount, currency=currency)
    if amount + fee > books.partner_balance(currency):
        raise PaytendRefusal(Reason.BALANCE_INSUFFICIENT)
    top_up = TopUp(
        order_no=order_no,
        trade_id=books.new_trade_id(),
        card_id=card_id,
        currency=currency,
        amount=amount,
        fee=fee,
        at=books.now(),
    )
    books.all_top_ups[order_no] = books.processing[order_no] = top_up
    books.ledger.move(PARTNER, TRANSIT, currency=currency, amount=amount + fee)
    return top_up


def finish_top_up(books: Books, order_no: str, *, done: bool = True, error: str = "Top-up failed.") -> TopUp:
    """Let a top-up that is under way arrive, or give its money back to the partner; once only."""
    top_up = books.top_up(order_no)
    if top_up.status is not TopUpStatus.PROCESSING:
        raise PaytendRefusal(Reason.ORDER_ENDED)
    del books.processing[order_no]
    currency, amount, fee = top_up.currency, top_up.amount, top_up.fee
    if not done:
        books.ledger.move(TRANSIT, PARTNER, currency=currency, amount=amount + fee)
        top_up.status, top_up.error = TopUpStatus.FAILED, error
        return top_up
    books.ledger.move(TRANSIT, f"card:{top_up.card_id}", currency=currency, amount=amount)
    books.ledger.move(TRANSIT, FEES, currency=currency, amount=fee)
    top_up.status = TopUpStatus.DONE
    books.top_ups.append(top_up)
    _enter(
        books,
        TradeType.TRANSFER_OUT,
        currency=currency,
        amount=amount,
        fee=fee,
        trade_id=top_up.trade_id,
        order_no=order_no,
        remark=f"Top-up of card {top_up.card_id}",
    )
    books.record(
        Transaction(
            trade_id=top_up.trade_id,
            card_id=top_up.card_id,
            side=Side.SETTLEMENT,
            trade_type=TradeType.TOP_UP,
            status=TradeStatus.DONE,
            currency=currency,
            amount=amount,
            fee=fee,
            effect=amount,
            at=books.now(),
            merchant="Top-up",
        )
    )
    return top_up


def take_back_top_up(books: Books, order_no: str, *, error: str = "Taken back.") -> TopUp:
    """Say that a top-up failed after all, and give its money back to the partner; refuses one that is not done."""
    top_up = books.top_up(order_no)
    currency, amount, fee = top_up.currency, top_up.amount, top_up.fee
    if top_up.status is not TopUpStatus.DONE or amount > books.card_balance(top_up.card_id, currency):
        raise PaytendRefusal(Reason.ORDER_ENDED)
    books.ledger.move(f"card:{top_up.card_id}", PARTNER, currency=currency, amount=amount)
    books.ledger.move(FEES, PARTNER, currency=currency, amount=fee)
    top_up.status, top_up.error = TopUpStatus.FAILED, error
    books.top_ups.remove(top_up)
    books.record(
        Transaction(
            trade_id=books.new_trade_id(),
            related_id=top_up.trade_id,
            card_id=top_up.card_id,
            side=Side.SETTLEMENT,
            trade_type=TradeType.TRANSFER_OUT,
            status=TradeStatus.REVERSAL,
            currency=currency,
            amount=amount,
            effect=-amount,
            at=books.now(),
            merchant="Top-up taken back",
        )
    )
    return top_up


def finish_later(books: Books, order_no: str, *, seconds: float, done: bool) -> None:
    """Put the end of a top-up on the agenda; one that has ended by then stays as it is."""

    def finish() -> None:
        if order_no in books.processing:
            finish_top_up(books, order_no, done=done)

    books.agenda.add(books.now() + timedelta(seconds=seconds), finish)


def _enter(
    books: Books,
    trade_type: TradeType,
    *,
    currency: str,
    amount: int,
    remark: str,
    fee: int = 0,
    trade_id: str = "",
    order_no: str = "",
) -> None:
    books.partner_entries.append(
        PartnerEntry(
            trade_id=trade_id or books.new_trade_id(),
            currency=currency,
            amount=amount,
            fee=fee,
            balance=books.partner_balance(currency),
            trade_type=trade_type,
            at=books.now(),
            order_no=order_no,
            remark=remark,
        )
    )
