"""Deciding and listing at 1,000, 100,000 and 1,000,000 requests: flat."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert, text
from sqlmodel import Session

from approvals.actions.snapshot import Snapshot
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.context import ApprovalContext
from approvals.database_guards import trigger_sql
from approvals.policy.people import Member, Person
from approvals.policy.rules import Policy, PolicyRule
from approvals.requests import decisions, lists, opening
from approvals.statuses import Verdict
from approvals.tables import Request
from bot.clock import Ids
from bot.database import schema
from bot.database.engine import SqlDatabase
from notifier.outbox.outbox import Outbox
from paytend import Money
from storage.vault import Vault

SIZES = (1_000, 100_000, 1_000_000)
LIST_TARGET, DECIDE_TARGET = 1.25, 2.0
START = datetime(2026, 1, 1, tzinfo=UTC)
REQUESTER = Member(person=Person(id="U0SAM", account="U0SAM", name="sam"), roles=frozenset({"support"}))
APPROVER = Member(person=Person(id="U0MARA", account="U0MARA", name="mara"), roles=frozenset({"manager"}))
MEMBERS = {"manager": frozenset({"U0MARA", "U0MILAN"}), "support": frozenset({"U0SAM"})}


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    found: dict[str, dict[int, float]] = {}
    for size in SIZES:
        with TemporaryDirectory() as folder:
            for name, seconds in _measure(size, Path(folder)).items():
                found.setdefault(name, {})[size] = seconds
    for name, by_size in found.items():
        target = DECIDE_TARGET if name == "decide" else LIST_TARGET
        words = ", ".join(
            f"{size:,}: {seconds * 1e3:.2f} ms (x{seconds / by_size[SIZES[0]]:.2f})"
            for size, seconds in by_size.items()
        )
        yield f"{name:<9} {words} (at most x{target})"


def _measure(size: int, folder: Path) -> dict[str, float]:
    database = SqlDatabase(f"sqlite:///{folder}/bench.db")
    schema.migrate(database)
    clock = [START + timedelta(seconds=size + 60)]
    make_id = Ids(now=lambda: clock[0], random_bits=lambda _bits: 7)
    vault = Vault([bytes(32)], random_bytes=bytes)
    rule = PolicyRule(name="top-ups", action="card.top_up", approvers=("manager",))
    context = ApprovalContext(
        vault=vault,
        outbox=Outbox(vault=vault, make_id=make_id),
        policy=Policy(rules=(rule,)),
        make_id=make_id,
        audit_key=make_key(bytes(32)),
        macs=make_macs(bytes(32)),
        channel="C0APPROVALS",
    )
    _fill(database, size)

    def decide(number: int) -> None:
        with database.writing() as session:
            request = opening.open_request(
                session, context, new_request=_wish(f"card{number}"), member=REQUESTER, now=clock[0]
            )
        began = time.perf_counter()
        with database.writing() as session:
            decisions.decide(
                session,
                context,
                request_id=request.id,
                digest=request.digest,
                verdict=Verdict.APPROVE,
                member=APPROVER,
                now=clock[0],
            )
        decided.append(time.perf_counter() - began)

    decided: list[float] = []
    for number in range(60):
        decide(number)

    def listed(query: Callable[[Session], object]) -> float:
        taken = []
        for _ in range(60):
            began = time.perf_counter()
            with database.reading() as session:
                query(session)
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    figures = {
        "decide": statistics.median(decided),
        "waiting": listed(lambda session: lists.waiting(session, member=APPROVER, now=clock[0])),
        "mine": listed(lambda session: lists.mine(session, member=REQUESTER)),
        "history": listed(lists.history),
    }
    database.close()
    return figures


def _wish(card_id: str) -> opening.NewRequest:
    card = Snapshot(
        subject=card_id, card_id=card_id, status="5", holder_id="101982", balance=Money.parse("64.10", "EUR")
    )
    payload = {"card_id": card_id, "money": "10.00 EUR", "reason": "bench"}
    return opening.NewRequest(action="card.top_up", payload=payload, snapshot=card, members=MEMBERS)


def _fill(database: SqlDatabase, size: int) -> None:
    """Put finished requests of many people and ten pending ones into the table, without its guards."""
    with database.writing() as session:
        connection = session.connection()
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        for start in range(0, size, 20_000):
            connection.execute(
                insert(Request), [_row(number, size) for number in range(start, min(start + 20_000, size))]
            )
        trigger_sql.install(connection)
        connection.execute(text("ANALYZE"))


def _row(number: int, size: int) -> dict[str, object]:
    at = START + timedelta(seconds=number)
    waits = number >= size - 10
    return {
        "id": f"r{number:025d}",
        "action": "card.top_up",
        "subject": f"c{number}",
        "payload": b"",
        "shown": b"",
        "digest": f"{number:064x}",
        "phrase": "one two three",
        "requester_id": f"U{number % 50}" if number % 20 else "U0SAM",
        "requester_account": f"U{number % 50}" if number % 20 else "U0SAM",
        "requester_name": "somebody",
        "asked_in": "",
        "told": "C0APPROVALS",
        "rule": "{}",
        "rule_name": "top-ups",
        "quorum": 1,
        "roles": ",manager,",
        "currency": "EUR",
        "amount_minor": 1000,
        "cardholder_id": "101982",
        "reference": f"ref{number:020d}",
        "status": "pending" if waits else "executed",
        "version": 1,
        "created_at": at,
        "decide_by": at + timedelta(days=1000 if waits else 1),
        "ended_at": None if waits else at,
        "reminded": 0,
        "reason": "",
    }
