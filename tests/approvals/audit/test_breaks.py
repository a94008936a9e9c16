"""The trail behind a break: verifying goes on, nothing stops for ever, two admins re-anchor, keys rotate (A5)."""

# ruff: noqa: S608 - raw SQL is what this is about

import hashlib
import json

import pytest
from sqlalchemy import text
from sqlmodel import select

from approvals.audit import chain, export, reanchoring, verification
from approvals.audit.trail_keys import TrailKey, make_key
from approvals.audit.verification import Verification
from approvals.execution import unproven
from approvals.requests import recent_past
from approvals.tables import AuditEvent
from bot.database.engine import SqlDatabase
from tests.approvals.world import SECRET, START, ApprovalWorld, snapshot

KEY = make_key(SECRET)
FIRST, SECOND = b"f" * 32, b"s" * 32


def fill(database: SqlDatabase, count: int = 3, *, key: TrailKey = KEY) -> None:
    for number in range(count):
        with database.writing() as session:
            chain.append(
                session, "card:read", key=key, actor="U0SAM", subject=f"card:{number}", facts={}, now=START
            )


def inserts(database: SqlDatabase, digest: str, *, previous: str | None = None) -> None:
    """Add a row to the end of the trail without the key, as the owner of the tables can."""
    with database.writing() as session:
        head = chain.head(session)
        values = {"seq": head.seq + 1, "previous": previous or head.hash, "hash": digest}
        values["at"] = str(START.replace(tzinfo=None)) + ".000000" if database.is_sqlite else START
        statement = (
            "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
            "VALUES (:seq, 'card:read', 'x', 'y', '{}', :at, :previous, :hash)"
        )
        if database.is_sqlite:
            session.connection().execute(text("DROP TRIGGER IF EXISTS cardops_audit_has_its_shape"))
        else:
            session.connection().execute(text("SET LOCAL session_replication_role = replica"))
        session.connection().execute(text(statement), values)


def alters(database: SqlDatabase, *statements: str) -> None:
    with database.writing() as session:
        connection = session.connection()
        if database.is_sqlite:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def verified(database: SqlDatabase, *, key: TrailKey = KEY) -> Verification:
    with database.reading() as session:
        return verification.verify(session, key=key)


def ranges(found: Verification) -> list[tuple[int, int]]:
    return [(each.first, each.last) for each in found.open_breaks]


@pytest.mark.parametrize("digest", ["no hash at all", "0" * 64, "", "Ž" * 64, "A" * 64])
def test_a5_one_row_with_a_made_up_hash_stops_no_decision(world: ApprovalWorld, digest: str) -> None:
    early = world.asks()
    inserts(world.database, digest)
    world.decides(early)

    assert ranges(world.verified()) == [(2, 2)]
    assert world.verified().head.seq == 3


def test_a5_a_request_from_behind_the_break_is_carried_out(world: ApprovalWorld) -> None:
    fill(world.database)
    inserts(world.database, "no hash at all")

    assert world.executes(world.approved()).status == "executed"
    assert ranges(world.verified()) == [(4, 4)]


def test_a5_verifying_goes_on_behind_a_break_and_names_each_range(database: SqlDatabase) -> None:
    fill(database, 12)
    alters(
        database,
        "UPDATE audit_event SET actor = 'U0EVE' WHERE seq IN (2, 3, 8)",
        "DELETE FROM audit_event WHERE seq IN (5, 6)",
        "UPDATE audit_event SET hash = 'zz' WHERE seq = 11",
    )
    found = verified(database)

    assert ranges(found) == [(2, 3), (5, 6), (8, 8), (11, 11)]
    assert [each.words for each in found.breaks] == [
        "Event 2 was changed.",
        "Events 5 to 6 are missing.",
        "Event 8 was changed.",
        "Event 11 was changed.",
    ]
    assert found.head.seq == 12


def test_a5_an_export_goes_on_behind_a_break_and_says_so(database: SqlDatabase) -> None:
    fill(database, 5)
    alters(
        database, "UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 2", "DELETE FROM audit_event WHERE seq = 4"
    )
    with database.reading() as session:
        lines = list(export.write_lines(session, key=KEY, since=None, upto=99, now=START))
    found = export.check_lines(lines, key=KEY)

    assert found.count == 4
    assert [(each.first, each.last) for each in found.breaks] == [(2, 2), (4, 4)]
    with pytest.raises(export.NotGenuine, match="after the seal"):
        export.check_lines([*lines, lines[0]], key=KEY)  # a list too, not only a file


