"""What follows an attempt without success: when it is tried again, what waits with it, when it is given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notifier.outbox.backoff import (
    DEAD_AFTER,
    FIRST_PAUSE,
    FIRST_PAUSE_OF_ALL,
    FIRST_PAUSE_OF_ONE,
    LONGEST_PAUSE,
    LONGEST_PAUSE_OF_ALL,
    LONGEST_PAUSE_OF_CLOSED,
    MOST_BLIND_REPEATS,
    MOST_IN_LANE,
    MOST_REFUSALS,
    History,
    RetryDecision,
    Scope,
    Trouble,
    decide_retry,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OWN_FAULTS = (Trouble.REFUSED, Trouble.BAD_FORM, Trouble.GONE)
AGES = tuple(trouble for trouble in Trouble if trouble is not Trouble.UNAUTHORISED)


def decides(
    trouble: Trouble,
    *,
    attempts: int = 1,
    repeats: int = 0,
    age: timedelta = timedelta(0),
    pauses_of_all: int = 0,
    retry_after: timedelta | None = None,
    jitter: float = 0.5,
    alone: bool = False,
    behind: bool = False,
) -> RetryDecision:
    """Decide after this many attempts; a jitter of 0.5 leaves pauses as they are."""
    history = History(
        attempts=attempts,
        repeats=repeats,
        first_tried_at=NOW - age,
        pauses_of_all=pauses_of_all,
        alone=alone,
        behind=behind,
    )
    return decide_retry(trouble, history=history, retry_after=retry_after, now=NOW, jitter=jitter)


def test_slack_is_obeyed_with_up_to_a_second_more_so_that_not_all_come_at_once() -> None:
    asked = timedelta(seconds=30)

    assert decides(Trouble.LIMITED, retry_after=asked, jitter=0.0).wait == asked
    assert decides(Trouble.LIMITED, retry_after=asked, jitter=0.75).wait == asked + timedelta(seconds=0.75)
    assert decides(Trouble.LIMITED, retry_after=asked).scope is Scope.LANE
    assert decides(Trouble.LIMITED, jitter=0.0).wait == FIRST_PAUSE, "where it does not say how long"


def test_pauses_double_up_to_the_longest() -> None:
    waits = [decides(Trouble.IN_DOUBT, attempts=attempts).wait for attempts in (1, 2, 3, 4, 100)]

    assert waits == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_pauses_are_spread_from_half_to_one_and_a_half() -> None:
    assert decides(Trouble.NEVER_SENT, jitter=0.0).wait == FIRST_PAUSE / 2
    assert decides(Trouble.NEVER_SENT, jitter=1.0).wait == FIRST_PAUSE * 1.5


@pytest.mark.parametrize("trouble", [Trouble.NEVER_SENT, Trouble.IN_DOUBT, Trouble.UNREACHABLE])
def test_a_channel_in_trouble_waits_as_a_whole(trouble: Trouble) -> None:
    assert decides(trouble) == RetryDecision(again=True, wait=FIRST_PAUSE, scope=Scope.LANE)


@pytest.mark.parametrize("trouble", OWN_FAULTS)
def test_what_is_wrong_with_one_message_holds_no_other_and_dies_soon(trouble: Trouble) -> None:
    first = decides(trouble)
    last = decides(trouble, attempts=MOST_REFUSALS - 1)

    assert first == RetryDecision(again=True, wait=FIRST_PAUSE_OF_ONE, scope=Scope.DELIVERY)
    assert last.wait == FIRST_PAUSE_OF_ONE * 8
    assert not decides(trouble, attempts=MOST_REFUSALS).again


def test_a_refused_token_stops_everything_and_ages_nothing() -> None:
    first = decides(Trouble.UNAUTHORISED, age=DEAD_AFTER * 10, attempts=100)

    assert first == RetryDecision(again=True, wait=FIRST_PAUSE_OF_ALL, scope=Scope.ALL)
    assert decides(Trouble.UNAUTHORISED, pauses_of_all=1).wait == FIRST_PAUSE_OF_ALL * 2
    assert decides(Trouble.UNAUTHORISED, pauses_of_all=50).wait == LONGEST_PAUSE_OF_ALL


def test_what_slack_does_not_let_us_look_for_is_repeated_blindly_once() -> None:
    assert decides(Trouble.NOT_SAID, repeats=MOST_BLIND_REPEATS - 1).again
    assert not decides(Trouble.NOT_SAID, repeats=MOST_BLIND_REPEATS).again


@pytest.mark.parametrize("trouble", AGES)
def test_everything_else_is_given_up_after_a_day_and_not_before(trouble: Trouble) -> None:
    assert decides(trouble, age=DEAD_AFTER - timedelta(seconds=1)).again
    assert not decides(trouble, age=DEAD_AFTER).again


def test_s13_what_lasts_is_tried_less_and_less_often() -> None:
    for trouble, longest in (
        (Trouble.LIMITED, LONGEST_PAUSE_OF_ALL),
        (Trouble.UNREACHABLE, LONGEST_PAUSE_OF_CLOSED),
    ):
        waits = [decides(trouble, attempts=attempts, jitter=0.5).wait for attempts in (1, 4, 9, 30)]
        assert waits == sorted(waits)
        assert waits[-1] >= longest
    asked = timedelta(seconds=30)
    assert decides(Trouble.LIMITED, attempts=30, retry_after=asked, jitter=0.0).wait == asked


@pytest.mark.parametrize("trouble", [Trouble.IN_DOUBT, Trouble.NEVER_SENT])
def test_n5_what_may_be_its_own_trouble_steps_aside_every_fourth_time(trouble: Trouble) -> None:
    steps = [decides(trouble, attempts=attempts).scope is Scope.DELIVERY for attempts in range(1, 13)]

    assert steps == [False, False, False, True] * 3
    assert decides(trouble, attempts=MOST_IN_LANE).alone_for == LONGEST_PAUSE


def test_n5_what_fails_behind_another_holds_the_lane_and_makes_room_for_the_next() -> None:
    found = decides(Trouble.IN_DOUBT, attempts=MOST_IN_LANE, behind=True)

    assert (found.scope, found.wait, found.alone_for) == (Scope.LANE, LONGEST_PAUSE, FIRST_PAUSE_OF_ONE * 8)


def test_n5_what_failed_while_others_were_delivered_holds_nobody_any_more() -> None:
    for attempts in (MOST_IN_LANE, MOST_IN_LANE + 1, 50):
        assert decides(Trouble.IN_DOUBT, attempts=attempts, alone=True).scope is Scope.DELIVERY
    assert decides(Trouble.IN_DOUBT, attempts=50, alone=True).wait == LONGEST_PAUSE_OF_ALL


@pytest.mark.parametrize("trouble", [Trouble.LIMITED, Trouble.UNREACHABLE])
def test_n5_a_lane_that_is_limited_or_closed_waits_as_a_whole(trouble: Trouble) -> None:
    assert decides(trouble, attempts=MOST_IN_LANE) == replace(
        decides(trouble, attempts=MOST_IN_LANE), scope=Scope.LANE, alone_for=None
    )
