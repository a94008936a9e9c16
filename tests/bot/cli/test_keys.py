"""Rotation of keys: everything readable throughout, resumable, the trail verifiable, content unalterable."""

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select, update

from approvals.audit import chain
from approvals.requests import stored
from approvals.tables import KeyRotation, Request
from bot.database import key_rotation
from bot.database.key_rotation import SEALED
from bot.database.schema import metadata
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery
from notifier.routing.tables import Flow
from tests.approvals.world import ApprovalWorld
from tests.bot.cli.conftest import KEYS, Operator

FIRST, SECOND, THIRD = KEYS


def old_values(operator: Operator) -> int:
    world = operator.world()
    with world.database.reading() as session:
        return key_rotation.count_old(session, world.context.vault)


def begin(session: Session, world: ApprovalWorld) -> KeyRotation:
    """Begin a rotation, announced as the command does it."""

    def announce(session: Session, rotation_id: str) -> None:
        chain.append(
            session,
            "keys:rotation_begun",
            key=world.context.audit_key,
            actor="an operator",
            subject=f"rotation:{rotation_id}",
            facts={},
            now=world.now,
        )

    vault = world.context.vault
    return key_rotation.begin(session, vault, make_id=lambda: "R" * 26, announce=announce, now=world.now)


def test_f37_everything_comes_to_the_new_key_and_stays_readable(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved("10.00 EUR"))
    operator.uses_keys(SECOND, FIRST)
    assert old_values(operator) > 0

    status, said, err = operator.types("keys", "rotate")

    assert status == 0
    assert "Keep the last one" in said
    assert "values encrypted anew" in err
    assert old_values(operator) == 0
    world = operator.world()
    with world.database.reading() as session:
        request = session.exec(select(Request)).one()
        assert str(stored.read_payload(world.context, request).moved_money) == "10.00 EUR"
        assert stored.read_shown(world.context, request)[0]
    assert operator.types("audit", "verify")[0] == 0
    assert world.events()[-2:] == ["keys:rotation_begun", "keys:rotated"]


def test_f37_a_run_that_was_stopped_is_run_again(operator: Operator) -> None:
    world = operator.world()
    for _ in range(3):
        world.withdraws(world.asks())
        world.passes(minutes=11)
    operator.uses_keys(SECOND, FIRST)
    world = operator.world()
    with world.database.writing() as session:
        row = begin(session, world)
    next(key_rotation.rotate(world.database, world.context.vault, rotation_id=row.id))
    left = old_values(operator)
    assert left > 0

    status, said, _ = operator.types("keys", "rotate")

    assert status == 0
    assert said.startswith(f"{left} values")
    with world.database.reading() as session:
        rows = session.exec(select(KeyRotation)).all()
    assert [(row.id, row.finished_at is not None) for row in rows] == [("R" * 26, True)]


def test_a_third_key_lets_the_middle_one_go(operator: Operator) -> None:
    world = operator.world()
    world.asks()
    operator.uses_keys(SECOND, FIRST)
    operator.types("keys", "rotate")
    operator.uses_keys(THIRD, SECOND, FIRST)

    status, said, _ = operator.types("keys", "rotate")

    assert status == 0
    assert "between the first and the last (1)" in said
    operator.uses_keys(THIRD, FIRST)
    assert operator.types("keys", "rotate")[0] == 0
    assert operator.types("audit", "verify")[0] == 0


def test_a_value_under_a_key_that_is_gone_is_named_and_status_1(operator: Operator) -> None:
    operator.uses_keys(THIRD, FIRST)
    request = operator.world().asks()
    operator.uses_keys(SECOND, FIRST)

    status, _, err = operator.types("keys", "rotate")

    assert status == 1
    assert f"approval_request.payload of {request.id}" in err
    assert "still under other keys" in err


def test_without_an_open_rotation_nothing_sealed_changes(operator: Operator) -> None:
    world = operator.world()
    request = world.asks()
    anew = request.payload[:1] + b"keyz" + request.payload[5:]

    with pytest.raises(DBAPIError, match="frozen"), world.database.writing() as session:
        session.connection().execute(update(Request).values(payload=anew))


def test_an_open_rotation_takes_only_its_own_key_and_the_same_length(operator: Operator) -> None:
    world = operator.world()
    request = world.asks()
    operator.uses_keys(SECOND, FIRST)
    world = operator.world()
    vault = world.context.vault
    with world.database.writing() as session:
        begin(session, world)
    head = request.payload[:1]
    for altered in (
        head + b"keyz" + request.payload[5:],
        head + vault.current_key + request.payload[6:],
        request.payload[:-1] + bytes([request.payload[-1] ^ 1]),
    ):
        with pytest.raises(DBAPIError, match="frozen"), world.database.writing() as session:
            session.connection().execute(update(Request).values(payload=altered))


def test_n9_every_sealed_column_is_rotated() -> None:
    sealed = {f"{sealed.table.name}.{sealed.column.name}" for sealed in SEALED}
    blobs = {
        f"{table.name}.{column.name}"
        for table in metadata().sorted_tables
        for column in table.columns
        if type(column.type).__name__ == "LargeBinary"
    }

    assert blobs - sealed == {"key_rotation.to_key"}


def test_n9_the_sums_of_a_storm_come_to_the_new_key_too(operator: Operator) -> None:
    world = operator.world()
    tally = Outbox(vault=world.context.vault, make_id=world.context.make_id).seal({"count": 3}, row="storm:S1")
    with world.database.writing() as session:
        session.add(Flow(route="route 1", channel="C0ALERTS", storm="S1", tally=tally))
    operator.uses_keys(SECOND, FIRST)

    assert operator.types("keys", "rotate")[0] == 0

    operator.uses_keys(SECOND)
    world = operator.world()
    with world.database.reading() as session:
        kept = session.exec(select(Flow.tally)).one()
    outbox = Outbox(vault=world.context.vault, make_id=world.context.make_id)
    assert outbox.unseal(kept or b"", row="storm:S1") == {"count": 3}


@pytest.mark.postgres
def test_a_delivery_in_somebodys_hands_is_left_to_the_next_round(on_postgresql: Operator) -> None:
    operator = on_postgresql  # SQLite has one writer
    world = operator.world()
    world.asks()
    operator.uses_keys(SECOND, FIRST)
    with world.database.writing() as session:
        session.exec(select(Delivery).order_by(col(Delivery.id)).with_for_update()).all()

        status, _, _ = operator.types("keys", "rotate")

    assert status == 1
    assert operator.types("keys", "rotate")[0] == 0


def test_a_single_key_may_be_first_and_last_while_another_becomes_readable(operator: Operator) -> None:
    world = operator.world()
    request = world.asks()
    operator.uses_keys(FIRST, SECOND, FIRST)  # runbook, key rotation, step 1
    between = operator.world()
    with between.database.reading() as session:
        assert (
            stored.read_payload(between.context, session.get_one(Request, request.id)).subject == request.subject
        )
    assert operator.types("keys", "rotate")[1].startswith("0 values")
    assert operator.types("audit", "verify")[0] == 0
