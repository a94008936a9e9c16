"""Whose turn it is: urgent before ordinary before edits, and no queue of one lane delays the next of another."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.outbox.delivery_outcomes import PACE
from notifier.outbox.turns import PATIENCE, Rank, Turn, lane_of_edits, lane_of_posts, pace_edit, put_in_order
from tests.notifier.conftest import NotifierWorld

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MANY = settings(max_examples=200)
SOAK = settings(max_examples=10_000)


@dataclass
class Queue:
    """One lane of the model: what is left to do, when it may go on, and when it was served."""

    name: str
    rank: Rank
    left: int
    free_at: datetime = START
    served_at: datetime | None = None


queues = st.lists(
    st.tuples(st.sampled_from(list(Rank)), st.integers(min_value=1, max_value=8)), min_size=2, max_size=4
).map(lambda found: [Queue(name=f"C{place}", rank=rank, left=left) for place, (rank, left) in enumerate(found)])
seconds = st.floats(min_value=0.05, max_value=10)


def serve(lanes: list[Queue], latency: float) -> list[tuple[datetime, str]]:
    """Let one worker serve the lanes until all is done; return when each delivery was begun, and of which lane."""
    now, numbers, served = START, Counter[str](), []
    while waiting := [lane for lane in lanes if lane.left]:
        free = [lane for lane in waiting if lane.free_at <= now]
        if not free:
            now = min(lane.free_at for lane in waiting)
            continue
        turns = [
            Turn(
                lane=lane.name,
                delivery=(0, f"{lane.name}-{numbers[lane.name]:04d}"),
                rank=lane.rank,
                due_at=START,
                served_at=lane.served_at,
            )
            for lane in free
        ]
        first = next(lane for lane in lanes if lane.name == put_in_order(turns, now=now)[0].lane)
        served.append((now, first.name))
        first.left, first.served_at = first.left - 1, now
        numbers[first.name] += 1
        now += timedelta(seconds=latency)
        first.free_at = now + PACE
    return served


def check_fair(lanes: list[Queue], latency: float) -> None:
    """Check that no lane waits longer between two of its deliveries than its patience and a turn of each other."""
    longest = PATIENCE + PACE + timedelta(seconds=latency) * 2 * len(lanes)
    last = {lane.name: START for lane in lanes}
    for at, name in serve(lanes, latency):
        assert at - last[name] <= longest, f"{name} waited {at - last[name]}"
        last[name] = at


@MANY
@given(lanes=queues, latency=seconds)
def test_n12_no_lane_is_held_by_the_queues_of_others(lanes: list[Queue], latency: float) -> None:
    check_fair(lanes, latency)


@pytest.mark.soak
@SOAK
@given(lanes=queues, latency=seconds)
def test_n12_no_lane_is_held_by_the_queues_of_others_ten_thousand_times(
    lanes: list[Queue], latency: float
) -> None:
    check_fair(lanes, latency)


ages = st.integers(0, 60)
turns = st.lists(st.tuples(ages, ages, st.sampled_from(list(Rank))), max_size=5).map(
    lambda found: [
        Turn(
            lane=f"C{place}",
            delivery=(0, f"{due % 3}"),
            rank=rank,
            due_at=START - timedelta(seconds=due),
            served_at=START - timedelta(seconds=served) if served else None,
        )
        for place, (due, served, rank) in enumerate(found)
    ]
)


@MANY
@given(waiting=turns)
def test_n12_the_order_depends_on_nothing_else_and_loses_nobody(waiting: list[Turn]) -> None:
    ordered = put_in_order(waiting, now=START)

    assert Counter(ordered) == Counter(waiting)
    assert put_in_order(waiting[::-1], now=START) == ordered
    patient = [turn for turn in ordered if START - max(turn.due_at, turn.served_at or turn.due_at) < PATIENCE]
    assert [turn.rank for turn in patient] == sorted(turn.rank for turn in patient)


def test_n12_urgent_posts_go_first_then_posts_then_edits_and_among_equals_who_waited_longest() -> None:
    turn = Turn(lane="C1", delivery=(0, "1"), rank=Rank.POST, due_at=START, served_at=START)
    edit = replace(turn, lane=lane_of_edits("C1"), delivery=(0, "0"), rank=Rank.EDIT, served_at=None)
    urgent = replace(turn, lane="C2", delivery=(0, "9"), rank=Rank.URGENT)
    other = replace(turn, lane="C3", delivery=(0, "8"), served_at=START - timedelta(seconds=1))

    assert put_in_order([turn, edit, urgent, other], now=START) == [urgent, other, turn, edit]
    assert put_in_order([turn, edit, urgent, other], now=START + PATIENCE)[0] == edit


@given(gaps=st.lists(st.sampled_from([0, 0, 0, 0.5, 1, 2, 10]), min_size=1, max_size=90))
def test_n12_edits_keep_slacks_tier_in_any_minute_and_a_few_go_at_once(gaps: list[float]) -> None:
    now, paced_until, made = START, None, []
    for gap in gaps:
        now = max(now + timedelta(seconds=gap), paced_until or now)
        made.append(now)
        paced_until = pace_edit(paced_until, now=now)

    for first in made:
        assert sum(first <= at < first + timedelta(minutes=1) for at in made) <= 50
    assert any(gaps[1:10]) or set(made[:10]) == {made[0]}


def test_n12_a_notice_goes_before_silent_edits(world: NotifierWorld) -> None:
    for number in range(12):
        world.says(f"{number}", key=f"purchase:{number}")
    world.delivers_all(12)

    for number in range(12):
        world.edits(f"purchase:{number}", f"{number}, of Ana")
    world.says("an ordinary notice")
    world.delivers()

    assert world.slack.texts()[-1] == "an ordinary notice"
    later = [method for method, _ in world.slack.calls[12:]]
    assert later == ["chat.postMessage", *["chat.update"] * 10], "and edits keep their own pace"


def test_n12_limited_edits_hold_no_post_and_all_edits(world: NotifierWorld) -> None:
    for channel in ("C0ALERTS", "C0OPS"):
        world.says("purchase", channel, key=channel)
    world.delivers()
    world.clock.passes(seconds=2)
    world.slack.will("chat.update", "ratelimited")
    for channel in ("C0ALERTS", "C0OPS"):
        world.edits(channel, "purchase, of Ana")

    world.delivers()
    world.says("notice")
    world.delivers()

    assert world.slack.texts() == ["purchase", "notice"]
    assert world.slack.count("chat.update") == 1, "the other channel's edit waits too"
    world.delivers_all(5)
    assert world.slack.texts("C0OPS") == ["purchase, of Ana"]
    assert lane_of_posts(lane_of_edits("C0OPS")) == "C0OPS"
