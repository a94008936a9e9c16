"""The state of the stand-in: who holds which card, and where the money is. No I/O.

Time and randomness are arguments. Everything that changes the books takes `lock`; a test reads the dictionaries
and lists directly, or takes the lock to read several of them at once.
"""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sandbox.paytend.agenda import Agenda
from sandbox.paytend.amounts import PRECISION, Unit
from sandbox.paytend.ledger import FEES, OUTSIDE, PARTNER, SPENT, Ledger, Unbalanced
from sandbox.paytend.records import (
    Card,
    CardStatus,
    Holder,
    Notice,
    Order,
    PartnerEntry,
    TopUp,
    Transaction,
)
from sandbox.paytend.refusals import PaytendRefusal, Reason

_BIN = "533711"
FIRST_CARD_ID = 1755902
FIRST_HOLDER_ID = 101982


class Books:
    """Cards, cardholders, orders, top-ups, transactions and the ledger behind them."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        seed: int = 1,
        unit: Unit = "minor",
        zone: tzinfo | None = None,
    ) -> None:
        """Open empty books; `now` returns the time (UTC), `zone` is that of dates in answers (Vilnius)."""
        self.lock = threading.RLock()
        self.ledger = Ledger()
        self.agenda = Agenda()
        self.unit: Unit = unit
        self.zone = zone or ZoneInfo("Europe/Vilnius")
        self.holders: dict[str, Holder] = {}
        self.cards: dict[str, Card] = {}
        self.orders: dict[str, Order] = {}
        self.all_top_ups: dict[str, TopUp] = {}
        self.top_ups: list[TopUp] = []
        """The executed ones, in the order they were done; without the seeded history."""
        self.processing: dict[str, TopUp] = {}
        self.transactions: list[Transaction] = []
        self.by_card: dict[str, list[Transaction]] = defaultdict(list)
        self.partner_entries: list[PartnerEntry] = []
        self.password_retrievals: list[str] = []
        self.notices: list[Notice] = []
        self.random = random.Random(seed)
        self._now = now
        self._pretended: datetime | None = None
        self._trades = 0

    # Time and identifiers

    def now(self) -> datetime:
        """Return the time in UTC."""
        return self._pretended or self._now()

    @contextmanager
    def pretending(self, moment: datetime) -> Iterator[None]:
        """Write history: within this block it is `moment`."""
        self._pretended = moment
        try:
            yield
        finally:
            self._pretended = None

    def new_card_id(self) -> str:
        """Return the next number of a card."""
        return str(FIRST_CARD_ID + len(self.cards))

    def new_holder_id(self) -> str:
        """Return the next number of a cardholder."""
        return str(FIRST_HOLDER_ID + len(self.holders))

    def new_trade_id(self) -> str:
        """Return a fresh 20-digit id: a date and a counter."""
        self._trades += 1
        return f"{self.now():%Y%m%d}{self._trades:012d}"

    def add_card(self, *, card_type: str, sku: str, holder_id: str = "") -> Card:
        """Make an inactive card with a number that passes Luhn, and return it."""
        digits = _BIN + f"{self.random.randrange(10**9):09d}"
        card = Card(
            card_id=self.new_card_id(),
            number=digits + _luhn_digit(digits),
            cvv=f"{self.random.randrange(1000):03d}",
            expiry=f"{self.now():%m}/{(self.now().year + 4) % 100:02d}",
            card_type=card_type,
            sku=sku,
            holder_id=holder_id,
        )
        self.cards[card.card_id] = card
        return card

    # Looking up

    def card(self, card_id: str, *, status: CardStatus | None = None) -> Card:
        """Return a card, or refuse when there is none or its status is another one."""
        if card_id not in self.cards:
            raise PaytendRefusal(Reason.CARD_UNKNOWN)
        card = self.cards[card_id]
        if status is not None and card.status is not status:
            raise PaytendRefusal(Reason.CARD_STATUS)
        return card

    def holder(self, holder_id: str) -> Holder:
        """Return a cardholder, or refuse."""
        if holder_id not in self.holders:
            raise PaytendRefusal(Reason.HOLDER_UNKNOWN)
        return self.holders[holder_id]

    def order(self, order_no: str) -> Order:
        """Return an order of cards, or refuse."""
        if order_no not in self.orders:
            raise PaytendRefusal(Reason.ORDER_UNKNOWN)
        return self.orders[order_no]

    def top_up(self, order_no: str) -> TopUp:
        """Return a top-up in whatever state, or refuse."""
        if order_no not in self.all_top_ups:
            raise PaytendRefusal(Reason.ORDER_UNKNOWN)
        return self.all_top_ups[order_no]

    def order_no_used(self, order_no: str) -> bool:
        """Tell whether an order of cards or a top-up has this number."""
        return order_no in self.orders or order_no in self.all_top_ups

    # Money

    def partner_balance(self, currency: str) -> int:
        """Return what the partner can still spend, in minor units."""
        return self.ledger.balance(PARTNER, currency=currency)

    @property
    def partner_balances(self) -> dict[str, int]:
        """The partner balance of every currency, in minor units."""
        return {currency: self.partner_balance(currency) for currency in PRECISION}

    def card_balance(self, card_id: str, currency: str = "EUR") -> int:
        """Return the available balance of a card, in minor units."""
        return self.ledger.balance(f"card:{card_id}", currency=currency)

    def held(self, card_id: str, currency: str = "EUR") -> int:
        """Return the amount that is authorised and not yet settled, in minor units."""
        return self.ledger.balance(f"held:{card_id}", currency=currency)

    def paid_in(self, currency: str) -> int:
        """Return the money that came into the partner account less what was taken out, in minor units."""
        return -self.ledger.balance(OUTSIDE, currency=currency)

    def record(self, transaction: Transaction) -> Transaction:
        """Write a line of a card's history and return it."""
        self.transactions.append(transaction)
        self.by_card[transaction.card_id].append(transaction)
        return transaction

    def totals(self, currency: str) -> dict[str, int]:
        """Return where the money of a currency is: partner, cards, held, in transit, fees, spent."""
        ledger = self.ledger
        return {
            "partner": ledger.balance(PARTNER, currency=currency),
            "cards": sum(self.card_balance(card_id, currency) for card_id in self.cards),
            "held": sum(self.held(card_id, currency) for card_id in self.cards),
            "in transit": sum(
                top_up.amount + top_up.fee for top_up in self.processing.values() if top_up.currency == currency
            ),
            "fees": ledger.balance(FEES, currency=currency),
            "spent": ledger.balance(SPENT, currency=currency),
        }

    def check(self) -> None:
        """Raise Unbalanced unless what was paid in is what partner, cards, fees and merchants have."""
        with self.lock:
            self.ledger.check()
            for currency in PRECISION:
                totals = self.totals(currency)
                if sum(totals.values()) != self.paid_in(currency):
                    raise Unbalanced(f"{currency}: {self.paid_in(currency)} paid in, {totals}")

    def recount(self) -> None:
        """Do `check`, and recompute all accounts from the movements and all cards from their histories."""
        with self.lock:
            self.check()
            self.ledger.recount()
            for card_id in self.cards:
                for currency in PRECISION:
                    lines = [line for line in self.by_card[card_id] if line.currency == currency]
                    if sum(line.effect for line in lines) != self.card_balance(card_id, currency):
                        raise Unbalanced(f"the history of {card_id} is not its balance in {currency}")


def _luhn_digit(digits: str) -> str:
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)
