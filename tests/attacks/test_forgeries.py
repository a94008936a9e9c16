"""Forgeries that no trigger can refuse: none of them moves money, and each shows in `audit verify` or `check`."""

import pytest

from tests.attacks.conftest import Scene, money_moved
from tests.attacks.forgeries import forgeries

NAMES = (
    "a manager who never decided",
    "the second of two managers",
    "a denial that nobody gave",
    "a withdrawal",
    "an end in time",
    "an end after the approval",
    "a refusal by Paytend",
    "in flight, but never sent",
    "in flight, but failed",
    "in flight, but done",
    "unknown, but looked up as failed",
    "unknown, but looked up as done",
    "settled by people who said nothing",
    "an approver who lost the right",
    "more time by going back and forth",
    "another request like the one that was done",
    "a rotation that destroys",
    "a retention that destroys",
    "an event of the trail",
)


def test_every_forgery_is_tried(scene: Scene) -> None:
    assert tuple(forgeries(scene.desk, scene.written)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a2_a4_a17_a_forgery_is_refused_or_shows_and_moves_no_money(scene: Scene, name: str) -> None:
    with scene.client.copied() as (copy, database):
        refusal = copy.tries(forgeries(scene.desk, scene.written)[name])
        desk = scene.desk.on(database)
        shown = desk.notices()
        desk.works_on()

        assert refusal or shown
        assert money_moved(desk) == {}
