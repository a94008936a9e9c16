"""How long everything takes where nobody has set it: what operators and people are told in the documents."""

from datetime import timedelta

from tests.approvals.world import make_context


def test_the_times_are_those_of_the_documents() -> None:
    context = make_context()

    assert context.send_within == timedelta(seconds=15)
    assert context.lease == timedelta(minutes=3)
    assert context.give_up_after == timedelta(minutes=5)
    assert context.ask_again_within == timedelta(minutes=10)
    assert context.absent_for == timedelta(minutes=2)
    assert context.watch_for == timedelta(days=30)
    assert context.lease - context.send_within > timedelta(minutes=1), "longer than a call to Paytend may take"
