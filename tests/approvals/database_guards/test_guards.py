"""Raw SQL by an insider: the database itself refuses it, on both engines (A20, A21, A30, F19)."""

# ruff: noqa: S608 - raw SQL is what this is about

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from approvals.database_guards import trigger_sql
from approvals.requests.moves import LEGAL, MOVES
from approvals.statuses import Status
from approvals.tables import Request
from bot.database import retention
from paytend.errors import OutcomeUnknown
from tests.approvals.world import MARA, ApprovalWorld, rule


def refused(world: ApprovalWorld, statement: str, **values: object) -> None:
    """Run a statement and insist that the database refuses it."""
    with pytest.raises(DBAPIError) as error, world.database.writing() as session:
        session.connection().execute(text(statement), values)
    assert "no such" not in str(error.value), error.value
    assert "does not exist" not in str(error.value), error.value
    assert "syntax" not in str(error.value), error.value


def insert_decision(world: ApprovalWorld, request: Request, person: str, **changes: object) -> dict[str, Any]:
    """Return the values of a decision."""
    return {
        "request": request.id,
        "person": person,
        "account": person,
        "verdict": "approve",
        "digest": request.digest,
        "at": str(world.now.replace(tzinfo=None)) + ".000000" if world.database.is_sqlite else world.now,
        **changes,
    }


DECIDE = (
    "INSERT INTO approval_decision (request_id, person_id, account, name, verdict, digest, reason, decided_at) "
    "VALUES (:request, :person, :account, 'x', :verdict, :digest, '', :at)"
)


MOVE = "UPDATE approval_request SET status = :status, version = version + 1"


def test_a_well_formed_decision_is_taken(world: ApprovalWorld) -> None:
    request = world.asks()
    with world.database.writing() as session:
        session.connection().execute(text(DECIDE), insert_decision(world, request, "U0EVE"))
    assert world.decisions(request) == 1


def test_ones_own_request_cannot_be_approved(world: ApprovalWorld) -> None:
    request = world.asks()
    refused(world, DECIDE, **insert_decision(world, request, "U0SAM"))
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE", account="U0SAM"))
    refused(world, DECIDE, **insert_decision(world, request, "U0SAM", account="U0SAM2"))


def test_a_decision_is_for_this_content_in_time_and_says_something(world: ApprovalWorld) -> None:
    request = world.asks()
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE", digest="0" * 64))
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE", verdict="maybe"))
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE", verdict="deny"))
    refused(world, DECIDE, **insert_decision(world, request, ""))
    world.now = request.decide_by
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE"))
    refused(world, DECIDE, **{**insert_decision(world, request, "U0EVE"), "request": "none"})


def test_f16_a_decision_cannot_be_added_twice_or_after_the_end(world: ApprovalWorld) -> None:
    request = world.approved()
    refused(world, DECIDE, **insert_decision(world, request, "U0MARA"))
    refused(world, DECIDE, **insert_decision(world, request, "U0EVE"))


def test_a30_insert_or_replace_does_not_walk_around(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2),))
    request = world.decides(world.asks())
    values = insert_decision(world, request, "U0MARA", account="U0EVE")
    if world.database.is_sqlite:
        refused(world, DECIDE.replace("INSERT", "INSERT OR REPLACE"), **values)
    upsert = " ON CONFLICT (request_id, person_id) DO UPDATE SET verdict = 'approve'"
    refused(world, DECIDE + upsert, **values)


FROZEN = (
    "amount_minor = 999999",
    "currency = 'USD'",
    "payload = 'x'",
    "payload = ''",
    "shown = 'x'",
    "digest = 'x'",
    "phrase = 'x'",
    "requester_id = 'U0EVE'",
    "requester_account = 'U0EVE'",
    "quorum = 0",
    "rule = '{}'",
    "roles = ',support,'",
    "subject = '9'",
    "action = 'card.found'",
    "reference = 'x'",
    "decide_by = created_at",
    "id = 'x'",
    "cardholder_id = 'H9'",
)


def test_f19_what_was_asked_for_is_frozen(world: ApprovalWorld) -> None:
    world.asks()
    for change in FROZEN:
        refused(world, f"UPDATE approval_request SET {change}")


def test_a18_contents_are_emptied_by_retention_alone(world: ApprovalWorld) -> None:
    request = world.decides(world.asks(), deny="no thanks")
    refused(world, "UPDATE approval_request SET payload = '', shown = ''")
    world.passes(days=2)
    list(
        retention.run(world.database, days=1, key=world.context.audit_key, actor="cardops", now=lambda: world.now)
    )
    facts = world.message_facts(request)
    assert (facts["summary"], facts["money"], facts["status"]) == ("", None, "denied")


def test_only_the_moves_of_the_table_are_legal(world: ApprovalWorld) -> None:
    request = world.asks()
    for status in Status:
        if status not in (Status.WITHDRAWN, Status.EXPIRED, Status.PENDING):
            refused(
                world, "UPDATE approval_request SET status = :status, version = version + 1", status=status.value
            )
    refused(world, "UPDATE approval_request SET status = 'withdrawn'")
    refused(world, "UPDATE approval_request SET version = 0")
    world.withdraws(request)
    for status in Status:
        if status is not Status.WITHDRAWN:
            refused(
                world, "UPDATE approval_request SET status = :status, version = version + 1", status=status.value
            )


