"""When notices become a digest, and when they are messages of their own again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.routing.storm_rules import LONGEST, NoticePlacement, StormRule, StormState, decide, settle

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RULE = StormRule(budget=3, window=timedelta(minutes=1))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def live_through(seconds: list[float], *, waiting: int = 0) -> tuple[StormState, list[NoticePlacement]]:
    """Let notices come at these seconds, and return how it stands and what became of each."""
    state, placements = StormState(), []
    for second in seconds:
        state = settle(state, rule=RULE, unposted=False, now=after(second))
        state, placement = decide(state, rule=RULE, waiting=waiting, now=after(second))
        placements.append(placement)
    return state, placements


def test_as_many_as_the_budget_are_messages_of_their_own() -> None:
    _, placements = live_through([0, 1, 2])
    assert placements == [NoticePlacement.ALONE] * 3


def test_the_one_beyond_the_budget_begins_a_storm_and_the_next_are_gathered() -> None:
    _, placements = live_through([0, 1, 2, 3, 4])
    assert placements == [*[NoticePlacement.ALONE] * 3, NoticePlacement.BEGINS, NoticePlacement.GATHERED]


def test_a_steady_flow_within_the_budget_is_no_storm() -> None:
    _, placements = live_through([number * 20.1 for number in range(100)])
    assert set(placements) == {NoticePlacement.ALONE}


def test_a_storm_ends_after_a_window_that_kept_the_budget_and_not_before() -> None:
    stormy, _ = live_through([0, 1, 2, 3, 4, 5, 6, 7])

    assert settle(stormy, rule=RULE, unposted=False, now=after(62)).storm is not None
    busy = settle(stormy, rule=RULE, unposted=False, now=after(64))
    assert busy.storm is not None, "five came in its first window"
    assert settle(busy, rule=RULE, unposted=False, now=after(122)).storm is not None
    assert settle(busy, rule=RULE, unposted=False, now=after(124)) == StormState()


def test_a_storm_goes_on_while_something_of_it_waits_for_slack() -> None:
    stormy, _ = live_through([0, 1, 2, 3])

    unposted = settle(stormy, rule=RULE, unposted=True, now=after(600))
    assert unposted.storm is not None
    assert settle(unposted, rule=RULE, unposted=False, now=after(700)).storm is None


def test_what_waits_for_slack_counts_however_slowly_it_came() -> None:
    _, placements = live_through([0], waiting=3)
    assert placements == [NoticePlacement.BEGINS]


def test_a_storm_of_hours_gets_a_new_digest_every_hour() -> None:
    state, placements = live_through([number * 5.0 for number in range(int(LONGEST.total_seconds() / 5) + 30)])

    assert placements.count(NoticePlacement.BEGINS) == 2
    assert placements.count(NoticePlacement.ALONE) == 6
    assert state.storm is not None


@given(st.lists(st.floats(0, 600), max_size=200))
def test_in_no_window_are_more_messages_of_their_own_than_the_budget(seconds: list[float]) -> None:
    moments = sorted(seconds)
    _, placements = live_through(moments)

    alone = [
        moment for moment, placement in zip(moments, placements, strict=True) if placement is NoticePlacement.ALONE
    ]
    for first in alone:
        # A storm that has ended gives the whole budget back, a window after its last quiet one began.
        assert sum(first <= moment < first + 60 for moment in alone) <= 2 * RULE.budget
    storms = placements.count(NoticePlacement.BEGINS)
    assert len(alone) <= RULE.budget * (storms + 11)
