"""The books balance whatever happens, and are the same again under the same seed."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.paytend.agenda import Agenda
from sandbox.paytend.books import Books
from sandbox.paytend.events import Events
from sandbox.paytend.ledger import OUTSIDE, PARTNER, Ledger, Unbalanced
from sandbox.paytend.operations import BY_NAME
from sandbox.paytend.programme import seed_programme
from sandbox.paytend.records import CardStatus
from sandbox.paytend.refusals import PaytendRefusal
from sandbox.paytend.shown import card_shown, holder_shown, transaction_shown
from sandbox.paytend.switches import Modes
from tests.sandbox.paytend.conftest import NOON
from tests.sandbox.paytend.test_orders import BATCH, VIRTUAL


def seeded(seed: int = 1) -> tuple[Books, Clock]:
    clock = Clock(start=NOON)
    books = Books(now=clock.now, seed=seed)
    seed_programme(books)
    return books, clock


CARDS = st.sampled_from([str(1755902 + number) for number in range(16)])
ORDERS = st.sampled_from([f"ORDER0000000{number}" for number in range(6)])
AMOUNTS = st.one_of(st.integers(1, 20_000), st.integers(1, 3_000_000))
CURRENCIES = st.sampled_from(["EUR", "EUR", "USDT"])


def asked(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(dict(fields)))


STEPS = st.one_of(
    asked("topup", cardId=CARDS, orderNo=ORDERS, amount=AMOUNTS.map(str), currency=CURRENCIES),
    asked("activeCard", cardId=CARDS, holderId=st.sampled_from(["101982", "101983", "101986"])),
    asked("lostCard", cardId=CARDS),
    asked("cancelCardLost", cardId=CARDS),
    asked("replaceCard", cardId=CARDS, oldCardId=CARDS),
    asked(
        "applyCard",
        **{key: st.just(value) for key, value in BATCH.items() if key != "orderNo"},
        orderNo=ORDERS,
    ),
    asked(
        "applyCard",
        **{key: st.just(value) for key, value in VIRTUAL.items() if key != "orderNo"},
        orderNo=ORDERS,
    ),
    asked("purchase", card_id=CARDS, amount=AMOUNTS, currency=CURRENCIES),
    asked("authorise", card_id=CARDS, amount=AMOUNTS),
    asked("refund", card_id=CARDS, amount=AMOUNTS),
    asked("decline", card_id=CARDS, amount=AMOUNTS),
    asked("charge_fee", card_id=CARDS, amount=AMOUNTS),
    asked("fund", amount=AMOUNTS),
    asked("set_partner_balance", amount=AMOUNTS),
    asked("settle", trade=st.integers(0, 200)),
    asked("reverse", trade=st.integers(0, 200)),
    asked("finish_top_up", order_no=ORDERS, done=st.booleans()),
    asked("advance", seconds=st.integers(1, 400)),
    asked("processing", on=st.booleans(), fails=st.booleans()),
)


class Run:
    """Plays steps on seeded books and asks them to balance after each."""

    def __init__(self, seed: int = 1) -> None:
        self.books, self.clock = seeded(seed)
        self.modes = Modes(processing_seconds=50, ship_seconds=100)
        self.events = Events(self.books, clock=self.clock, tick=self.tick)
        self.done = 0

    def tick(self) -> None:
        self.books.agenda.run_due(self.clock.now())

    def play(self, name: str, facts: dict[str, Any]) -> None:
        try:
            if name in BY_NAME:
                BY_NAME[name].carry_out(self.books, facts, self.modes)
            else:
                self._happen(name, dict(facts))
            self.done += 1
        except PaytendRefusal:
            pass
        self.books.check()

    def _happen(self, name: str, facts: dict[str, Any]) -> None:
        if name == "processing":
            self.modes.processing_top_ups, self.modes.processing_fails = facts["on"], facts["fails"]
            return
        if "amount" in facts:
            facts["amount"] = f"{facts['amount'] // 100}.{facts['amount'] % 100:02d}"
        if "trade" in facts:
            lines = self.books.transactions
            facts = {"trade_id": lines[facts["trade"] % len(lines)].trade_id}
        getattr(self.events, name)(**facts)


@settings(suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, max_size=40))
def test_money_is_never_made_or_lost(steps: list[tuple[str, dict[str, Any]]]) -> None:
    run = Run()
    for name, facts in steps:
        run.play(name, facts)
    run.books.recount()
    executed = [top_up.order_no for top_up in run.books.top_ups]
    assert len(executed) == len(set(executed))


STORY: list[tuple[str, dict[str, Any]]] = [
    ("topup", {"cardId": "1755902", "orderNo": "ORDER00000001", "amount": "500", "currency": "EUR"}),
    ("applyCard", {**BATCH, "orderNo": "ORDER00000002"}),
    ("advance", {"seconds": 200}),
    ("purchase", {"card_id": "1755902", "amount": 1200}),
    ("replaceCard", {"cardId": "1755914", "oldCardId": "1755902"}),
]


def told(seed: int) -> str:
    run = Run(seed)
    for name, facts in STORY:
        run.play(name, facts)
    assert run.done == len(STORY)
    books = run.books
    return json.dumps(
        [
            [card_shown(books, card, full_number=True) for card in books.cards.values()],
            [holder_shown(holder) for holder in books.holders.values()],
            [transaction_shown(books, line) for line in books.transactions],
            [notice.content for notice in books.notices],
        ]
    )


def test_the_same_seed_tells_the_same_story() -> None:
    assert told(7) == told(7)
    assert told(7) != told(8)


def test_the_seeded_programme_is_what_the_demo_promises() -> None:
    books, _ = seeded()
    first = books.cards["1755902"]
    assert (first.status, first.holder_id, books.card_balance("1755902")) == (
        CardStatus.ACTIVE,
        "101982",
        6410,
    )
    assert books.partner_balances == {"EUR": 2_500_000, "USDT": 500_000_000}
    assert (len(books.cards), len(books.holders)) == (12, 8)
    states = {card.status for card in books.cards.values()}
    assert states >= {CardStatus.INACTIVE, CardStatus.LOST, CardStatus.FROZEN, CardStatus.CLOSED}
    assert {int(holder.status) for holder in books.holders.values()} == {0, 1, 2, 3, 4}
    assert min(line.at for line in books.transactions) < NOON - timedelta(days=20)
    assert max(line.at for line in books.transactions) < NOON
    assert not books.notices
    assert not books.top_ups
    books.recount()


def test_books_that_do_not_balance_are_noticed() -> None:
    books, _ = seeded()
    books.ledger._balances[PARTNER, "EUR"] += 1
    with pytest.raises(Unbalanced):
        books.check()


def test_money_that_moved_without_a_record_is_noticed() -> None:
    books, _ = seeded()
    books.ledger.move("card:1755902", "card:1755903", currency="EUR", amount=1)
    books.check()
    with pytest.raises(Unbalanced, match="history"):
        books.recount()
    books.ledger.move(PARTNER, "pocket", currency="EUR", amount=1)
    with pytest.raises(Unbalanced, match="paid in"):
        books.check()


def test_no_account_is_overdrawn() -> None:
    ledger = Ledger()
    ledger.move(OUTSIDE, PARTNER, currency="EUR", amount=5)
    for amount in (6, 0, -1):
        with pytest.raises(Unbalanced):
            ledger.move(PARTNER, "card:1", currency="EUR", amount=amount)
    ledger._balances[PARTNER, "EUR"] = -5
    ledger._balances[OUTSIDE, "EUR"] = 5
    with pytest.raises(Unbalanced, match="partner has"):
        ledger.check()
    with pytest.raises(Unbalanced, match="movements"):
        ledger.recount()


def test_the_agenda_keeps_the_order_of_equal_times() -> None:
    agenda, called = Agenda(), list[int]()
    for number in range(3):
        agenda.add(NOON, partial(called.append, number))
    agenda.add(NOON - timedelta(seconds=1), lambda: called.append(9))
    assert agenda.run_due(NOON - timedelta(seconds=2)) == 0
    assert agenda.run_due(NOON) == 4
    assert called == [9, 0, 1, 2]
