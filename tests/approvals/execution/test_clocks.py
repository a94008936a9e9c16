"""Case A20: leases and deadlines by the database's clock, and a monotonic limit between claim and send."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from approvals.actions.outcomes import Result
from approvals.execution import execution, records
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.execution import ClaimedExecution
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.requests.decision_validity import Expired
from approvals.tables import Execution, Request
from bot.database.engine import SqlDatabase
from bot.jobs.follow_up import RequestFollowUp
from bot.wiring.approvals import execution_lease, longest_wait
from paytend import make_http
from sandbox.paytend import PaytendStandIn
from storage.database_clock import DatabaseClock
from tests import once
from tests.approvals.world import ApprovalWorld, make_context, snapshot
from tests.paytend.connected import make_client

LONG_AGO = datetime(2026, 11, 20, tzinfo=UTC)


def test_a20_a_process_that_slept_sends_nothing_although_the_clock_was_put_back(world: ApprovalWorld) -> None:
    request = world.approved()
    work = world.work(request)
    awake = world.monotonic()
    world.seconds = lambda: awake + 60
    world.passes(hours=-1)

    outcome = world.does(work)

    assert (outcome.result, world.paytend.calls) == (Result.NEVER_SENT, [])
    assert world.records(work, outcome).status == "approved"


def test_a20_a_machine_that_was_paused_as_a_whole_sends_nothing_when_others_took_over(
    world: ApprovalWorld,
) -> None:
    """Its monotonic clock stood still too, so only the row says that its lease is over."""
    request = world.approved()
    work = world.work(request)
    standing = world.monotonic()
    world.passes(minutes=4)
    world.ticks()
    assert world.read(request).status == "unknown"

    def holds(claimed: ClaimedExecution) -> bool:
        with world.database.reading() as session:
            return records.is_held(session, claimed, now=world.now)

    outcome = execution.do(work, world.paytend, monotonic=lambda: standing, holds=holds)
    assert (outcome.result, world.paytend.calls) == (Result.NEVER_SENT, [])


def test_a20_a_claim_is_not_held_past_its_lease_by_the_database_clock(world: ApprovalWorld) -> None:
    work = world.work(world.approved())

    with world.database.reading() as session:
        assert records.is_held(session, work, now=world.now)
        assert not records.is_held(session, work, now=world.now + world.context.lease)


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)], ids=["ahead", "back"])
def test_a20_no_clock_that_jumps_ends_a_lease_early(world: ApprovalWorld, jump: timedelta) -> None:
    request = world.approved()
    work = world.work(request)
    began = world.monotonic()
    world.seconds = lambda: began + world.context.lease.total_seconds() - 1
    world.now += jump
    world.ticks()
    assert world.read(request).status == "executing"

    assert world.records(work, execution.do(work, world.paytend, monotonic=lambda: began)).status == "executed"


def test_a20_a_lease_that_was_prolonged_by_hand_ends_all_the_same(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    with pytest.raises(IntegrityError), world.database.writing() as session:
        session.get_one(Execution, request.id).lease_until = datetime(2099, 1, 1, tzinfo=UTC)
    with world.database.writing() as session:  # and as an owner, whom no trigger stops
        off = "DROP TRIGGER cardops_execution_claimed_once"
        owned = off if world.database.is_sqlite else "SET LOCAL session_replication_role = replica"
        session.connection().exec_driver_sql(owned)
        session.get_one(Execution, request.id).lease_until = datetime(2099, 1, 1, tzinfo=UTC)
    world.passes(minutes=4)
    world.ticks()
    assert world.read(request).status == "unknown"


def test_a20_a_replica_that_starts_later_waits_for_a_whole_lease(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    world.passes(minutes=4)
    world.watch = LeaseWatch(monotonic=world.monotonic)
    world.ticks()
    assert world.read(request).status == "executing"
    world.passes(minutes=4)
    world.ticks()
    assert world.read(request).status == "unknown"


@pytest.mark.postgres
def test_a20_replicas_with_skewed_clocks_end_nothing_early_and_decide_nothing_late(
    postgresql: SqlDatabase,
) -> None:
    clock = DatabaseClock(wall=lambda: LONG_AGO, monotonic=time.monotonic)
    with postgresql.reading() as session:
        world = ApprovalWorld(database=postgresql, now=clock(session))
    request = world.asks()
    ahead = follow_up(world, wall=lambda: request.decide_by + timedelta(days=1))
    ahead.keep_deadlines()
    assert world.read(request).status == "pending"

    world.now += timedelta(days=-1)
    world.card = snapshot(card_id="77", holder_id="H77")
    late = world.asks()
    behind = DatabaseClock(wall=lambda: late.decide_by - timedelta(hours=1), monotonic=time.monotonic)
    with postgresql.reading() as session:
        world.now = behind(session)
    with pytest.raises(Expired):
        world.decides(late)
    follow_up(world, wall=lambda: LONG_AGO).keep_deadlines()
    assert world.read(late).status == "expired"


def follow_up(world: ApprovalWorld, *, wall: object) -> RequestFollowUp:
    return RequestFollowUp(
        database=world.database,
        context=world.context,
        paytend=world.paytend,  # type: ignore[arg-type]  # has the same `send`
        now_in=DatabaseClock(wall=wall, monotonic=time.monotonic),  # type: ignore[arg-type]  # returns a time
        watch=LeaseWatch(monotonic=time.monotonic),
        absences=AbsenceWatch(monotonic=time.monotonic),
        wake_deliverer=lambda: None,
    )


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Accept a connection, and keep what is written on it."""
    written: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    written.append(data)

        thread = threading.Thread(target=take)
        thread.start()
        yield server.getsockname()[1], written
        thread.join()


