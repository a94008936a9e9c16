"""What happens to a card at merchants: authorised, settled, declined, refunded, reversed; monthly fees.

The API has no calls for these: the control address and the tests make them happen, and webhook 1 reports each.
An authorisation reserves the money (side A), its settlement spends it (side S, same trade id).
Amounts in minor units.
"""

from dataclasses import dataclass

from sandbox.paytend.books import Books
from sandbox.paytend.ledger import FEES, SPENT
from sandbox.paytend.records import CardStatus, Notice, Side, TradeStatus, TradeType, Transaction
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.shown import transaction_shown


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What a merchant wants; `txn_currency` and `txn_amount` when it charges in another currency."""

    card_id: str
    amount: int
    merchant: str
    currency: str = "EUR"
    txn_currency: str = ""
    txn_amount: int = 0


def authorise(books: Books, purchase: Purchase) -> Transaction:
    """Hold the money of a purchase; declines when the card is not active or has too little."""
    card = books.card(purchase.card_id)
    if (
        card.status is not CardStatus.ACTIVE
        or books.card_balance(card.card_id, purchase.currency) < purchase.amount
    ):
        return decline(books, purchase)
    _move(books, purchase.card_id, purchase.currency, purchase.amount, path=("card", "held"))
    return _authorisation(books, purchase, status=TradeStatus.DONE, effect=-purchase.amount)


def decline(books: Books, purchase: Purchase) -> Transaction:
    """Write an authorisation that was declined: nothing moves, status 6, and no reason is given."""
    books.card(purchase.card_id)
    return _authorisation(books, purchase, status=TradeStatus.DECLINED, effect=0)


def settle(books: Books, trade_id: str, *, in_half: bool = False) -> Transaction:
    """Spend what is left of an authorisation, or half of that; refuses where nothing is left."""
    held = _line(books, trade_id, side=Side.AUTHORISATION)
    left = _left(books, held)
    if not left:
        raise PaytendRefusal(Reason.TRADE_UNKNOWN)
    amount = (left + 1) // 2 if in_half else left
    _move(books, held.card_id, held.currency, amount, path=("held", SPENT))
    line = _copied(books, held, Side.SETTLEMENT, TradeType.PAYMENT, TradeStatus.DONE, effect=0)
    line.amount = amount
    return _told(books, line)


def newest_authorisation(books: Books) -> str:
    """Return the trade id of the newest authorisation of which something is left; refuses when there is none."""
    for line in reversed(books.transactions):
        if line.side is Side.AUTHORISATION and _left(books, line):
            return line.trade_id
    raise PaytendRefusal(Reason.TRADE_UNKNOWN)


def _left(books: Books, held: Transaction) -> int:
    if held.status is not TradeStatus.DONE or held.trade_type is not TradeType.AUTHORISATION:
        return 0
    return held.amount - sum(line.amount for line in _lines(books, held.trade_id, side=Side.SETTLEMENT))


def purchase(books: Books, wanted: Purchase) -> list[Transaction]:
    """Authorise and at once settle; returns one line when it was declined, else two."""
    authorised = authorise(books, wanted)
    if authorised.status is not TradeStatus.DONE:
        return [authorised]
    return [authorised, settle(books, authorised.trade_id)]


def refund(books: Books, wanted: Purchase, *, related_id: str = "") -> Transaction:
    """Bring money back from a merchant to a card: side S, status 10."""
    books.card(wanted.card_id)
    books.ledger.move(SPENT, f"card:{wanted.card_id}", currency=wanted.currency, amount=wanted.amount)
    line = _new(books, wanted, Side.SETTLEMENT, TradeType.PAYMENT, TradeStatus.REFUND, effect=wanted.amount)
    line.related_id = related_id
    return _told(books, line)


def reverse(books: Books, trade_id: str) -> Transaction:
    """Undo a purchase, settled or authorised: its line becomes "reversed", a webhook reports a "reversal"."""
    settled = _lines(books, trade_id, side=Side.SETTLEMENT)
    line = settled[0] if settled else _line(books, trade_id, side=Side.AUTHORISATION)
    purchases = (TradeType.PAYMENT, TradeType.AUTHORISATION)
    if line.status is not TradeStatus.DONE or line.trade_type not in purchases:
        raise PaytendRefusal(Reason.TRADE_UNKNOWN)
    source = SPENT if settled else "held"
    _move(books, line.card_id, line.currency, line.amount, path=(source, "card"))
    line.status = TradeStatus.REVERSED
    reversal = _copied(books, line, line.side, line.trade_type, TradeStatus.REVERSAL, effect=line.amount)
    reversal.trade_id, reversal.related_id = books.new_trade_id(), trade_id
    return _told(books, reversal)


def charge_fee(books: Books, *, card_id: str, amount: int, remark: str = "Monthly fee") -> Transaction | None:
    """Take a fee in EUR from a card; if the card has too little, it becomes overdue and no webhook is sent."""
    card = books.card(card_id)
    if books.card_balance(card_id) < amount:
        card.overdue_fee += amount
        return None
    books.ledger.move(f"card:{card_id}", FEES, currency="EUR", amount=amount)
    charged = Purchase(card_id=card_id, amount=amount, merchant=remark)
    return _told(books, _new(books, charged, Side.SETTLEMENT, TradeType.FEE, TradeStatus.DONE, effect=-amount))


def _account(name: str, card_id: str) -> str:
    return f"{name}:{card_id}" if name in {"card", "held"} else name


def _move(books: Books, card_id: str, currency: str, amount: int, *, path: tuple[str, str]) -> None:
    source, target = (_account(name, card_id) for name in path)
    books.ledger.move(source, target, currency=currency, amount=amount)


def _lines(books: Books, trade_id: str, *, side: Side) -> list[Transaction]:
    return [line for line in books.transactions if line.trade_id == trade_id and line.side is side]


def _line(books: Books, trade_id: str, *, side: Side) -> Transaction:
    found = _lines(books, trade_id, side=side)
    if not found:
        raise PaytendRefusal(Reason.TRADE_UNKNOWN)
    return found[0]


def _authorisation(books: Books, wanted: Purchase, *, status: TradeStatus, effect: int) -> Transaction:
    line = _new(books, wanted, Side.AUTHORISATION, TradeType.AUTHORISATION, status, effect=effect)
    line.auth_code = f"{books.random.randrange(10**6):06d}"
    return _told(books, line)


def _new(
    books: Books, wanted: Purchase, side: Side, trade_type: TradeType, status: TradeStatus, *, effect: int
) -> Transaction:
    return Transaction(
        trade_id=books.new_trade_id(),
        card_id=wanted.card_id,
        side=side,
        trade_type=trade_type,
        status=status,
        currency=wanted.currency,
        amount=wanted.amount,
        effect=effect,
        at=books.now(),
        txn_currency=wanted.txn_currency,
        txn_amount=wanted.txn_amount,
        merchant=wanted.merchant[:200],
    )


def _copied(
    books: Books, line: Transaction, side: Side, trade_type: TradeType, status: TradeStatus, *, effect: int
) -> Transaction:
    return Transaction(
        trade_id=line.trade_id,
        card_id=line.card_id,
        side=side,
        trade_type=trade_type,
        status=status,
        currency=line.currency,
        amount=line.amount,
        effect=effect,
        at=books.now(),
        txn_currency=line.txn_currency,
        txn_amount=line.txn_amount,
        auth_code=line.auth_code,
        merchant=line.merchant,
    )


def _told(books: Books, line: Transaction) -> Transaction:
    books.record(line)
    books.notices.append(Notice(kind="1", content=transaction_shown(books, line)))
    return line
