"""Many webhooks share a commit, each gets its own answer, and what was taken in is told once."""

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from notifier.inbox.dispatcher import PAUSES, Dispatcher, IntakeCount
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.tables import InboxEvent
from notifier.routing.routes import RouteRule, Routes
from paytend import AmountUnit, AmountUnits
from tests.notifier.conftest import NotifierWorld, run_together
from tests.notifier.inbox.test_inbox import row_of
from tests.notifier.stories import make_event, make_transaction


class Counting:
    """The database, with its writing transactions counted; some can be made to fail."""

    def __init__(self, world: NotifierWorld) -> None:
        self._database = world.database
        self.commits = 0
        self.fails = 0
        self.gate = threading.Event()
        self.gate.set()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.gate.wait(timeout=10)
        if self.fails:
            self.fails -= 1
            raise OperationalError("COMMIT", {}, Exception("database is locked"))
        with self._database.writing() as session:
            yield session
        self.commits += 1

    def reading(self) -> contextlib.AbstractContextManager[Session]:
        return self._database.reading()


def rows_of(world: NotifierWorld, count: int) -> list[dict[str, Any]]:
    return [row_of(world, *make_transaction(tradeId=f"T{number}")) for number in range(count)]


def keeps(intake: GroupCommit, row: dict[str, Any]) -> bool:
    return intake.keep(row).result(timeout=20)


def test_webhooks_that_wait_share_a_commit(world: NotifierWorld) -> None:
    database = Counting(world)
    intake = GroupCommit(database)
    database.gate.clear()
    kept = [intake.keep(row) for row in rows_of(world, 600)]
    database.gate.set()

    assert all(found.result(timeout=20) for found in kept)
    with world.database.reading() as session:
        assert len(session.exec(select(InboxEvent)).all()) == 600
    assert database.commits <= 4, "the first, and what came meanwhile in parts of 256"


def test_of_many_copies_in_a_commit_exactly_one_is_new(world: NotifierWorld) -> None:
    intake = GroupCommit(world.database)
    rows = [row_of(world, *make_transaction()) for _ in range(12)]

    results = run_together(12, lambda number: keeps(intake, rows[number]))

    assert sorted(results) == [False] * 11 + [True]


def test_a_bad_row_fails_alone(world: NotifierWorld) -> None:
    database = Counting(world)
    intake = GroupCommit(database)
    database.gate.clear()
    good, bad = rows_of(world, 5), {**row_of(world, *make_transaction(tradeId="bad")), "kind": None}

    kept = [intake.keep(row) for row in [*good[:2], bad, *good[2:]]]
    database.gate.set()

    with pytest.raises(IntegrityError):
        kept.pop(2).result(timeout=20)
    assert all(found.result(timeout=20) for found in kept)
    with world.database.reading() as session:
        assert len(session.exec(select(InboxEvent)).all()) == 5


def test_what_waits_is_written_before_the_end(world: NotifierWorld) -> None:
    database = Counting(world)
    intake = GroupCommit(database)
    database.gate.clear()
    kept = [intake.keep(row) for row in rows_of(world, 3)]
    threading.Timer(0.05, database.gate.set).start()

    intake.stop()

    assert [found.done() for found in kept] == [True] * 3


def test_f30_a_locked_database_is_told_and_nothing_is_kept(world: NotifierWorld) -> None:
    database = Counting(world)
    database.fails = 2
    intake = GroupCommit(database)
    (row,) = rows_of(world, 1)

    with pytest.raises(OperationalError):
        keeps(intake, row)
    database.fails = 0

    assert keeps(intake, row)


def test_rows_that_are_handed_over_together_are_told_of_together(world: NotifierWorld) -> None:
    intake = GroupCommit(world.database)
    good, bad = rows_of(world, 2), {**row_of(world, *make_transaction(tradeId="bad")), "kind": None}
    told: list[list[object]] = []

    intake.keep_all([good[0], bad, good[1], good[0]], lambda outcomes: told.append(list(outcomes)))
    intake.stop()

    ((first, wrong, second, again),) = told
    assert isinstance(wrong, IntegrityError)
    assert (first, second, again) == (True, True, False)
    assert intake.count == 2


class Counted:
    """An intake that has taken in so many, the next number each time that it is asked."""

    def __init__(self, counts: Iterator[int]) -> None:
        self._counts = counts

    @property
    def count(self) -> int:
        return next(self._counts)


class Stopping(threading.Event):
    """Remembers how long it was waited for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return False


class Waking(threading.Event):
    """Sets `stop` when it is waited for: there is nothing more to do."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def wait(self, timeout: float | None = None) -> bool:
        self._stop.set()
        return True


