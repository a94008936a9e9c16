"""The search for webhooks that never came: pages, currencies, dates, turns, and what it says it does not cover."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.jobs.missed_webhooks import CALLS_IN_A_RUN, MissedWebhookFinder, count_coverage, watch
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.tables import InboxEvent, Watched, WatchedKind
from paytend import AmountUnit, Call, Refused, Unreachable
from paytend.models import Answer
from storage.vault import Vault
from tests.notifier.conftest import START, Clock, Ids

T = TypeVar("T", bound=Answer)
VILNIUS = ZoneInfo("Europe/Vilnius")


@dataclass
class Paytend:
    """Lists of movements by card and currency, in pages; `pages_of` is the most that it gives at once."""

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    pages_of: int = 30
    says_total: bool = True
    total: int | None = None
    """What it says instead of the right total."""
    troubles: dict[str, Exception] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def send(self, call: Call[T]) -> T:
        values = dict(call.values)
        self.asked.append(values)
        if trouble := self.troubles.get(values["card_id"]):
            raise trouble
        authorised = call.operation.name == "getAuthorizationTransactions"
        rows = self.rows.get((values["card_id"], values["currency"]), []) if authorised else []
        page = rows[values["start"] :][: min(self.pages_of, values["size"])]
        told = {"tradeList": page} | ({"total": self.total or len(rows)} if self.says_total else {})
        return call.operation.answer.decode(told, unit=AmountUnit.MINOR)


@dataclass(kw_only=True)
class Search:
    """A finder over a database, with a Paytend and a clock."""

    database: SqlDatabase
    paytend: Paytend
    clock: Clock
    finder: MissedWebhookFinder

    def watches(self, *cards: str) -> None:
        with self.database.writing() as session:
            for card in cards:
                watch(session, WatchedKind.CARD, card, since=self.clock.now, now=self.clock.now)

    def found(self) -> int:
        self.clock.passes(minutes=30)
        with self.database.writing() as session:  # the cards stay in use
            for row in session.exec(select(Watched)):
                row.seen_at = self.clock.now
        return self.finder.find()


def movement(number: int, *, at: str = "2026-11-22 12:05:00", **changes: Any) -> dict[str, Any]:
    row = {"tradeId": f"T{number}", "tradeStatus": 6, "tradeSrc": "A", "amount": "100", "currency": "EUR"}
    return {**row, "businessDate": at, "tradeType": 151, **changes}


@pytest.fixture
def search(sqlite: SqlDatabase) -> Iterator[Search]:
    clock, paytend = Clock(START), Paytend()
    intake = GroupCommit(sqlite)
    finder = MissedWebhookFinder(
        database=sqlite,
        paytend=paytend,
        intake=intake,
        vault=Vault([b"k" * 32], random_bytes=secrets.token_bytes),
        make_id=Ids(),
        unit=AmountUnit.MINOR,
        currencies=("EUR", "USDT"),
        timezone=VILNIUS,
        now_in=clock,
        wake_dispatcher=lambda: None,
    )
    yield Search(database=sqlite, paytend=paytend, clock=clock, finder=finder)
    intake.stop()


@pytest.mark.parametrize(("pages_of", "says_total"), [(30, True), (30, False), (10, False)])
def test_n15_all_pages_are_read(search: Search, pages_of: int, says_total: bool) -> None:
    search.paytend.rows["1755902", "EUR"] = [movement(number) for number in range(45)]
    search.paytend.pages_of, search.paytend.says_total = pages_of, says_total
    search.watches("1755902")

    assert search.found() == 45


def test_n15_a_total_that_counts_one_page_ends_nothing_early(search: Search) -> None:
    search.paytend.rows["1755902", "EUR"] = [movement(number) for number in range(45)]
    search.paytend.total = 30
    search.watches("1755902")

    assert search.found() == 45


def test_n15_every_configured_currency_is_asked(search: Search) -> None:
    search.paytend.rows["1755902", "USDT"] = [movement(1, currency="USDT", amount="1000000")]
    search.watches("1755902")

    assert search.found() == 1


@pytest.mark.parametrize("at", ["2026-11-21", "20261121", "2026/11/21", "21.11.2026"])
def test_n15_a_date_without_a_time_is_found_when_its_day_is_over(search: Search, at: str) -> None:
    search.paytend.rows["1755902", "EUR"] = [movement(1, at=at)]
    search.clock.now = datetime(2026, 11, 21, 20, tzinfo=UTC)  # 22:00 in Vilnius
    search.watches("1755902")
    assert search.found() == 0, "its webhook may still come"

    search.clock.now = datetime(2026, 11, 21, 22, tzinfo=UTC)

    assert search.found() == 1


def test_n15_what_happened_while_nobody_could_look_is_found_afterwards(search: Search) -> None:
    search.watches("1755902")
    search.found()
    search.paytend.troubles["1755902"] = Unreachable("down")
    search.clock.passes(days=1)
    search.paytend.rows["1755902", "EUR"] = [movement(1, at="2026-11-23 12:00:00")]
    for _ in range(4):
        search.clock.passes(days=1)
        assert search.found() == 0
    with search.database.reading() as session:
        assert count_coverage(session, currencies=2, now=search.clock.now).late == 1

    search.paytend.troubles.clear()

    assert search.found() == 1
    assert search.paytend.asked[-1]["begin"] < datetime(2026, 11, 23, tzinfo=UTC).date()
    with search.database.reading() as session:
        assert count_coverage(session, currencies=2, now=search.clock.now).late == 0


def test_n15_the_turns_go_round_and_no_run_asks_more_than_its_budget(search: Search) -> None:
    cards = [str(1_755_900 + number) for number in range(12)]
    search.watches(*cards)
    search.clock.passes(minutes=16)

    for _ in range(3):
        search.paytend.asked.clear()
        search.finder.find()
        assert len(search.paytend.asked) <= CALLS_IN_A_RUN

    with search.database.reading() as session:
        rows = session.exec(select(Watched)).all()
        coverage = count_coverage(session, currencies=2, now=search.clock.now)
    assert all(row.covered_until for row in rows)
    assert (coverage.watched, coverage.late, coverage.cards_an_hour) == (12, 0, 300)


def test_n15_what_cannot_be_read_whole_is_said(search: Search) -> None:
    search.watches("1755902", "1755903", "1755904")
    search.paytend.rows["1755902", "EUR"] = [movement(number) for number in range(700)]
    search.paytend.troubles["1755903"] = Refused(code="1", reason="no", verified=True)

    search.found()

    with search.database.reading() as session:
        assert count_coverage(session, currencies=2, now=search.clock.now).troubled == 2
        assert session.exec(select(InboxEvent)).all() == []
