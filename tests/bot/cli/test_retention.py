"""Retention: contents go, rows, digests, decisions and the trail stay."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from approvals.messages.request_message import make_request_message
from approvals.requests import view
from approvals.tables import Execution, Request
from bot.database import retention
from notifier.inbox.inbox import TABLE
from notifier.inbox.tables import InboxEvent
from notifier.outbox import backlog
from notifier.outbox.tables import Delivery, DeliveryStatus
from storage.vault import identify_key
from tests.approvals.world import START
from tests.bot.cli.conftest import Operator


def webhook(number: int, *, told: bool = True) -> InboxEvent:
    return InboxEvent(
        id=f"{number:026d}",
        kind="transaction",
        notify_type="1",
        form="raw",
        verified_by=0,
        digest=f"{number:064d}",
        business_digest=f"{number:064d}",
        body=b"\x01" + bytes.fromhex(identify_key(b"a" * 32)) + TABLE.encode(),  # sealed, as far as one can see
        received_at=START,
        told_at=START if told else None,
    )


def test_what_is_old_is_emptied_and_everything_else_stays(operator: Operator) -> None:
    world = operator.world()
    request = world.executes(world.approved())
    waiting = world.asks("11.00 EUR")
    with world.database.writing() as session:
        for row in (webhook(1), webhook(2, told=False)):
            row.body = world.context.vault.seal(b"{}", table=TABLE, row=row.id, column="body")
            session.add(row)
        for delivery in session.exec(select(Delivery)).all()[:2]:
            delivery.status, delivery.finished_at = DeliveryStatus.DELIVERED, START

    status, said, _ = operator.types("retention", "run", CARDOPS_RETENTION_DAYS="1")

    assert status == 0
    assert "1 webhooks, 1 requests and 2 deliveries were emptied" in said
    with world.database.reading() as session:
        old, new = session.get_one(InboxEvent, f"{1:026d}"), session.get_one(InboxEvent, f"{2:026d}")
        assert (old.body, new.body is not None) == (None, True)
        assert old.digest == f"{1:064d}"
        assert session.get_one(Execution, request.id).answer == ""
        assert session.get_one(Execution, request.id).provider_reference == "T77"
        assert session.get_one(Request, waiting.id).payload != b""
        emptied = session.get_one(Request, request.id)
        assert (emptied.payload, emptied.shown, emptied.digest) == (b"", b"", request.digest)
        message = make_request_message(view.read_view(session, world.context, emptied, now=world.now))
        assert message.status == "executed"
    assert world.events()[-1] == "retention:removed"
    assert operator.types("audit", "verify")[0] == 0
    assert operator.types("check")[0] == 0


def test_what_is_younger_stays_and_nothing_is_told(operator: Operator) -> None:
    world = operator.world()
    request = world.withdraws(world.asks())
    events = world.events()

    steps = retention.run(
        world.database,
        days=1,
        key=world.context.audit_key,
        actor="cardops",
        now=lambda: START + timedelta(hours=23),
    )

    assert list(steps)[-1].total == 0
    assert world.read(request).payload
    assert world.events() == events


def test_it_goes_on_in_batches(operator: Operator) -> None:
    world = operator.world()
    with world.database.writing() as session:
        session.add_all([webhook(number) for number in range(1, retention.BATCH + 8)])

    steps = [step.webhooks for step in retention.purge(world.database, before=START + timedelta(days=1))]

    assert steps[-1] == retention.BATCH + 7


def test_a_dead_letter_without_content_is_not_retried(operator: Operator) -> None:
    world = operator.world()
    world.asks()
    with world.database.writing() as session:
        letter = session.exec(select(Delivery)).first()
        assert letter is not None
        letter.status, letter.finished_at = DeliveryStatus.DEAD, START
    operator.types("retention", "run", CARDOPS_RETENTION_DAYS="1")

    status, _, err = operator.types("deliveries", "retry", letter.id)

    assert status == 1
    assert "removed by retention" in err
    with pytest.raises(backlog.ContentGone), world.database.writing() as session:
        backlog.retry(session, letter.id, now=START)


def test_days_that_are_none_are_refused(small: Operator) -> None:
    status, _, err = small.types("retention", "run", CARDOPS_RETENTION_DAYS="0")

    assert status == 2
    assert "CARDOPS_RETENTION_DAYS" in err


def test_it_walks_its_indexes_and_nothing_else(small: Operator) -> None:
    database, statements = small.database(), []
    listen = (database.engine, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))
    event.listen(*listen)
    list(retention.purge(database, before=START))
    event.remove(*listen)

    with database.reading() as session:
        plans = [
            row[-1]
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        ]
    assert [re.findall(r"INDEX (\w+)", plan) for plan in plans] == [
        ["ix_inbox_kept"],
        ["ix_request_kept"],
        ["ix_delivery_kept"],
        ["ix_known_card_seen_at"],
    ]