def sleep_between_claim_and_send(world: ApprovalWorld, request: Request, *, port: int, by_row: bool) -> str:
    """Claim, connect, be stopped as a whole, and return what became of it; runs in a process of its own."""
    connect = socket.create_connection

    def connect_and_sleep(*where: Any, **how: Any) -> socket.socket:
        connected = connect(*where, **how)
        os.kill(os.getpid(), signal.SIGSTOP)
        return connected

    url = world.database.url.render_as_string(hide_password=False)
    child = ApprovalWorld(database=SqlDatabase(url), context=make_context(send_within=timedelta(seconds=3)))
    child.seconds = time.monotonic
    work = child.work(request)
    socket.create_connection = connect_and_sleep

    def holds(claimed: ClaimedExecution) -> bool:
        with child.database.reading() as session:
            return records.is_held(session, claimed, now=child.now)

    with make_http(base_url=f"http://127.0.0.1:{port}", timeout=5, tls=once.tls()) as http:
        client = make_client(PaytendStandIn(seed=1, pairs=once.pairs()), http, timeout=5, pauses=[])
        if by_row:  # as if the machine had been paused, and its clock with it
            return execution.do(work, client, monotonic=lambda: 0.0, holds=holds).result
        return execution.do(work, client, monotonic=time.monotonic).result


@pytest.mark.parametrize("by_row", [False, True], ids=["by its clock", "by the row"])
def test_a20_a_process_that_was_stopped_between_claim_and_send_sends_nothing(
    world: ApprovalWorld, by_row: bool
) -> None:
    """SIGSTOP when the connection stands; the lease ends, others take over; SIGCONT."""
    request = world.approved()
    once.pairs()
    said, says = os.pipe()
    with listening() as (port, written):
        child = os.fork()
        if child == 0:
            try:
                result = sleep_between_claim_and_send(world, request, port=port, by_row=by_row)
                os.write(says, result.encode())
            finally:
                os._exit(0)
        os.close(says)
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), os.read(said, 100)
        assert world.read(request).status == "executing"
        world.sees_leases()
        world.passes(minutes=4)
        world.ticks()
        assert world.read(request).status == "unknown"
        time.sleep(3)

        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)

    assert os.read(said, 100) == b"never_sent"
    os.close(said)
    assert written == []


def test_a20_a_call_fits_into_its_lease() -> None:
    for timeout in (0.5, 30.0, 120.0):
        assert execution_lease(timeout) - longest_wait(timeout) > timedelta(seconds=4 * timeout)
    context = make_context()
    assert context.lease > context.send_within
