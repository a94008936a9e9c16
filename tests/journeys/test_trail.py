"""The audit trail after a long life, and what the database refuses to every writer."""

import json

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from approvals.audit import verification
from approvals.audit.trail_keys import make_key
from bot.database.engine import SqlDatabase
from bot.wiring.lifecycles import make_trail_witness
from tests.journeys.world import ADMIN, CARD, HOLDER, MANAGER, OTHER_MANAGER, STRANGER, SUPPORT, JourneyWorld

ATTACKS = {
    "approve by hand": "UPDATE approval_request SET status = 'approved', version = version + 1 WHERE id = :id",
    "execute by hand": "UPDATE approval_request SET status = 'executing', version = version + 1 WHERE id = :id",
    "edit the payload": "UPDATE approval_request SET payload = shown WHERE id = :id",
    "edit the amount": "UPDATE approval_request SET amount_minor = 1 WHERE id = :id",
    "edit the requester": "UPDATE approval_request SET requester_id = 'U0LEAD' WHERE id = :id",
    "lower the quorum": "UPDATE approval_request SET quorum = 0 WHERE id = :id",
    "delete the request": "DELETE FROM approval_request WHERE id = :id",
    "approve one's own": (
        "INSERT INTO approval_decision "
        "(request_id, person_id, account, name, verdict, digest, reason, decided_at) "
        "SELECT id, requester_id, requester_account, 'x', 'approve', digest, '', created_at "
        "FROM approval_request WHERE id = :id"
    ),
    "delete from the trail": "DELETE FROM audit_event WHERE seq = 1",
    "edit the trail": "UPDATE audit_event SET actor = 'nobody' WHERE seq = 1",
}


def test_the_trail_tells_the_whole_story_and_holds(world: JourneyWorld) -> None:
    world.types(SUPPORT, f"/card info {CARD}")
    world.types(SUPPORT, f"/holder status {HOLDER}")
    world.asks("600.00")
    world.clicks(STRANGER, "request_approve")
    world.clicks(SUPPORT, "request_approve")
    world.clicks(MANAGER, "request_approve")
    world.paytend.switches.lose_next_answer(operation="topup")
    world.clicks(OTHER_MANAGER, "request_approve")
    world.passes(seconds=2)
    world.paytend.forge_webhook("1", {"cardId": CARD})
    world.hears_from_paytend()
    world.bot.jobs.fire("refused_webhooks")
    world.asks("10.00", card="1755903")
    world.clicks(SUPPORT, "request_withdraw")

    assert [(row.event, row.actor) for row in world.trail()] == [
        ("card:read", SUPPORT),
        ("cardholder:read", SUPPORT),
        ("approval:opened", SUPPORT),
        ("approval:refused", STRANGER),
        ("approval:refused", SUPPORT),
        ("approval:counted", MANAGER),
        ("approval:approved", OTHER_MANAGER),
        ("execution:claimed", "cardops"),
        ("execution:unknown", "cardops"),
        ("execution:found_executed", "cardops"),
        ("webhook:refused", "paytend"),
        ("approval:opened", SUPPORT),
        ("approval:withdrawn", SUPPORT),
    ]
    number = world.paytend.books.card(CARD).number
    assert not any(number in json.dumps(row.facts) for row in world.trail())
    with world.bot.database.reading() as session:
        verified = verification.verify(session, key=world.bot.slack.context.approvals.audit_key)
        assert verified.is_intact
        assert verified.head.seq == 13
        assert not verification.verify(session, key=make_key(b"another key")).is_intact


def attack(database: SqlDatabase, statement: str, **values: str) -> None:
    """Run a statement as somebody who has the database's password."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def is_refused(database: SqlDatabase, statement: str, **values: str) -> bool:
    """Whether the database does not let a statement through."""
    try:
        attack(database, statement, **values)
    except DBAPIError:
        return True
    return False


def test_the_database_refuses_what_goes_around_the_bot(world: JourneyWorld) -> None:
    request = world.asks("600.00")
    world.clicks(MANAGER, "request_approve")

    for name, statement in ATTACKS.items():
        values = {"id": request.id} if ":id" in statement else {}
        assert is_refused(world.bot.database, statement, **values), f"{name} was possible"

    assert world.request().status == "pending"
    world.clicks(OTHER_MANAGER, "request_approve")
    assert world.request().status == "executed"


def test_a_trail_that_was_changed_behind_the_triggers_is_found_out(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves()
    database, key = world.bot.database, world.bot.slack.context.approvals.audit_key
    attack(database, "DROP TRIGGER cardops_audit_event_unchanged")
    attack(database, "UPDATE audit_event SET actor = :who WHERE seq = 2", who=ADMIN)

    with database.reading() as session:
        verified = verification.verify(session, key=key)

    assert verified.broken_at == 2
    attack(database, "UPDATE audit_event SET actor = :who WHERE seq = 2", who=MANAGER)


def compares_with_the_channel(world: JourneyWorld) -> None:
    """Restart, as far as the process's memory goes, and compare the trail with the audit channel."""
    world.bot.database.recollection.clear()
    assert make_trail_witness(world.bot.base, world.bot.approvals).compare()


def test_a2_an_older_copy_shows_by_the_head_in_the_audit_channel_and_nothing_more_is_written(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.asks_and_approves()
    world.bot.jobs.fire("audit_head")
    world.settles()
    booked = len(world.paytend.books.top_ups)
    attack(world.bot.database, "DROP TRIGGER cardops_audit_event_kept")
    attack(world.bot.database, "DELETE FROM audit_event WHERE seq > 1")

    compares_with_the_channel(world)
    world.types(SUPPORT, f"/topup {CARD} 10.00")

    assert [row.seq for row in world.trail()] == [1]
    assert len(world.paytend.books.top_ups) == booked
    world.bot.jobs.fire("requests")
    world.settles()
    assert "lost" in world.slack.messages("C0ONCALL")[-1]["text"]


def test_a_trail_that_went_on_and_heads_of_others_stop_nothing(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves()
    world.bot.jobs.fire("audit_head")
    world.settles()
    text_of_ours = world.slack.messages("C0AUDIT")[-1]["text"]
    forged = text_of_ours.replace(":", ":0").replace("Head: ", "Head: 9")
    world.slack.state.post("C0AUDIT", {"text": forged}, by=MANAGER)
    world.types(SUPPORT, f"/card info {CARD}")

    compares_with_the_channel(world)

    before = len(world.trail())
    world.types(SUPPORT, f"/card info {CARD}")
    assert len(world.trail()) == before + 1
