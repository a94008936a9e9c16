"""A database of before there were MACs: what was decided is marked so, and what is open is asked again (A2)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from approvals.actions.table import find_action
from approvals.audit import chain
from approvals.canonical_json import canonical_json
from approvals.execution import unproven
from approvals.execution.execution import NotClaimed
from approvals.policy.rules import choose_rule, to_json
from approvals.requests import stored
from approvals.requests.digest import digest_of
from approvals.statuses import Status
from approvals.tables import REQUEST_TABLE, Request
from bot.database import schema
from bot.database.engine import SqlDatabase
from tests.approvals.world import ADA, MARA, START, ApprovalWorld
from tests.databases import KINDS, fresh_url

BEFORE = "0007"
OPENED = """
INSERT INTO approval_request (id, action, subject, payload, shown, digest, phrase, requester_id, requester_account,
requester_name, asked_in, told, rule, rule_name, quorum, roles, currency, amount_minor, cardholder_id, reference,
status, version, created_at, decide_by, reminded, reason)
VALUES (:id, 'card.top_up', :card, :payload, :shown, :digest, 'a b c', 'U0SAM', 'U0SAM', 'Sam', '', 'C0APPROVALS',
:rule, 'top-ups', 1, ',manager,', 'EUR', 1000, 'H1', :reference, 'pending', 1, :now, :until, 0, '')
"""
DECISION = """
INSERT INTO approval_decision (request_id, person_id, account, name, verdict, digest, reason, decided_at)
VALUES (:id, 'U0MARA', 'U0MARA', 'Mara', 'approve', :digest, '', :now)
"""
APPROVED = """
UPDATE approval_request SET status = 'approved', version = 2, approved_at = :now, execute_by = :until
WHERE id = :id
"""
EXECUTING = "UPDATE approval_request SET status = 'executing', version = 3 WHERE id = :id"
ENDED = "UPDATE approval_request SET status = :status, version = 4, ended_at = :now WHERE id = :id"
EXECUTION = """
INSERT INTO approval_execution (request_id, lease, lease_until, claimed_at, attempts, outcome, words,
provider_reference, answer, looks, unknown_since, gave_up_at)
VALUES (:id, 'l', :now, :now, 1, :status, '', 'T77', '', 0, :now, :now)
"""


@pytest.fixture(params=KINDS)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApprovalWorld]:
    """A world on a database of before, with a request in each state; their ids are their states."""
    with fresh_url(request.param, tmp_path) as url:
        database = SqlDatabase(url)
        with database.writing() as session:
            command.upgrade(schema._config(session.connection()), BEFORE)
        world = ApprovalWorld(database=database)
        for number, state in enumerate(("pending", "approved", "executed", "unknown")):
            _write(world, state, card=f"175590{number}")
        schema.migrate(database)
        yield world
        database.close()


def _at(world: ApprovalWorld, moment: datetime) -> object:
    return str(moment.replace(tzinfo=None)) + ".000000" if world.database.is_sqlite else moment


def _write(world: ApprovalWorld, state: str, *, card: str) -> None:
    """Write what the version before wrote: rows without MACs, a digest without the reference, plain events."""
    payload = {"card_id": card, "money": "10.00 EUR", "reason": ""}
    model = find_action("card.top_up").payload.model_validate(payload)
    chosen = to_json(choose_rule(world.context.policy.rules, action="card.top_up", money=model.moved_money))
    digest = digest_of(action="card.top_up", payload=to_json(model), requester_id="U0SAM", rule=chosen)

    def seal(value: object, column: str) -> bytes:
        return world.context.vault.seal(canonical_json(value), table=REQUEST_TABLE, row=state, column=column)

    shown = {"summary": "a top-up", "card": to_json(world.card)}
    values = {
        "id": state,
        "card": card,
        "digest": digest,
        "payload": seal(to_json(model), "payload"),
        "shown": seal(shown, "shown"),
        "rule": canonical_json(chosen).decode(),
        "reference": f"ref-{state}",
        "status": state,
        "now": _at(world, START),
        "until": _at(world, START + timedelta(hours=8)),
    }
    steps = {"pending": [OPENED], "approved": [OPENED, DECISION, APPROVED]}
    carried_out = [*steps["approved"], EXECUTION, EXECUTING, ENDED]
    events = [
        ("approval:opened", "pending", 1, {}),
        ("approval:approved", "approved", 2, {"by": "U0MARA", "verdict": "approve", "count": "1 of 1"}),
        ("execution:claimed", "executing", 3, {"lease": "l"}),
        (f"execution:{state}", state, 4, {"answer": "{}"}),
    ]
    with world.database.writing() as session:
        for statement in steps.get(state, carried_out):
            session.connection().execute(text(statement), values)
        for event, status, version, more in events[: {"pending": 1, "approved": 2}.get(state, 4)]:
            facts = {"status": status, "digest": digest, "version": version, **more}
            chain.append(
                session,
                event,
                key=world.context.audit_key,
                actor="U0MARA" if "by" in more else "U0SAM",
                subject=f"request:{state}",
                facts=facts,
                now=START,
            )


def read(world: ApprovalWorld, request_id: str) -> Request:
    with world.database.reading() as session:
        return stored.find(session, request_id)


def test_a2_an_approved_request_of_before_is_never_claimed(before: ApprovalWorld) -> None:
    before.card = before.card.model_copy(update={"card_id": "1755901", "subject": "1755901"})
    left = before.claims(read(before, "approved"))

    assert isinstance(left, NotClaimed)
    assert before.paytend.books == {}


def test_a2_open_requests_of_before_end_with_words(before: ApprovalWorld) -> None:
    with before.database.writing() as session:
        assert unproven.end_unsigned(session, before.context, now=before.now) == 2

    for name in ("pending", "approved"):
        ended = read(before, name)
        assert (ended.status, ended.reason) == (Status.EXPIRED, unproven.UNSIGNED)
    assert "execution:unproven" not in before.events()
    with before.database.writing() as session:
        assert unproven.end_unsigned(session, before.context, now=before.now) == 0
    assert before.verified().is_intact


def test_a2_what_was_done_before_is_kept_and_marked(before: ApprovalWorld) -> None:
    done = read(before, "executed")
    assert (done.mac, done.approval_mac) == ("", "")
    with before.database.reading() as session:
        assert [row.mac for row in stored.find_decisions(session, "executed")] == [""]
        assert [row.is_void for row in stored.read_earlier(session, done, macs=before.context.macs)] == [False]
        assert stored.read_payload(before.context, done).subject == "1755902"


def test_a2_an_unknown_outcome_of_before_can_be_settled(before: ApprovalWorld) -> None:
    request = read(before, "unknown")
    before.settles(request, MARA, happened=True)

    assert before.settles(request, ADA, happened=True).status == "executed"


def test_a2_a_mac_that_was_taken_away_is_no_request_of_before(world: ApprovalWorld) -> None:
    request = world.approved()
    with world.database.writing() as session:
        connection = session.connection()
        if world.database.is_sqlite:
            connection.execute(text("DROP TRIGGER cardops_request_content_frozen"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE approval_request SET mac = ''"))
    with world.database.writing() as session:
        unproven.end_unsigned(session, world.context, now=world.now)

    assert world.read(request).status == "approved"
    assert world.events().count("execution:unproven") == 1


def test_a_field_that_a_later_version_adds_does_not_alter_open_requests(world: ApprovalWorld) -> None:
    """Hashed is the JSON as it was stored: one with fewer fields than today's payload has fits its digest."""
    request = world.asks()
    with world.database.reading() as session:
        row = stored.find(session, request.id)
    content = json.loads(world.context.vault.open(row.payload, table=REQUEST_TABLE, row=row.id, column="payload"))
    del content["reason"]  # as if the version that stored it had not known this field
    row.payload = world.context.vault.seal(
        canonical_json(content), table=REQUEST_TABLE, row=row.id, column="payload"
    )
    row.digest = digest_of(
        action=row.action,
        payload=content,
        requester_id=row.requester_id,
        rule=json.loads(row.rule),
        reference=row.reference,
    )

    assert stored.read_payload(world.context, row).subject == "1755902"


@pytest.fixture
def world(database: SqlDatabase) -> ApprovalWorld:
    return ApprovalWorld(database=database)
