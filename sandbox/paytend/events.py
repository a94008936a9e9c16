"""What happens without the partner asking: merchants, auditors, shipments, money paid in, time.

Amounts here are decimal texts in major units ("12.50"), whatever unit the API speaks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.paytend import bookkeeping, funding, holders, orders, spending
from sandbox.paytend.amounts import check_currency, read_amount
from sandbox.paytend.bookkeeping import BookChange
from sandbox.paytend.books import Books
from sandbox.paytend.records import (
    ApplyStatus,
    AuditStatus,
    Card,
    CardStatus,
    Holder,
    Order,
    PartnerEntry,
    TopUp,
    Transaction,
)
from sandbox.paytend.refusals import PaytendRefusal, Reason

_SHOPS = (
    ("MAXIMA LT, X-123 VILNIUS", 185),
    ("RIMI ĒDNĪCA RĪGA", 112),
    ("BOLT.EU/O/2211 TALLINN", 74),
    ("DB Vertrieb GmbH", 59),
    ("CAFÉ L'ÉTOILE PARIS", 46),
)
_DECLINED_OF = 10


class Events:
    """Makes things happen in the books; each is checked, and reported by webhook where Paytend would."""

    def __init__(self, books: Books, *, clock: Clock, tick: Callable[[], None]) -> None:
        """Act on `books`; `tick` sends the webhooks."""
        self._books = books
        self._clock = clock
        self._tick = tick

    @contextmanager
    def _change(self) -> Iterator[Books]:
        with self._books.lock:
            yield self._books
            self._books.check()
        self._tick()

    def advance(self, seconds: float) -> datetime:
        """Move the clock and do what has become due."""
        moved = self._clock.advance(timedelta(seconds=seconds))
        self._tick()
        return moved

    def purchase(self, card_id: str, amount: str, *, merchant: str = "SHOP", **details: str) -> list[Transaction]:
        """Authorise and settle, or decline; `details`: currency, txn_currency, txn_amount."""
        with self._change() as books:
            return spending.purchase(books, _wanted(card_id, amount, merchant, **details))

    def authorise(self, card_id: str, amount: str, *, merchant: str = "SHOP", **details: str) -> Transaction:
        """Hold the money of a purchase, to be settled later."""
        with self._change() as books:
            return spending.authorise(books, _wanted(card_id, amount, merchant, **details))

    def settle(self, trade_id: str, *, in_half: bool = False) -> Transaction:
        """Settle what is left of an authorisation, or half of that."""
        with self._change() as books:
            return spending.settle(books, trade_id, in_half=in_half)

    def newest_authorisation(self) -> str:
        """Return the trade id of the newest authorisation that is not wholly settled."""
        with self._books.lock:
            return spending.newest_authorisation(self._books)

    def decline(self, card_id: str, amount: str, *, merchant: str = "SHOP", **details: str) -> Transaction:
        """Decline a purchase."""
        with self._change() as books:
            return spending.decline(books, _wanted(card_id, amount, merchant, **details))

    def refund(self, card_id: str, amount: str, *, merchant: str = "SHOP", **details: str) -> Transaction:
        """Bring money back to a card."""
        with self._change() as books:
            return spending.refund(books, _wanted(card_id, amount, merchant, **details))

    def reverse(self, trade_id: str) -> Transaction:
        """Reverse a purchase or an authorisation."""
        with self._change() as books:
            return spending.reverse(books, trade_id)

    def storm(self, count: int) -> list[Transaction]:
        """Use the active cards in turn, as fast as it goes: authorisations, every tenth one declined."""
        with self._change() as books:
            cards = [each.card_id for each in books.cards.values() if each.status is CardStatus.ACTIVE]
            made = []
            for number in range(count):
                shop, cents = _SHOPS[number % len(_SHOPS)]
                wanted = spending.Purchase(card_id=cards[number % len(cards)], amount=cents, merchant=shop)
                is_declined = number % _DECLINED_OF == _DECLINED_OF - 1
                act = spending.decline if is_declined else spending.authorise
                made.append(act(books, wanted))
            return made

    def change_books(self, change: str, amount: str = "7.00", *, currency: str = "EUR") -> PartnerEntry:
        """Make the partner's list another than what was asked for; see BookChange."""
        with self._change() as books:
            minor = read_amount(amount, currency=check_currency(currency), unit="major")
            return bookkeeping.change_books(books, BookChange(change), amount=minor, currency=currency)

    def newest_order(self) -> str:
        """Return the number of the newest order that is not shipped; raises PaytendRefusal when none waits."""
        with self._books.lock:
            waiting = [each for each in self._books.orders.values() if each.status is ApplyStatus.ACCEPTED]
            if not waiting:
                raise PaytendRefusal(Reason.ORDER_UNKNOWN)
            return waiting[-1].order_no

    def charge_fee(self, card_id: str, amount: str, *, remark: str = "Monthly fee") -> Transaction | None:
        """Take a fee in EUR; None when the card has too little and it became overdue."""
        with self._change() as books:
            minor = read_amount(amount, currency="EUR", unit="major")
            return spending.charge_fee(books, card_id=card_id, amount=minor, remark=remark)

    def audit(self, holder_id: str, status: int, *, error: str = "") -> Holder:
        """Decide about a cardholder: 2 approved, 3 rejected, 4 incomplete."""
        with self._change() as books:
            return holders.audit(books, holder_id, status=AuditStatus(status), error=error)

    def ship(self, order_no: str) -> Order:
        """Make the cards of an order."""
        with self._change() as books:
            return orders.ship(books, order_no)

    def fail_order(self, order_no: str, *, error: str = "Out of stock.") -> Order:
        """End an order without cards."""
        with self._change() as books:
            return orders.fail(books, order_no, error=error)

    def finish_top_up(self, order_no: str, *, done: bool = True) -> TopUp:
        """End a top-up that is under way."""
        with self._change() as books:
            return funding.finish_top_up(books, order_no, done=done)

    def take_back_top_up(self, order_no: str) -> TopUp:
        """Say that a top-up that was done failed after all."""
        with self._change() as books:
            return funding.take_back_top_up(books, order_no)

    def forget_top_up(self, order_no: str) -> TopUp:
        """Let getTopupResult not find a top-up any more."""
        with self._change() as books:
            top_up = books.top_up(order_no)
            top_up.forgotten = True
            return top_up

    def newest_top_up(self) -> str:
        """Return the number of the top-up that was asked for last; raises KeyError when there is none."""
        with self._change() as books:
            newest = max(books.all_top_ups.values(), key=lambda top_up: top_up.at, default=None)
        if newest is None:
            raise KeyError("no top-up")
        return newest.order_no

    def fund(self, amount: str, *, currency: str = "EUR") -> None:
        """Pay into the partner account."""
        with self._change() as books:
            minor = read_amount(amount, currency=check_currency(currency), unit="major")
            funding.fund(books, currency=currency, amount=minor)

    def set_partner_balance(self, amount: str, *, currency: str = "EUR") -> None:
        """Fund or drain until the partner balance is `amount`, which may be "0"."""
        with self._change() as books:
            check_currency(currency)
            empty = not amount.strip("0.")
            minor = 0 if empty else read_amount(amount, currency=currency, unit="major")
            funding.set_partner_balance(books, currency=currency, amount=minor)

    def set_card_status(self, card_id: str, status: int) -> Card:
        """Put a card into a state from outside: close, freeze, reactivate."""
        with self._change() as books:
            card = books.card(card_id)
            card.status = CardStatus(status)
            return card


def _wanted(
    card_id: str,
    amount: str,
    merchant: str,
    *,
    currency: str = "EUR",
    txn_currency: str = "",
    txn_amount: str = "",
) -> spending.Purchase:
    foreign = read_amount(txn_amount, currency=txn_currency, unit="major") if txn_amount else 0
    return spending.Purchase(
        card_id=card_id,
        amount=read_amount(amount, currency=check_currency(currency), unit="major"),
        merchant=merchant,
        currency=currency,
        txn_currency=txn_currency,
        txn_amount=foreign,
    )
