"""Requests that cannot be tried now wait in their rows, and take no turn from the others (case A10)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError
from sqlmodel.sql.sqltypes import AutoString

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.execution import postponements
from approvals.policy.people import DirectoryUnreadable, Member
from approvals.tables import Request
from bot.database.engine import SqlDatabase
from bot.jobs.executor import Executor
from paytend import Client
from paytend.errors import PaytendError, Refused, Unreachable
from tests.approvals.execution.test_forged_rows import writes
from tests.approvals.world import ApprovalWorld, make_context, rule, snapshot

NO_SUCH_CARD = Refused(code="2001", reason="Card does not exist.", verified=True)


@dataclass
class ExecutorWorld(ApprovalWorld):
    """An executor whose look at each card is chosen."""

    looks: dict[str, Exception] = field(default_factory=dict)
    looked_at: list[str] = field(default_factory=list)

    def executor(self) -> Executor:
        """Return a new one, as after a restart."""
        return Executor(
            database=self.database,
            context=self.context,
            paytend=cast("Client", self.paytend),
            now_in=lambda _session: self.now,
            monotonic=self.monotonic,
            find_member=self._find_member,
            take_snapshot=self._look,
            keep_secret=lambda _request, _secret: True,
            wake_deliverer=lambda: None,
        )

    def asks_for(self, card_id: str) -> Request:
        """Ask for a top-up of a card and approve it."""
        self.card = snapshot(card_id=card_id)
        return self.approved()

    def stored(self, request: Request) -> Request:
        """Return a request as it is now."""
        with self.database.reading() as session:
            return session.get_one(Request, request.id)

    def _find_member(self, account: str) -> Member:
        if account in self.looks:
            raise self.looks[account]
        return self.members_by_account[account]

    def _look(self, _action: str, payload: Payload) -> Snapshot:
        self.looked_at.append(payload.subject)
        if payload.subject in self.looks:
            raise self.looks[payload.subject]
        return snapshot(card_id=payload.subject)


@pytest.fixture
def world(database: SqlDatabase) -> ExecutorWorld:
    found = ExecutorWorld(database)
    found.context = make_context()
    found.use(rules=(rule(execute_within="8h"),))
    return found


def test_a10_a_dozen_requests_that_cannot_be_looked_at_do_not_starve_a_good_one(world: ExecutorWorld) -> None:
    bad = [world.asks_for(f"18000{number:02}") for number in range(12)]
    errors = (Unreachable("Paytend did not answer."), RuntimeError("odd"))
    world.looks = {request.subject: errors[number % 2] for number, request in enumerate(bad)}
    world.executor().execute_due()
    good = world.asks_for("1755902")

    world.executor().execute_due()

    assert world.stored(good).status == "executed"
    assert {world.stored(request).status for request in bad} == {"approved"}
    assert len(world.looked_at) == 13, "those that were put off wait"
    world.passes(seconds=11)
    last = world.asks_for("1755903")
    world.executor().execute_due()
    assert world.looked_at[13] == last.subject, "what was put off comes last"
    assert len(world.looked_at) == 13 + 13


def test_a10_even_the_first_round_reaches_the_one_behind_a_dozen(world: ExecutorWorld) -> None:
    bad = [world.asks_for(f"18000{number:02}") for number in range(12)]
    good = world.asks_for("1755902")
    world.looks = {request.subject: Unreachable("Paytend did not answer.") for request in bad}

    world.executor().execute_due()

    assert world.stored(good).status == "executed"


def test_a10_the_pauses_grow_and_outlive_a_restart(world: ExecutorWorld) -> None:
    request = world.asks_for("1755902")
    world.looks = {"1755902": Unreachable("Paytend did not answer.")}
    waited = []
    for times in range(1, 9):
        world.executor().execute_due()
        row = world.stored(request)
        assert (row.put_off, row.waits) == (times, "Paytend did not answer.")
        assert row.not_before is not None
        waited.append((row.not_before - world.now).total_seconds())
        world.now = row.not_before - timedelta(seconds=1)
        assert world.executor().execute_due() == 0
        world.now = row.not_before
    assert waited == [10, 20, 40, 80, 160, 300, 300, 300]

    world.looks.clear()
    world.executor().execute_due()
    assert world.stored(request).status == "executed"


def test_a2_what_nothing_proves_is_tried_again_after_growing_pauses(world: ExecutorWorld) -> None:
    request, waited = world.asks_for("1755902"), []
    writes(world, "UPDATE approval_request SET approved_at = created_at, quorum = 7", unguarded=True)
    for _ in range(7):
        world.executor().execute_due()
        row = world.stored(request)
        assert row.not_before is not None
        waited.append((row.not_before - world.now).total_seconds())
        world.now = row.not_before
    assert waited == [10, 20, 40, 80, 160, 300, 300]
    assert world.paytend.books == {}


def test_a10_a_signed_no_such_card_ends_the_request_with_words(world: ExecutorWorld) -> None:
    request = world.asks_for("1755902")
    world.looks = {"1755902": NO_SUCH_CARD}

    world.executor().execute_due()

    ended = world.stored(request)
    assert ended.status == "failed"
    why = "Card does not exist. (Paytend 2001)"
    assert ended.reason == f"Stopped before sending: {why} Check the card and request it again."
    assert world.outbox.of("request_outcome")[-1].facts["mention"] == ["U0SAM"]
    assert world.paytend.books == {}
    assert world.verified().is_intact


def busy(*, verified: bool = True, reason: str = "System busy") -> PaytendError:
    return Refused(code="9999", reason=reason, verified=verified)


def test_a10_the_same_signed_no_three_times_ends_the_request(world: ExecutorWorld) -> None:
    request = world.asks_for("1755902")
    world.looks = {"1755902": busy()}
    for status in ("approved", "approved", "failed"):
        world.executor().execute_due()
        assert world.stored(request).status == status
        world.passes(minutes=6)


@pytest.mark.parametrize(
    "make",
    [
        lambda _: busy(verified=False, reason="Card does not exist."),
        lambda round_: busy(reason=f"System busy {round_ % 2}"),
        lambda _: Unreachable("Paytend did not answer."),
        lambda _: DirectoryUnreadable("U0MARA"),
    ],
    ids=["unsigned", "another no each time", "no answer", "Slack"],
)
def test_a10_what_proves_nothing_ends_nothing_before_its_time_is_over(
    world: ExecutorWorld, make: Callable[[int], Exception]
) -> None:
    request = world.asks_for("1755902")
    for round_ in range(5):
        world.looks = {"1755902": make(round_)}
        world.executor().execute_due()
        assert world.stored(request).status == "approved"
        world.passes(minutes=6)
    world.passes(hours=8)

    world.ticks()

    ended = world.stored(request)
    assert ended.status == "expired"
    assert ended.reason.startswith("Approved, but not sent in time. Nothing was sent. It waited because: ")


def test_a10_an_odd_error_is_not_quoted_in_the_row(world: ExecutorWorld) -> None:
    request = world.asks_for("1755902")
    world.looks = {"1755902": ValueError("Anna Kern, Gedimino 1")}
    world.executor().execute_due()

    assert world.stored(request).waits == "Something went wrong in cardops; its log has more."


def test_a10_a_request_that_moved_meanwhile_is_not_put_off(world: ExecutorWorld) -> None:
    request = world.asks()
    with world.database.writing() as session:
        postponements.put_off(session, world.context, request_id=request.id, error=NO_SUCH_CARD, now=world.now)

    assert (world.stored(request).status, world.stored(request).put_off) == ("pending", 0)


_TEXTS = sorted(
    column.name
    for column in cast("Table", Request.__table__).columns  # type: ignore[attr-defined] # of SQLModel
    if isinstance(column.type, AutoString) and column.name not in {"id", "status"}
)


def test_a2_a_damaged_row_holds_up_no_other_request_and_can_still_be_shown(world: ExecutorWorld) -> None:
    damaged = [world.asks_for(str(1755800 + number)) for number in range(len(_TEXTS))]
    for column, request in zip(_TEXTS, damaged, strict=True):
        value = f"x{request.id}" if column == "reference" else "x"  # no two may have the same
        statement = f"UPDATE approval_request SET {column} = :value WHERE id = :id"  # noqa: S608 - as an insider
        writes(world, statement, unguarded=True, value=value, id=request.id)
    good = world.asks_for("1755902")
    executor = world.executor()

    executor.execute_due()

    assert world.stored(good).status == "executed"
    sent = {column for column, row in zip(_TEXTS, damaged, strict=True) if world.stored(row).status == "executed"}
    assert sent == {"asked_in", "reason", "shown_stops", "told", "waits"}, "what nobody approved: places and words"
    for request in damaged:
        assert world.message_facts(request)


_TEXT = "CAST(x'ff' AS TEXT)"  # on SQLite a text, for Python none
_STOP = (
    f"INSERT INTO stop SELECT 's', 'all', 'x', '', {_TEXT}, 'x', 'x', {_TEXT}, '2026-11-20 08:00:00.000000', 'x'"
)


def test_a2_bytes_that_are_no_text_hold_up_no_request_and_a_stop_of_them_is_resumed(sqlite: SqlDatabase) -> None:
    world = ExecutorWorld(sqlite)
    damaged, good = world.asks_for("1755901"), world.asks_for("1755902")
    writes(world, f"UPDATE approval_request SET waits = {_TEXT} WHERE id = :id", id=damaged.id)  # noqa: S608 - as an insider
    writes(world, _STOP)

    world.executor().execute_due()
    assert world.stored(good).status == "approved", "a stop that may be a forgery stops too"
    world.resume_all()
    world.executor().execute_due()

    assert world.stored(good).status == "executed"


@pytest.mark.parametrize("moment", ["2026-02-30 10:00:00.000000", "2026-11-19 24:00:00.000000"])
def test_a2_a_time_that_is_none_is_refused_and_where_it_is_holds_up_no_other(
    sqlite: SqlDatabase, moment: str
) -> None:
    world = ExecutorWorld(sqlite)
    damaged, good = world.asks_for("1755901"), world.asks_for("1755902")
    columns = ("not_before", "execute_by", "remind_at")
    for column in columns:
        statement = f"UPDATE approval_request SET {column} = :moment WHERE id = :id"  # noqa: S608 - as an insider
        with pytest.raises(IntegrityError, match="a value has the type of its column"):
            writes(world, statement, moment=moment, id=damaged.id)
    for column in columns:
        statement = f"UPDATE approval_request SET {column} = :moment WHERE id = :id"  # noqa: S608 - as an insider
        writes(world, statement, unguarded=True, moment=moment, id=damaged.id)

    world.ticks()
    world.executor().execute_due()

    assert world.stored(good).status == "executed"
    assert world.stored(damaged).status != "executed"


def test_a_round_that_breaks_does_not_end_the_thread(world: ExecutorWorld) -> None:
    stop, wake = threading.Event(), threading.Event()
    rounds = []

    def now_in(_session: object) -> datetime:
        rounds.append("it")
        wake.set()
        if len(rounds) > 2:
            stop.set()
        raise ValueError("a row that nobody can read")

    executor = world.executor()
    executor._now_in = now_in
    executor.run(stop, wake)

    assert len(rounds) == 3
