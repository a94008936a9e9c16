"""When notices become a digest, and when they are messages of their own again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.routing.storm_rules import LONGEST, Fate, StormRule, StormState, decide, settle

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RULE = StormRule(budget=3, window=timedelta(minutes=1))


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def live_through(seconds: list[float], *, waiting: int = 0) -> tuple[StormState, list[Fate]]:
    """Let notices come at these seconds, and return how it stands and what became of each."""
    weather, fates = StormState(), []
    for second in seconds:
        weather = settle(weather, rule=RULE, untold=False, now=after(second))
        weather, fate = decide(weather, rule=RULE, waiting=waiting, now=after(second))
        fates.append(fate)
    return weather, fates


def test_as_many_as_the_budget_are_messages_of_their_own() -> None:
    _, fates = live_through([0, 1, 2])
    assert fates == [Fate.ALONE] * 3


def test_the_one_beyond_the_budget_begins_a_storm_and_the_next_are_gathered() -> None:
    _, fates = live_through([0, 1, 2, 3, 4])
    assert fates == [*[Fate.ALONE] * 3, Fate.BEGINS, Fate.GATHERED]


def test_a_steady_flow_within_the_budget_is_no_storm() -> None:
    _, fates = live_through([number * 20.1 for number in range(100)])
    assert set(fates) == {Fate.ALONE}


def test_a_storm_ends_after_a_window_that_kept_the_budget_and_not_before() -> None:
    stormy, _ = live_through([0, 1, 2, 3, 4, 5, 6, 7])

    assert settle(stormy, rule=RULE, untold=False, now=after(62)).storm is not None
    busy = settle(stormy, rule=RULE, untold=False, now=after(64))
    assert busy.storm is not None, "five came in its first window"
    assert settle(busy, rule=RULE, untold=False, now=after(122)).storm is not None
    assert settle(busy, rule=RULE, untold=False, now=after(124)) == StormState()


def test_a_storm_goes_on_while_something_of_it_waits_for_slack() -> None:
    stormy, _ = live_through([0, 1, 2, 3])

    untold = settle(stormy, rule=RULE, untold=True, now=after(600))
    assert untold.storm is not None
    assert settle(untold, rule=RULE, untold=False, now=after(700)).storm is None


def test_what_waits_for_slack_counts_however_slowly_it_came() -> None:
    _, fates = live_through([0], waiting=3)
    assert fates == [Fate.BEGINS]


def test_a_storm_of_hours_gets_a_new_digest_every_hour() -> None:
    weather, fates = live_through([number * 5.0 for number in range(int(LONGEST.total_seconds() / 5) + 30)])

    assert fates.count(Fate.BEGINS) == 2
    assert fates.count(Fate.ALONE) == 6
    assert weather.storm is not None


@given(st.lists(st.floats(0, 600), max_size=200))
def test_in_no_window_are_more_messages_of_their_own_than_the_budget(seconds: list[float]) -> None:
    moments = sorted(seconds)
    _, fates = live_through(moments)

    alone = [moment for moment, fate in zip(moments, fates, strict=True) if fate is Fate.ALONE]
    for first in alone:
        # A storm that has ended gives the whole budget back, a window after its last quiet one began.
        assert sum(first <= moment < first + 60 for moment in alone) <= 2 * RULE.budget
    storms = fates.count(Fate.BEGINS)
    assert len(alone) <= RULE.budget * (storms + 11)
