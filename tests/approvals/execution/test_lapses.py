"""What was approved and not carried out in time: nobody says that nothing was sent before Paytend does (A1)."""

from approvals.actions.outcomes import Outcome, Result
from approvals.execution import lapses
from approvals.execution.execution import ClaimedExecution
from approvals.execution.lapses import GRACE, KNOWN, NO_ANSWER
from approvals.requests.deadlines import NOT_SENT
from approvals.tables import Request
from paytend.errors import Unreachable
from tests.approvals.execution.test_unreadable_content import loses_key
from tests.approvals.world import ApprovalWorld


def told(world: ApprovalWorld) -> str:
    return str(world.outbox.of("request_outcome")[-1].facts)


def test_a1_a_request_whose_send_the_database_has_lost_is_not_said_to_be_expired(world: ApprovalWorld) -> None:
    """Sent, and then a fail-over to a replica that was seconds behind: the row says approved, and never sent."""
    request = world.approved()
    world.paytend.books[request.reference] = 1
    world.passes(minutes=31)

    world.ticks()

    assert world.read(request).status == "unknown"
    assert KNOWN in told(world)
    world.passes(seconds=10)
    world.looks_up()
    assert world.read(request).status == "executed"
    assert world.paytend.books == {request.reference: 1}


def test_a1_what_paytend_does_not_have_lapses(world: ApprovalWorld) -> None:
    request = world.approved()
    world.passes(minutes=31)

    world.ticks()

    assert world.read(request).status == "expired"
    assert NOT_SENT in told(world)


def test_a1_while_paytend_cannot_say_it_is_asked_again_and_then_unknown(world: ApprovalWorld) -> None:
    request = world.approved()
    world.passes(minutes=31)
    world.paytend.lookup = Unreachable("Paytend did not answer.")

    world.ticks()
    assert world.read(request).status == "approved"
    world.passes(seconds=GRACE.total_seconds())
    world.ticks()

    assert world.read(request).status == "unknown"
    assert NO_ANSWER in told(world)


def test_a1_what_cannot_be_read_is_not_said_to_be_expired_either(small: ApprovalWorld) -> None:
    request = small.approved()
    small.paytend.books[request.reference] = 1  # sent, and lost in a fail-over
    loses_key(small)
    small.passes(days=2)

    small.ticks()

    assert small.read(request).status == "unknown"


def ends(world: ApprovalWorld, request: Request, answer: ClaimedExecution | Outcome | None) -> bool:
    """Record what Paytend said; return whether it ended the request."""
    with world.database.writing() as session:
        return lapses.record(session, world.context, request_id=request.id, answer=answer, now=world.now)


def test_a1_what_is_over_only_by_a_clock_that_was_ahead_goes_on(small: ApprovalWorld) -> None:
    request = small.approved()
    small.passes(minutes=31)
    with small.database.reading() as session:
        [due] = lapses.find_due(session, small.context, now=small.now)
    answer = lapses.ask(due, small.paytend)
    small.passes(minutes=-2)

    assert not ends(small, request, answer)
    assert small.read(request).status == "approved"
    small.passes(minutes=1)
    assert ends(small, request, answer), "its very instant is too late"
    assert small.read(request).status == "expired"
    assert not ends(small, request, answer), "it has ended already"


def test_a1_what_paytend_cannot_say_is_not_an_end_until_its_grace_is_over(small: ApprovalWorld) -> None:
    request = small.approved()
    silent = Outcome(result=Result.NEVER_SENT, words="Paytend did not answer.")
    small.passes(minutes=30)

    assert not ends(small, request, silent)
    assert small.read(request).put_off == 1
    small.passes(seconds=GRACE.total_seconds())
    assert ends(small, request, silent)
    assert small.read(request).status == "unknown"
