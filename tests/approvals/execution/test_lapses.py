"""What was approved and not carried out in time: nobody says that nothing was sent before Paytend does (A1)."""

from approvals.execution.lapses import GRACE, KNOWN, NO_ANSWER
from approvals.requests.deadlines import NOT_SENT
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
