"""Combinations of statements, single ones and forgeries, in any order: none moves money."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attacks.conftest import Scene, money_moved
from tests.attacks.forgeries import forgeries
from tests.attacks.statements import generated
from tests.attacks.stories import thought_of


@pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
@settings(max_examples=settings().max_examples // 2)
@given(seed=st.integers(min_value=0), count=st.integers(min_value=2, max_value=12))
def test_a4_statements_in_any_order_move_no_money(scene: Scene, seed: int, count: int) -> None:
    known = {
        **forgeries(scene.desk, scene.written),
        **thought_of(scene.desk, scene.written),
        **generated(scene.desk, scene.written),
    }
    chosen = random.Random(seed)  # noqa: S311 - which attacks are tried is no secret
    # Whole forgeries and their single statements, so that halves of two of them meet.
    forged = list(forgeries(scene.desk, scene.written).values())
    pieces = [*forged, *([statement] for attack in forged for statement in attack), *known.values()]
    with scene.client.copied() as (copy, database):
        for _ in range(count):
            copy.tries(chosen.choice(pieces if chosen.random() < 0.5 else forged))
        desk = scene.desk.on(database)
        desk.works_on()

        assert money_moved(desk) == {}
