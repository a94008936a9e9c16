"""Deciding and listing at 1,000, 100,000 and 1,000,000 requests: flat."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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


ROUNDS = 60


def run() -> Iterator[str]:
    """Yield a line for each figure. The sizes take turns, so that what else the machine does meets each alike."""
    with TemporaryDirectory() as folder, ExitStack() as opened:
        desks = {size: opened.enter_context(_open_desk(size, Path(folder))) for size in SIZES}
        taken: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        for number in range(ROUNDS):
            for size, desk in desks.items():
                for name, seconds in desk.take_turn(number).items():
                    taken[name][size].append(seconds)
    for name, by_size in taken.items():
        target = DECIDE_TARGET if name == "decide" else LIST_TARGET
        medians = {size: statistics.median(seconds) for size, seconds in by_size.items()}
        words = ", ".join(
            f"{size:,}: {seconds * 1e3:.2f} ms (x{seconds / medians[SIZES[0]]:.2f})"
            for size, seconds in medians.items()
        )
        yield f"{name:<9} {words} (at most x{target})"


@contextmanager
def _open_desk(size: int, folder: Path) -> "Iterator[_Desk]":
    database = SqlDatabase(f"sqlite:///{folder}/bench-{size}.db")
    schema.migrate(database)
    _fill(database, size)
    yield _Desk(database=database, now=START + timedelta(seconds=size + 60))
    database.close()


class _Desk:
    """A database with so many requests, and what is timed on it."""

    def __init__(self, *, database: SqlDatabase, now: datetime) -> None:
        self._database, self._now = database, now
        make_id = Ids(now=lambda: now, random_bits=lambda _bits: 7)
        vault = Vault([bytes(32)], random_bytes=bytes)
        rule = PolicyRule(name="top-ups", action="card.top_up", approvers=("manager",))
        self._context = ApprovalContext(
            vault=vault,
            outbox=Outbox(vault=vault, make_id=make_id),
            policy=Policy(rules=(rule,)),
            make_id=make_id,
            audit_key=make_key(bytes(32)),
            macs=make_macs(bytes(32)),
            channel="C0APPROVALS",
        )

    def take_turn(self, number: int) -> dict[str, float]:
        """Return the seconds of one decision and of one reading of each list."""
        return {
            "decide": self._decide(number),
            "waiting": self._list(lambda session: lists.waiting(session, member=APPROVER, now=self._now)),
            "mine": self._list(lambda session: lists.mine(session, member=REQUESTER)),
            "history": self._list(lists.history),
        }

    def _decide(self, number: int) -> float:
        with self._database.writing() as session:
            request = opening.open_request(
                session, self._context, new_request=_wish(f"card{number}"), member=REQUESTER, now=self._now
            )
        began = time.perf_counter()
        with self._database.writing() as session:
            decisions.decide(
                session,
                self._context,
                request_id=request.id,
                digest=request.digest,
                verdict=Verdict.APPROVE,
                member=APPROVER,
                now=self._now,
            )
        return time.perf_counter() - began

    def _list(self, query: Callable[[Session], object]) -> float:
        began = time.perf_counter()
        with self._database.reading() as session:
            query(session)
        return time.perf_counter() - began


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