def test_a5_two_admins_re_anchor_a_break(world: ApprovalWorld) -> None:
    fill(world.database)
    inserts(world.database, "zz")
    fill(world.database)
    assert not anchors(world, "operator:ann", (4, 4))
    with pytest.raises(reanchoring.NotAnchored, match="yourself"):
        anchors(world, "operator:ann", (4, 4))
    assert not world.verified().is_intact
    assert anchors(world, "operator:ben", (4, 4))

    found = world.verified()
    assert (found.is_intact, [each.anchored_by for each in found.breaks]) == (True, [9])
    digest = found.breaks[0].digest
    assert last_event(world) == {
        "first": 4,
        "last": 4,
        "digest": digest,
        "why": "a row was added by SQL",
        "admins": ["operator:ann", "operator:ben"],
    }


def test_a5_what_changes_in_a_range_after_it_was_re_anchored_is_a_break_again(world: ApprovalWorld) -> None:
    fill(world.database)
    inserts(world.database, "zz")
    fill(world.database)
    anchors(world, "operator:ann", (4, 4))
    anchors(world, "operator:ben", (4, 4))
    alters(world.database, "UPDATE audit_event SET facts = '{\"more\": 1}' WHERE seq = 4")

    assert ranges(world.verified()) == [(4, 4)]


def test_a5_what_was_open_across_a_re_anchored_break_is_not_carried_out(world: ApprovalWorld) -> None:
    request = world.approved()
    inserts(world.database, "zz")
    fill(world.database, 1)
    anchors(world, "operator:ann", (3, 3))
    anchors(world, "operator:ben", (3, 3))
    assert world.verified().is_intact
    world.claims(request)

    assert world.read(request).status == "approved"
    assert "execution:unproven" in world.events()


def test_a5_only_a_break_that_is_there_is_re_anchored(world: ApprovalWorld) -> None:
    fill(world.database)
    with pytest.raises(reanchoring.NotAnchored, match="There is no such break; the trail has: none"):
        anchors(world, "operator:ann", (1, 2))


def test_a_forged_proposal_or_anchor_counts_for_nothing(world: ApprovalWorld) -> None:
    fill(world.database)
    inserts(world.database, "zz")
    fill(world.database, 1)
    digest = world.verified().breaks[0].digest
    facts = json.dumps({"first": 4, "last": 4, "digest": digest, "why": "x", "admins": ["a", "b"]})
    inserts(world.database, "1" * 64)
    alters(world.database, f"UPDATE audit_event SET event = 'audit:reanchored', facts = '{facts}' WHERE seq = 6")

    assert ranges(world.verified()) == [(4, 4), (6, 6)]
    alters(
        world.database, "UPDATE audit_event SET event = 'audit:reanchor_proposed', subject = 'audit' WHERE seq = 6"
    )
    assert not anchors(world, "operator:ben", (4, 4))


def anchors(world: ApprovalWorld, admin: str, numbers: tuple[int, int]) -> bool:
    with world.database.writing() as session:
        return reanchoring.anchor(
            session,
            verification.verify(session, key=KEY),
            numbers=numbers,
            key=KEY,
            admin=admin,
            why="a row was added by SQL",
            now=START,
        )


def last_event(world: ApprovalWorld) -> dict[str, object]:
    with world.database.reading() as session:
        head = chain.head(session)
        facts: dict[str, object] = json.loads(session.get_one(AuditEvent, head.seq).facts)
    return facts


def test_the_trail_is_passed_on_to_a_new_key_by_an_event_signed_with_both(database: SqlDatabase) -> None:
    fill(database)
    newer = make_key(SECRET, newer=[FIRST])
    fill(database, key=newer)
    newest = make_key(SECRET, newer=[SECOND, FIRST])
    fill(database, key=newest)

    assert (verified(database, key=newest).is_intact, verified(database, key=newest).head.seq) == (True, 11)
    assert ranges(verified(database, key=newer))[0][0] == 9  # who has not the newest key cannot follow
    assert not verified(database).is_intact


def test_a_process_that_has_not_the_new_key_writes_nothing(database: SqlDatabase) -> None:
    fill(database)
    fill(database, key=make_key(SECRET, newer=[FIRST]))
    with pytest.raises(chain.TrailKeyMissing):
        fill(database, 1)

    assert verified(database, key=make_key(SECRET, newer=[FIRST])).is_intact


def test_a_process_that_knows_both_in_the_other_order_goes_on_with_the_new_one(database: SqlDatabase) -> None:
    newer, other = make_key(SECRET, newer=[SECOND, FIRST]), make_key(SECRET, newer=[FIRST, SECOND])
    fill(database, key=make_key(SECRET, newer=[FIRST]))
    fill(database, key=newer)
    fill(database, key=other)

    assert verified(database, key=newer).is_intact
    assert verified(database, key=newer).head.seq == 10


def test_a_rotation_that_somebody_made_up_is_not_followed(database: SqlDatabase) -> None:
    fill(database)
    inserts(database, "1" * 64)
    alters(
        database,
        "UPDATE audit_event SET event = 'audit:key_rotated', subject = 'audit:keys', "
        'facts = \'{"from":"x","proof":"y","to":"z"}\' WHERE seq = 4',
    )
    fill(database)

    assert ranges(verified(database)) == [(4, 4)]


