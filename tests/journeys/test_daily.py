"""What happens once a day: the audit channel gets the head of the trail, and old contents are removed."""

from datetime import datetime

from sqlmodel import select

from approvals.tables import Request
from notifier.balance.tables import BalanceSample
from tests.journeys.world import JourneyWorld


def test_the_head_of_the_trail_is_told_once_a_day(world: JourneyWorld) -> None:
    world.asks()
    head = world.trail()[-1]

    assert world.bot.jobs.fire("audit_head")
    assert not world.bot.jobs.fire("audit_head")
    world.settles()

    told = world.slack.messages("C0AUDIT")
    assert len(told) == 1
    assert f"{head.seq}:{head.hash}" in told[0]["text"]
    world.passes(days=1)
    world.bot.jobs.fire("audit_head")
    world.settles()
    assert len(world.slack.messages("C0AUDIT")) == 2


def test_old_contents_go_and_the_trail_says_how_many(world: JourneyWorld) -> None:
    world.asks_and_approves()
    world.passes(days=401)

    world.bot.jobs.fire("retention")

    with world.bot.database.reading() as session:
        assert session.exec(select(Request.payload)).one() == b""
    assert world.trail()[-1].event == "retention:removed"
    world.types("U0MARA", f"/approvals show {world.request().reference}")
    assert world.request().reference in str(world.slack.modal("U0MARA"))


def test_what_the_balance_was_long_ago_is_forgotten(world: JourneyWorld) -> None:
    world.bot.jobs.fire("balance")
    first = samples(world)
    world.passes(days=91)
    world.bot.jobs.fire("balance")

    assert world.bot.jobs.fire("balance_history")

    assert first
    assert samples(world)
    assert samples(world).isdisjoint(first)


def samples(world: JourneyWorld) -> set[datetime]:
    with world.bot.database.reading() as session:
        return set(session.exec(select(BalanceSample.taken_at)))