def test_every_status_but_the_ends_can_be_left() -> None:
    ends = {(Status.EXECUTED, Status.FAILED), (Status.FAILED, Status.EXECUTED)}  # once Paytend says the opposite
    assert {source for source, _to in LEGAL - ends} == {
        Status.PENDING,
        Status.APPROVED,
        Status.EXECUTING,
        Status.UNKNOWN,
    }
    assert ends < LEGAL
    assert len({move.event for move in MOVES}) == len(MOVES)


def test_approved_needs_the_quorum_of_others(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2),))
    world.decides(world.asks(), MARA)
    refused(world, "UPDATE approval_request SET status = 'approved', version = version + 1")


def test_a_request_is_not_born_approved(world: ApprovalWorld) -> None:
    request = world.asks()
    columns = ", ".join(column.name for column in SQLModel.metadata.tables["approval_request"].columns)
    copied = columns.replace("id,", "'x',", 1).replace("reference", "'r'").replace("subject", "'s'")
    for status, version in (("approved", "1"), ("executed", "1"), ("pending", "7")):
        values = copied.replace("status", f"'{status}'").replace("version", version)
        refused(world, f"INSERT INTO approval_request ({columns}) SELECT {values} FROM approval_request")
    with world.database.writing() as session:
        values = copied
        session.connection().execute(
            text(f"INSERT INTO approval_request ({columns}) SELECT {values} FROM approval_request")
        )
    assert world.read(request).status == "pending"


def test_one_execution_a_request_and_none_without_approval(world: ApprovalWorld) -> None:
    request = world.asks()
    moment = ":at" if not world.database.is_sqlite else "'2026-11-20 09:00:00.000000'"
    insert = (
        "INSERT INTO approval_execution (request_id, lease, lease_until, claimed_at, attempts, outcome, words, "
        "provider_reference, answer, looks) "
        f"VALUES ('{request.id}', 'x', {moment}, {moment}, 1, '', '', '', '', 0)"
    )
    at = {} if world.database.is_sqlite else {"at": world.now}
    refused(world, insert, **at)
    world.decides(request)
    refused(world, "UPDATE approval_request SET status = 'executing', version = version + 1")
    world.executes(request)
    refused(world, insert, **at)
    refused(world, "DELETE FROM approval_execution")
    refused(world, "UPDATE approval_execution SET outcome = 'never_sent'")
    refused(world, "UPDATE approval_execution SET attempts = 0")


def test_the_requester_does_not_settle(world: ApprovalWorld) -> None:
    world.paytend.before = OutcomeUnknown("lost")
    request = world.executes(world.approved())
    at = "'2026-11-20 09:00:00.000000'" if world.database.is_sqlite else "now()"
    happened = "1" if world.database.is_sqlite else "true"
    refused(
        world,
        "INSERT INTO approval_settlement (id, request_id, person_id, account, name, happened, reason, settled_at) "
        f"VALUES ('s', '{request.id}', 'U0SAM', 'U0SAM', 'x', {happened}, 'seen', {at})",
    )


KEPT = ("approval_request", "approval_decision", "approval_execution", "audit_event", "approval_settlement")
UNCHANGED = (
    ("approval_decision", "verdict = 'deny'"),
    ("audit_event", "actor = 'U0EVE'"),
    ("audit_event", "seq = seq + 10"),
    ("approval_settlement", "reason = 'other'"),
)


def test_a30_nothing_is_deleted_or_changed_afterwards(world: ApprovalWorld) -> None:
    world.paytend.before = OutcomeUnknown("lost")
    request = world.executes(world.approved())
    world.gives_up()
    world.settles(request, MARA, happened=True)
    for table in KEPT:
        refused(world, f"DELETE FROM {table}")
        if not world.database.is_sqlite:
            refused(world, f"TRUNCATE {table} CASCADE")
    for table, change in UNCHANGED:
        refused(world, f"UPDATE {table} SET {change}")


def test_a30_an_audit_event_cannot_be_put_in_between(world: ApprovalWorld) -> None:
    world.asks()
    at = "'2026-11-20 09:00:00.000000'" if world.database.is_sqlite else "now()"
    for seq, previous in ((5, "h"), (2, "h"), (0, "h")):
        refused(
            world,
            "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
            f"VALUES ({seq}, 'x', 'x', 'x', '{{}}', {at}, '{previous}', 'h')",
        )


def test_two_open_requests_for_a_card_and_action_are_refused(world: ApprovalWorld) -> None:
    world.asks()
    columns = ", ".join(column.name for column in SQLModel.metadata.tables["approval_request"].columns)
    values = columns.replace("id,", "'x',", 1).replace("reference", "'r'")
    refused(world, f"INSERT INTO approval_request ({columns}) SELECT {values} FROM approval_request")


def test_installing_twice_changes_nothing(world: ApprovalWorld) -> None:
    with world.database.writing() as session:
        trigger_sql.install(session.connection())
    request = world.asks()
    refused(world, DECIDE, **insert_decision(world, request, "U0SAM"))
