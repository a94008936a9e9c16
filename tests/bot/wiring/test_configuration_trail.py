"""Each start writes down what is configured differently, and never a secret (case A21)."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import col, select

from approvals.audit import chain
from approvals.tables import AuditEvent
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import read_config
from bot.wiring.configuration_trail import note_configuration
from bot.wiring.foundation import Foundation
from tests.approvals.audit.test_breaks import adds
from tests.approvals.world import START, ApprovalWorld, make_context
from tests.bot.settings.test_environment import GOOD, read
from tests.journeys.world import CONFIG

DATABASE = "postgresql+psycopg://bot:hunter2@db/cardops?password=hunter2"
SECRETS = ("very-secret", "hunter2", "PRIVATE KEY", GOOD["CARDOPS_SECRET_KEYS"])


def starts(database: SqlDatabase, tmp_path: Path, *, config: str = CONFIG, **changes: str) -> bool:
    path = tmp_path / "cardops.yml"
    path.write_text(config)
    clock = SimpleNamespace(now_in=lambda _session: START)
    base: Any = SimpleNamespace(
        settings=read(DATABASE_URL=DATABASE, **changes), config=read_config(path), database=database, clock=clock
    )
    return note_configuration(cast("Foundation", base), make_context())


def events(database: SqlDatabase) -> list[dict[str, Any]]:
    with database.reading() as session:
        query = select(AuditEvent).where(AuditEvent.event == "configuration:changed")
        rows = session.exec(query.order_by(col(AuditEvent.seq))).all()
    return [json.loads(row.facts) for row in rows]


def test_a21_a_start_says_what_changed_since_the_last(database: SqlDatabase, tmp_path: Path) -> None:
    assert starts(database, tmp_path)
    assert not starts(database, tmp_path), "nothing changed"
    assert starts(database, tmp_path, config=CONFIG.replace("over: 500.00 EUR", "over: 900.00 EUR"))
    assert starts(
        database,
        tmp_path,
        config=CONFIG.replace("over: 500.00 EUR", "over: 900.00 EUR").replace("{groups: [S0SUPPORT]}", "{}"),
        PAYTEND_TIMEOUT_SECONDS="20",
    )

    first, second, third = events(database)
    assert "changed" not in first
    assert second["changed"] == {"cardops.yml.policy[1].over": ['"500.00 EUR"', '"900.00 EUR"']}
    assert third["changed"]["PAYTEND_TIMEOUT_SECONDS"] == ["30.0", "20.0"]
    assert third["changed"]["cardops.yml.roles.support.groups[1]"] == ['"S0SUPPORT"', None]
    assert len({first["digest"], second["digest"], third["digest"]}) == 3


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "CARDOPS_SECRET_KEYS", "PAYTEND_PRIVATE_KEY"])
def test_a21_of_secrets_it_says_only_that_there_is_one(database: SqlDatabase, tmp_path: Path, name: str) -> None:
    starts(database, tmp_path)

    (event,) = events(database)
    text = json.dumps(event)
    assert event["values"][name] == "(set)"
    assert event["values"]["DATABASE_URL"] == "postgresql+psycopg://db/cardops"
    assert not any(secret in text for secret in SECRETS)


def test_a21_an_event_that_somebody_added_hides_no_change_and_stops_no_start(
    database: SqlDatabase, tmp_path: Path
) -> None:
    assert starts(database, tmp_path)
    adds(ApprovalWorld(database), event=chain.CONFIGURED, subject=chain.CONFIGURATION, facts='{"digest":[]}')

    assert not starts(database, tmp_path), "nothing changed"
    assert starts(database, tmp_path, PAYTEND_TIMEOUT_SECONDS="20")