@pytest.mark.parametrize(
    ("came_each_batch", "rests"),
    [(0, [1, 1, 1, 1]), (20, [1, 1, 1, 1]), (4000, [1, 9, 9, 9])],
    ids=["nothing", "what can be told", "a flood"],
)
def test_who_tells_gives_way_to_a_flood(world: NotifierWorld, came_each_batch: int, rests: list[int]) -> None:
    intake, stop = GroupCommit(world.database), Stopping()
    for row in rows_of(world, 70):
        keeps(intake, row)
    counts, ticks = itertools.count(step=came_each_batch), itertools.count()
    dispatcher = make_dispatcher(world, intake=Counted(counts), monotonic=lambda: float(next(ticks)))

    dispatcher.run(stop, Waking(stop))

    assert stop.waits == rests, "in seconds, as a batch takes one"
    assert sum(row.kind == "transaction" for row in world.rows()) == 70


def make_dispatcher(
    world: NotifierWorld,
    *rules: RouteRule,
    intake: IntakeCount | None = None,
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Dispatcher:
    return Dispatcher(
        admins=("U0ADMIN", "U0OTHER"),
        database=world.database,
        outbox=world.outbox,
        routes=Routes(rules=rules, channels={"alerts": "C0ALERTS"}),
        vault=world.vault,
        units=AmountUnits(calls=AmountUnit.MINOR, webhooks=AmountUnit.MINOR),
        timezone=UTC,
        now_in=world.clock,
        monotonic=monotonic,
        wake_deliverer=lambda: None,
        intake=intake or Counted(itertools.repeat(0)),
    )


def test_what_was_taken_in_is_told_once_in_its_order(world: NotifierWorld) -> None:
    intake, dispatcher = GroupCommit(world.database), make_dispatcher(world)
    for row in rows_of(world, 3):
        keeps(intake, row)

    assert [dispatcher.dispatch_due() for _ in range(2)] == [3, 0]
    assert len(world.rows()) == 3


def test_f29_an_event_that_cannot_be_told_is_given_up_and_holds_no_other(world: NotifierWorld) -> None:
    intake, dispatcher = GroupCommit(world.database), make_dispatcher(world)
    keeps(intake, {**row_of(world, *make_transaction(tradeId="poison")), "body": b"not sealed"})
    keeps(intake, row_of(world, *make_transaction(tradeId="good")))

    told = [dispatcher.dispatch_due(), dispatcher.dispatch_due()]
    assert sum(told) == 1, "it is not tried again at once"
    for pause in PAUSES:
        world.clock.now += pause
        told.append(dispatcher.dispatch_due())

    assert sum(told) == 2
    assert told[0] == 1
    assert [(row.kind, row.recipient) for row in world.rows()] == [
        ("transaction", "C0ALERTS"),
        ("webhook_untold", "U0ADMIN"),
        ("webhook_untold", "U0OTHER"),
    ]


def test_what_is_not_understood_reaches_the_admins_when_no_route_names_it(world: NotifierWorld) -> None:
    intake = GroupCommit(world.database)
    keeps(intake, row_of(world, *make_event("77", surprise="one")))
    make_dispatcher(world).dispatch_due()
    assert [row.recipient for row in world.rows()] == ["C0ALERTS", "U0ADMIN", "U0OTHER"]

    keeps(intake, row_of(world, *make_event("77", surprise="two")))
    make_dispatcher(world, RouteRule(kind="unrecognised", to=("C0ODD",))).dispatch_due()

    assert [row.recipient for row in world.rows()][3:] == ["C0ODD"]


def test_a6_a7_a_replay_has_no_effect_after_its_content_was_removed(world: NotifierWorld) -> None:
    intake, dispatcher = GroupCommit(world.database), make_dispatcher(world)
    assert keeps(intake, row_of(world, *make_transaction()))
    dispatcher.dispatch_due()
    with world.database.writing() as session:
        session.exec(select(InboxEvent)).one().body = None

    same_bytes = keeps(intake, row_of(world, *make_transaction()))

    assert (same_bytes, dispatcher.dispatch_due(), len(world.rows())) == (False, 0, 1)


def test_the_form_and_the_key_that_verified_it_are_kept(world: NotifierWorld) -> None:
    intake = GroupCommit(world.database)
    (row,) = rows_of(world, 1)
    keeps(intake, row)

    with world.database.reading() as session:
        kept = session.exec(select(InboxEvent)).one()

    assert (kept.form, kept.verified_by, kept.told_at) == ("raw", 0, None)
    assert json.loads(world.vault.open(kept.body or b"", table="inbox_event", row=kept.id, column="body"))
