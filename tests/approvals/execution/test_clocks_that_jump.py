"""Case A20: what the database's clock wrote while it was ahead or behind decides nothing about money."""

from datetime import timedelta

import pytest

from approvals.execution import postponements, reconciliation
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.settlement_by_people import AlreadySaid
from approvals.tables import Request
from paytend.errors import OutcomeUnknown, Refused, Unreachable
from tests.approvals.world import ADA, MARA, MILO, START, ApprovalWorld

AHEAD = timedelta(days=3)


class Steady:
    """A monotonic clock beside the database's one; both go on together, and only one of them jumps."""

    def __init__(self, world: ApprovalWorld) -> None:
        self.world = world
        self.at = 1000.0
        world.seconds = lambda: self.at

    def passes(self, seconds: float) -> None:
        """Let true time pass."""
        self.at += seconds
        self.world.passes(seconds=seconds)


def refused(world: ApprovalWorld) -> Request:
    """Return a request that Paytend refused with a signature, and may carry out late."""
    world.paytend.before = Refused(code="51", reason="no", verified=True)
    return world.executes(world.approved())


def lost(world: ApprovalWorld) -> Request:
    """Return a request whose answer was lost."""
    world.paytend.before = OutcomeUnknown("no answer")
    return world.executes(world.approved())


def settled_as_not_done(world: ApprovalWorld) -> Request:
    request = lost(world)
    world.gives_up()
    world.settles(request, MARA, happened=False)
    return world.settles(request, ADA, happened=False)


def test_a20_a_refusal_is_not_failed_because_the_clock_jumped_between_two_answers(world: ApprovalWorld) -> None:
    steady = Steady(world)
    request = refused(world)
    steady.passes(1)
    world.looks_up()
    world.now += AHEAD
    world.looks_up()
    assert world.read(request).status == "unknown", "a second is no pause, whatever the clock says"

    world.paytend.books[request.reference] = 1  # late, after the refusal
    steady.passes(130)
    world.looks_up()
    assert world.read(request).status == "executed"


def test_a20_a_refusal_is_failed_once_both_clocks_say_that_the_pause_is_over(world: ApprovalWorld) -> None:
    steady = Steady(world)
    request = refused(world)
    steady.passes(1)
    world.looks_up()
    world.now += AHEAD
    world.looks_up()
    for _ in range(4):
        steady.passes(31)
        world.looks_up()
    assert world.read(request).status == "failed"


def test_a20_a_process_that_starts_waits_for_the_whole_pause_again(world: ApprovalWorld) -> None:
    steady = Steady(world)
    request = refused(world)
    steady.passes(1)
    world.looks_up()
    world.absences = AbsenceWatch(monotonic=world.monotonic)
    world.now += AHEAD
    world.looks_up()
    assert world.read(request).status == "unknown"
    steady.passes(119)
    world.looks_up()
    assert world.read(request).status == "unknown"
    steady.passes(2)
    world.looks_up()
    assert world.read(request).status == "failed"


def test_a20_an_absence_that_was_interrupted_is_measured_anew() -> None:
    at = 0.0
    absences = AbsenceWatch(monotonic=lambda: at)
    assert absences.measure("R1", since=START) == timedelta()
    at = 100.0
    assert absences.measure("R1", since=START) == timedelta(seconds=100)
    assert absences.measure("R1", since=START + timedelta(seconds=99)) == timedelta()
    assert absences.measure("R2", since=START) == timedelta()


def test_a20_what_a_clock_ahead_planned_is_looked_at_once_the_clock_is_right(world: ApprovalWorld) -> None:
    world.now += AHEAD
    request = lost(world)
    world.passes(seconds=2)
    world.looks_up()
    world.now -= AHEAD
    world.paytend.books[request.reference] = 1
    world.passes(seconds=10)
    world.looks_up()
    assert world.read(request).status == "executed"


def test_a20_people_are_called_although_a_clock_ahead_wrote_since_when_it_is_unknown(world: ApprovalWorld) -> None:
    world.now += AHEAD
    request = lost(world)
    world.now -= AHEAD
    for _ in range(12):
        world.passes(minutes=2)
        world.looks_up()
    assert world.execution(request).gave_up_at is not None
    world.settles(request, MARA, happened=False)
    assert world.settles(request, ADA, happened=False).status == "failed"


def test_a20_an_answer_of_a_clock_ahead_is_not_fresh(world: ApprovalWorld) -> None:
    world.now += AHEAD
    request = lost(world)
    world.passes(seconds=2)
    world.looks_up()
    world.now -= AHEAD
    with world.database.writing() as session:
        claim = reconciliation.claim_stale(session, world.context, request_id=request.id, now=world.now)
    assert claim is not None


def test_a20_an_end_is_watched_although_a_clock_ahead_planned_its_next_look(world: ApprovalWorld) -> None:
    world.now += AHEAD
    request = settled_as_not_done(world)
    world.now -= AHEAD
    world.paytend.books[request.reference] = 1
    assert world.watches() == 1


def test_a20_no_clock_that_jumps_a_year_ahead_ends_a_watch(world: ApprovalWorld) -> None:
    request = settled_as_not_done(world)
    world.passes(days=400)
    assert world.watches() == 0
    world.paytend.books[request.reference] = 1
    world.passes(days=1)
    assert world.watches() == 1


def test_a20_a_claim_that_a_clock_ahead_put_off_is_tried_once_the_clock_is_right(world: ApprovalWorld) -> None:
    request = world.approved()
    ahead = world.now + AHEAD
    with world.database.writing() as session:
        error = Unreachable("refused")
        postponements.put_off(session, world.context, request_id=request.id, error=error, now=ahead)
    assert [each.request_id for each in world.candidates()] == [request.id]


def test_a20_words_from_before_a_contradiction_do_not_count_although_the_clock_was_put_back(
    world: ApprovalWorld,
) -> None:
    """Else one person alone could say again that it was not done, and it would be paid twice."""
    request = settled_as_not_done(world)
    world.now -= AHEAD
    world.paytend.books[request.reference] = 1
    assert world.watches() == 1

    world.settles(request, MILO, happened=False)
    assert world.execution(request).contradicted_at is not None, "one word is not two"
    world.settles(request, MARA, happened=False)
    assert world.execution(request).contradicted_at is None


def test_a20_what_was_contradicted_by_a_clock_ahead_can_be_settled(world: ApprovalWorld) -> None:
    request = settled_as_not_done(world)
    world.now += AHEAD
    world.paytend.books[request.reference] = 1
    assert world.watches() == 1
    world.now -= AHEAD

    world.settles(request, MARA, happened=True)
    with pytest.raises(AlreadySaid):
        world.settles(request, MARA, happened=True)
    assert world.settles(request, ADA, happened=True).status == "executed"
