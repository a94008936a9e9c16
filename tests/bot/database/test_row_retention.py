"""Rows of messages go when nothing needs them any more (N27)."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, select

from approvals.audit.chain import Head
from approvals.books.tables import BooksDifference
from approvals.stops.notices import stop_key
from approvals.tables import Execution
from bot.database import retention, row_retention
from bot.database.engine import SqlDatabase
from bot.database.invariants import find_posted_head
from bot.jobs.audit_head import KIND, AuditHead
from notifier.balance.tables import BalanceState
from notifier.inbox.tables import Purchase
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery, DeliveryStatus, Message, Problem
from notifier.routing.tables import Acknowledgement, Flow, Silence
from storage.vault import Vault
from tests.approvals.world import SECRET, START, ApprovalWorld, make_ids

NOW = START + timedelta(days=100)
LONG_AGO, LATELY = START, NOW - timedelta(days=2)
VAULT = Vault([SECRET], random_bytes=lambda count: b"n" * count)


def forget(database: SqlDatabase, *, keep_days: int = 30, **more: Any) -> row_retention.ForgottenRows:
    return row_retention.forget(database, keep_days=keep_days, now=NOW, **more)


def delivery(
    row: str, *, status: str = DeliveryStatus.DELIVERED, at: datetime = LONG_AGO, **more: Any
) -> Delivery:
    fields: dict[str, Any] = {
        "kind": "words",
        "facts": b"",
        "recipient": "C0ALERTS",
        "lane": "C0ALERTS",
        "key": row,
    }
    done = None if status in (DeliveryStatus.WAITING, DeliveryStatus.SILENCED, DeliveryStatus.GATHERING) else at
    return Delivery(id=row, status=status, created_at=at, due_at=at, finished_at=done, **{**fields, **more})


def message(key: str, *, at: datetime = LONG_AGO) -> Message:
    return Message(
        id=sha256(key.encode()).hexdigest()[:26],
        key=key,
        recipient="C0ALERTS",
        channel="C0ALERTS",
        ts="1.2",
        posted_at=at,
    )


def add(database: SqlDatabase, *rows: SQLModel) -> None:
    with database.writing() as session:
        for row in rows:
            session.add(row)
            session.flush()  # one by one, as each takes the next number


def ids(database: SqlDatabase, column: Any) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(column)).all())


def test_n27_deliveries_go_when_they_were_finished_long_ago(database: SqlDatabase) -> None:
    add(
        database,
        delivery("a-done"),
        delivery("b-dead", status=DeliveryStatus.DEAD),
        delivery("c-line", status=DeliveryStatus.GATHERED, part_of="s"),
        delivery("d-waits", status=DeliveryStatus.WAITING),
        delivery("e-held", status=DeliveryStatus.SILENCED, part_of="s"),
        delivery("f-gathers", status=DeliveryStatus.GATHERING, part_of="s"),
        delivery("g-stop", key=stop_key("1")),
        delivery("h-young", at=LATELY),
        delivery("i-newest"),
    )

    assert forget(database).deliveries == 3
    assert ids(database, Delivery.id) == ["d-waits", "e-held", "f-gathers", "g-stop", "h-young", "i-newest"]


def test_n27_the_next_number_never_goes_back(database: SqlDatabase) -> None:
    add(database, delivery("a"), delivery("b"), delivery("c"))
    forget(database)
    add(database, delivery("d", at=LATELY))

    with database.reading() as session:
        assert [(row.id, row.seq) for row in session.exec(select(Delivery).order_by(col(Delivery.seq)))] == [
            ("c", 3),
            ("d", 4),
        ]


def test_n27_the_head_that_was_told_stays_with_what_it_says(database: SqlDatabase) -> None:
    outbox = Outbox(vault=VAULT, make_id=make_ids())
    with database.writing() as session:
        for number in (1, 2):
            facts = AuditHead(number=number, hash=f"{number}" * 64, at=LONG_AGO)
            outbox.enqueue(session, kind=KIND, facts=facts, recipient="C0AUDIT", now=LONG_AGO)
        outbox.enqueue(session, kind="words", facts={}, recipient="C0ALERTS", now=LONG_AGO)
        for row in session.exec(select(Delivery)):
            row.status, row.finished_at = DeliveryStatus.DELIVERED, LONG_AGO
    list(retention.purge(database, before=NOW))
    forget(database)

    with database.reading() as session:
        assert find_posted_head(session, vault=VAULT) == Head(seq=2, hash="2" * 64)
        assert len(session.exec(select(Delivery).where(Delivery.kind == KIND)).all()) == 1


@pytest.mark.parametrize("changes", [{}, {"keep_days": 1}])
def test_n27_copies_stay_while_something_may_change_them(database: SqlDatabase, changes: dict[str, int]) -> None:
    problem = Problem(name="delivery_dead:C1", times=3, first_at=LONG_AGO, last_at=LATELY)
    living = [
        "purchase:1",
        "storm:1",
        "storm:1:page:7",
        "silence:1",
        "books:1",
        "low:1",
        f"{problem.name}@{LONG_AGO.isoformat()}",
        "stop:1",
        "admins:unrecognised:99",
        "waits-for-edit",
        "waits-for-reply",
        "escalates",
    ]
    gone = [
        "purchase:2",
        "storm:2",
        "storm:2:page:7",
        "silence:2",
        "books:2",
        "low:2",
        f"{problem.name}@x",
        "plain",
    ]
    gone += ["admins:unit_unclear:2026-01-01T10", "books:2026-01-01", "escalated", "request:nobody"]
    silence: dict[str, Any] = {
        "matcher": "{}",
        "owner": "U0ADA",
        "reason": "r",
        "created_at": LONG_AGO,
        "ends_at": LONG_AGO,
    }
    add(
        database,
        *(message(key) for key in (*living, *gone)),
        message("young", at=LATELY),
        Purchase(id="1", begun_at=LONG_AGO),
        Flow(route="r", channel="C", storm="1"),
        Flow(route="other", channel="C"),
        Silence(id="1", ended_at=None, **silence),
        Silence(id="2", ended_at=LONG_AGO, **silence),
        _difference("1"),
        _difference("2", gone_at=LONG_AGO),
        BalanceState(currency="EUR", level="low", amount="1", changed_at=LONG_AGO, subject="low:1"),
        problem,
        delivery("e", key="waits-for-edit", status=DeliveryStatus.WAITING, operation="edit"),
        delivery("r", thread_of="waits-for-reply", status=DeliveryStatus.WAITING),
        Acknowledgement(key="escalates", asked_at=LONG_AGO, due_at=NOW),
        Acknowledgement(key="escalated", asked_at=LONG_AGO),
        Acknowledgement(key="purchase:1", asked_at=LONG_AGO),
    )

    done = forget(database, **changes)

    assert (done.messages, done.acknowledgements, done.silences) == (len(gone), 1, 1)
    assert ids(database, Message.key) == sorted([*living, "young"])
    assert ids(database, Acknowledgement.key) == ["escalates", "purchase:1"]
    assert ids(database, Silence.id) == ["1"]


def _difference(row: str, *, gone_at: datetime | None = None) -> BooksDifference:
    texts: dict[str, Any] = dict.fromkeys(
        ("kind", "book_class", "words", "request_id", "reference", "trade_id", "card_id", "money", "booked"), "x"
    )
    moments: dict[str, Any] = {
        "first_seen_at": LONG_AGO,
        "last_seen_at": LONG_AGO,
        "told_at": LONG_AGO,
        "gone_at": gone_at,
    }
    return BooksDifference(id=row, identity=row, day=date(2026, 1, 1), **texts, **moments)


def test_n27_the_message_of_a_request_stays_until_nothing_can_come_of_it(database: SqlDatabase) -> None:
    world = ApprovalWorld(database=database)
    done, watched, contradicted = (world.executes(world.approved(f"{number}.00 EUR")) for number in (1, 2, 3))
    waiting = world.asks("11.00 EUR")
    requests = (waiting, done, watched, contradicted)
    add(database, *(message(f"request:{request.id}", at=LONG_AGO) for request in requests))
    with database.writing() as session:
        session.get_one(Execution, watched.id).next_look_at = NOW
        session.get_one(Execution, contradicted.id).contradicted_at = NOW

    assert forget(database).messages == 1
    assert ids(database, Message.key) == sorted(f"request:{each.id}" for each in (waiting, watched, contradicted))


def test_n27_a_few_rows_go_in_one_transaction_and_others_may_write_in_between(database: SqlDatabase) -> None:
    many = 2 * row_retention.PAGE + 7
    with database.writing() as session:
        session.add_all([delivery(f"{number:026d}", seq=number) for number in range(1, many + 1)])
    pauses: list[int] = []

    def rest() -> None:
        with Session(database.engine) as session:  # nobody holds the writer
            pauses.append(len(session.exec(select(Delivery.id)).all()))

    assert forget(database, rest=rest).deliveries == many - 1
    steps = [before - after for before, after in zip([many, *pauses], pauses, strict=False)]
    assert max(steps) <= row_retention.BATCH
    assert len(steps) >= many // row_retention.BATCH


def test_n27_what_was_kept_does_not_stop_the_walk(sqlite: SqlDatabase) -> None:
    with sqlite.writing() as session:
        for number in range(row_retention.PAGE + 1):
            session.add(delivery(f"a{number:025d}", seq=number + 1, status=DeliveryStatus.WAITING))
        session.add(delivery("b", seq=10_000))
        session.add(delivery("c", seq=20_000, at=datetime(2099, 1, 1, tzinfo=UTC)))

    assert forget(sqlite).deliveries == 1
