"""The two clocks of a request: to decide and to carry out, with their reminders."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.requests.decision_validity import Expired
from tests.approvals.world import MARA, MILO, ApprovalWorld, rule


def test_the_very_instant_of_the_deadline_is_too_late(world: ApprovalWorld) -> None:
    request = world.asks()
    world.now = request.decide_by

    with pytest.raises(Expired):
        world.decides(request)
    world.ticks()
    assert world.read(request).status == "expired"


def test_the_last_moment_before_the_deadline_counts(world: ApprovalWorld) -> None:
    request = world.asks()
    world.now = request.decide_by
    world.passes(microseconds=-1)

    world.ticks()
    assert world.decides(request).status == "approved"


def test_an_approval_that_is_not_carried_out_lapses(world: ApprovalWorld) -> None:
    request = world.approved()
    world.passes(minutes=30)
    world.ticks()

    assert world.read(request).status == "expired"
    assert world.outbox.of("request_outcome")[-1].facts["mention"] == ["U0SAM"]


def test_reminders_come_at_half_and_at_three_quarters(world: ApprovalWorld) -> None:
    world.asks()
    counts = []
    for hours in (3.9, 0.2, 1.8, 0.2, 1):
        world.passes(hours=hours)
        world.ticks()
        world.ticks()
        counts.append(len(world.outbox.of("request_reminder")))

    assert counts == [0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("quorum", "approvals", "says"),
    [(1, 0, "1 approval"), (2, 0, "2 approvals"), (2, 1, "1 more approval"), (3, 1, "2 more approvals")],
)
def test_a_reminder_says_how_many_approvals_are_missing(
    small: ApprovalWorld, quorum: int, approvals: int, says: str
) -> None:
    small.use(rules=(rule(quorum=quorum, approvers=["manager", "oncall"]),))
    request = small.asks()
    for who in (MARA, MILO)[:approvals]:
        small.decides(request, who)
    small.passes(hours=7)
    small.ticks()

    [told] = small.outbox.of("request_reminder")
    assert told.facts["count"] == says


def test_a_time_that_was_slept_over_is_one_reminder(small: ApprovalWorld) -> None:
    small.asks()
    small.passes(hours=7)
    small.ticks()
    small.ticks()

    assert len(small.outbox.of("request_reminder")) == 1


def test_the_time_to_decide_is_the_same_when_the_clocks_change(small: ApprovalWorld) -> None:
    small.now = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("Europe/Vilnius"))
    request = small.read(small.asks())
    assert (request.decide_by - request.created_at) == timedelta(hours=8)
    small.now += timedelta(hours=7)  # on the wall; eight hours went by
    with pytest.raises(Expired):
        small.decides(request)
    small.now -= timedelta(minutes=1)
    assert small.decides(request).status == "approved"


def test_a_reminder_is_in_the_trail(small: ApprovalWorld) -> None:
    small.asks()
    small.passes(hours=7)
    small.ticks()

    assert small.events().count("approval:reminded") == 1
