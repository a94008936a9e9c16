"""Whoever has the database can write any number of rows: what is said of them stays short, and says how many."""

# ruff: noqa: S608 - every value in these statements is a constant

import pytest

from bot.database.invariants import MOST
from tests.bot.cli.conftest import Operator
from tests.bot.cli.test_check import alter

ROWS = 3_000
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) "
STOPS = (
    "INSERT INTO stop (id, scope, cause, mark, reason, person_id, account, name, stopped_at, mac) "
    f"{NUMBERS} SELECT 'forged' || i, 'all', 'person', '', 'me', 'U0X', 'U0X', 'X', "
    "'2026-01-01 00:00:00.000000', '' FROM n"
)
EVENTS = (
    "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
    f"{NUMBERS} SELECT 100 + 2 * i, 'stop:began', 'U0X', 'stops', '{{}}', "
    "'2026-01-01 00:00:00.000000', '', '' FROM n"
)
CHANGES = (
    "INSERT INTO cardholder_change (id, cardholder_id, person_id, changed_at) "
    f"{NUMBERS} SELECT 'forged' || i, 'h', 'U0X', '2026-01-01 00:00:00.000000' FROM n"
)


@pytest.mark.parametrize(
    ("statement", "broken"), [(STOPS, 1), (EVENTS, 2), (CHANGES, 1)], ids=["stops", "events", "changes"]
)
def test_a17_any_number_of_forged_rows_is_a_few_lines_and_a_number(
    operator: Operator, statement: str, broken: int
) -> None:
    world = operator.world()
    world.executes(world.approved())
    alter(world, statement)

    status, _, err = operator.types("check")

    lines = err.splitlines()
    assert status == 1
    assert len(lines) <= broken * (MOST + 1) + 1
    assert f"  and {ROWS - MOST:,} more like it" in lines


def test_a17_a_few_of_them_are_all_named(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    alter(world, STOPS.replace(str(ROWS), str(MOST)))

    _, _, err = operator.types("check")

    assert err.count("its MAC does not fit") == MOST
    assert "more like it" not in err
