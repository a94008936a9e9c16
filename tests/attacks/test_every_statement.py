"""Single statements against every guarded table and column, by the bot's own role and by any SQLite client."""

import re

import pytest

from tests.attacks.clients import NOTHING, PostgresqlClient
from tests.attacks.conftest import Scene, money_moved
from tests.attacks.desk import MAY_MOVE
from tests.attacks.statements import generated
from tests.attacks.stories import shadows, thought_of

# What the triggers let anybody write, because the bot does: an end that comes sooner, that people are called, and
# that Paytend contradicts an end, which blocks the card; and the words of a refusal, which people read only.
SOONER = {
    "approval_request.execute_by",
    "approval_execution.gave_up_at",
    "approval_execution.contradicted_at",
    "approval_execution.refused_words",
}
NOT_TRIED = ("syntax error", "no such", "does not exist", "ambiguous", "has no column")


def test_the_bot_sends_each_approved_request_once(scene: Scene) -> None:
    with scene.client.copied() as (_, database):
        desk = scene.desk.on(database)
        desk.works_on()

        assert desk.moved() == {name: MAY_MOVE.get(name, 0) for name in desk.requests}
        assert desk.strangers() == {}
        assert desk.notices() == []


def test_a4_a18_every_column_of_every_guarded_table_is_guarded(scene: Scene) -> None:
    attacks = generated(scene.desk, scene.written)
    refusals = scene.client.asks(attacks)

    taken = {name for name, refusal in refusals.items() if not refusal}
    assert len(attacks) > 1000
    assert sum(refusal != NOTHING for refusal in refusals.values()) > 700
    assert {re.sub(r" \(.*\): (\w+) = .*", r".\1", name) for name in taken} == SOONER
    assert [name for name, refusal in refusals.items() if any(words in refusal for words in NOT_TRIED)] == []
    with scene.client.copied() as (copy, database):
        for name in taken:
            copy.tries(attacks[name])
        desk = scene.desk.on(database)
        desk.works_on()
        assert money_moved(desk) == {}


def test_a4_a18_what_somebody_would_think_of_is_refused(scene: Scene) -> None:
    attacks = thought_of(scene.desk, scene.written)
    refusals = scene.client.asks(attacks)

    assert len(attacks) > 100
    assert [name for name, refusal in refusals.items() if not refusal] == []
    assert [name for name, refusal in refusals.items() if any(words in refusal for words in NOT_TRIED)] == []


@pytest.mark.postgres
@pytest.mark.parametrize("scene", ["postgresql"], indirect=True)
def test_a3_other_tables_functions_and_operators_of_the_same_name_are_not_looked_at(scene: Scene) -> None:
    assert isinstance(scene.client, PostgresqlClient)
    attacks = shadows(scene.desk)
    without = scene.client.asks(attacks)
    assert [name for name, refusal in without.items() if not refusal] == []

    # And from a role that somebody gave the privileges that the document takes away.
    with scene.client.copied() as (client, _):
        assert isinstance(client, PostgresqlClient)
        client.owner_does(
            f"GRANT TEMPORARY ON DATABASE {client.database} TO {client.role}",
            f"CREATE SCHEMA evil AUTHORIZATION {client.role}",
            f"GRANT CREATE ON SCHEMA public TO {client.role}",
        )
        refusals = client.asks(attacks)
    assert [name for name, refusal in refusals.items() if not refusal] == []
    assert [name for name, refusal in refusals.items() if any(words in refusal for words in NOT_TRIED)] == []
    assert [name for name, refusal in refusals.items() if "permission denied" in refusal] == ["replica mode"]