def test_a5_a_head_that_went_back_is_refused_while_the_process_runs(world: ApprovalWorld) -> None:
    request = world.approved()
    alters(world.database, "DELETE FROM audit_event WHERE seq = 2")
    with pytest.raises(chain.TrailWentBack):
        world.claims(request)
    with world.database.writing() as session:
        assert unproven.report_lost_events(session, world.context, now=START) == 2
    assert [told.recipient for told in world.outbox.of("trail_shortened")] == ["C0ONCALL", "U0ADA"]
    world.card = snapshot(card_id="1755903")
    with pytest.raises(chain.TrailWentBack):
        world.asks()


def test_what_was_rolled_back_was_never_seen(database: SqlDatabase) -> None:
    fill(database, 1)
    with database.writing() as session:
        chain.append(session, "x:y", key=KEY, actor="a", subject="s", facts={}, now=START)
        session.rollback()
    fill(database, 1)

    assert verified(database).head.seq == 2
    with database.reading() as session:
        assert not chain.has_gone_back(session, chain.head(session))


def test_a22_the_trail_has_the_digest_of_an_answer_and_not_its_contents(small: ApprovalWorld) -> None:
    request = small.executes(small.approved())
    answer = small.execution(request).answer
    with small.database.reading() as session:
        facts = [row.facts for row in session.exec(select(AuditEvent))]

    assert "tradeId" in answer
    assert not any("topupStatus" in each or "tradeId" in each for each in facts)
    assert hashlib.sha256(answer.encode()).hexdigest() in facts[-1]


def test_digests_in_the_trail_are_never_taken_for_card_numbers(database: SqlDatabase) -> None:
    digest = "4242424242424242" + "a" * 48
    with database.writing() as session:
        chain.append(
            session, "x:y", key=KEY, actor="a", subject="s", facts={}, proofs={"digest": digest}, now=START
        )
        assert digest in session.get_one(AuditEvent, 1).facts


def adds(
    world: ApprovalWorld, *, event: str, subject: str, facts: str = "{}", at: str = "", times: int = 1
) -> None:
    """Add events to the end of the trail by SQL that the guards let pass, as the bot's own role can."""
    statement = text(
        "INSERT INTO audit_event (seq, event, actor, subject, facts, happened_at, previous, hash) "
        "SELECT seq + 1, :event, 'x', :subject, :facts, :at, hash, :hash FROM audit_event "
        "ORDER BY seq DESC LIMIT 1"
    )
    moment = at or str(START.replace(tzinfo=None)) + ".000000"
    for number in range(times):
        with world.database.writing() as session:
            known = {"event": event, "subject": subject, "facts": facts, "hash": f"{number + 1:064x}"}
            known["at"] = moment if world.database.is_sqlite else f"{moment}+00"
            session.connection().execute(statement, known)


def test_a5_proposals_that_nobody_can_read_keep_nobody_from_re_anchoring(world: ApprovalWorld) -> None:
    fill(world.database)
    inserts(world.database, "1" * 64)
    fill(world.database, 1)
    assert not anchors(world, "operator:ann", (4, 4))
    adds(world, event=reanchoring.PROPOSED, subject=reanchoring.SUBJECT, times=101)

    assert anchors(world, "operator:ben", (4, 4))


def test_rotations_that_somebody_made_up_hide_none(database: SqlDatabase) -> None:
    newer = make_key(SECRET, newer=[FIRST])
    fill(database)
    fill(database, key=newer)
    facts = json.dumps({"from": newer.newest, "to": "z", "proof": "y"}, separators=(",", ":"))
    adds(ApprovalWorld(database), event=chain.ROTATED, subject=chain.KEYS, facts=facts, times=21)
    fill(database, 1, key=newer)

    assert ranges(verified(database, key=newer)) == [(8, 28)]


def test_a14_an_event_that_is_dated_back_hides_no_change_of_a_cardholder_after_a_restart(
    world: ApprovalWorld,
) -> None:
    fill(world.database, 1)
    world.passes(hours=30)
    with world.database.writing() as session:
        facts = {"changed_cardholder": {"cardholder_id": "H1", "ids": ["U0MARA"]}}
        chain.append(
            session, "execution:executed", key=KEY, actor="x", subject="request:r", facts=facts, now=world.now
        )
    adds(world, event="a:b", subject="x", at="2026-11-20 09:00:00.000000")
    fill(world.database, 1)  # by a clock that is behind
    world.database.recollection.clear()  # a restart

    with world.database.reading() as session:
        past = recent_past.follow(session, world.context, now=world.now)

    assert [each.cardholder_id for each in past.changes.values()] == ["H1"]
