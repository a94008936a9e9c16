"""`audit verify` and `cardops check` over a long trail: processor time and memory, 100,000 and 1,000,000 events.

Each in a process of its own, so that its peak of memory is its own. A request has four events and a decision.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, text

from approvals.audit import chain, row_macs, verification
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.canonical_json import canonical_json
from approvals.database_guards import trigger_sql
from approvals.tables import AuditEvent, Decision, Execution, Request
from bot.database import invariants, schema
from bot.database.engine import SqlDatabase
from storage.vault import Vault

SIZES = (100_000, 1_000_000)
MOST_GROWTH = 1.25  # of memory, from the small trail to the large one
SECRET = bytes(32)
START = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 5_000
_STEPS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("approval:opened", "pending", {}),
    ("approval:approved", "approved", {"by": "U0MARA", "verdict": "approve", "count": "1 of 1"}),
    ("execution:claimed", "executing", {"lease": "l"}),
    ("execution:executed", "executed", {"why": "Done at Paytend."}),
)


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    memory: dict[str, list[float]] = {}
    for size in SIZES:
        with TemporaryDirectory() as folder:
            place = Path(folder) / "bench.db"
            _fill(place, events=size)
            for name in _TASKS:
                seconds, peak, idle = _measure(name, place)
                memory.setdefault(name, []).append(peak)
                per_event = seconds / size * 1e6
                yield (
                    f"{name:<7} {size:>9,} events: {seconds:6.1f} s ({per_event:.0f} us an event), "
                    f"{peak:.0f} MB at most, {peak - idle:.0f} of them for it"
                )
    for name, (small, large) in memory.items():
        yield f"{name:<7} memory grows x{large / small:.2f} for ten times the events (at most x{MOST_GROWTH})"


def _measure(name: str, place: Path) -> tuple[float, float, float]:
    """Return the seconds, the peak of memory and the memory before, in MB, of one task in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.trail", name, str(place)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    seconds, peak, idle = (float(each) for each in done.stdout.split())
    return seconds, peak, idle


def _verify(database: SqlDatabase) -> None:
    with database.reading() as session:
        found = verification.verify(session, key=make_key(SECRET))
    assert found.is_intact, found.words


def _check(database: SqlDatabase) -> None:
    context = invariants.CheckContext(
        audit_key=make_key(SECRET), macs=make_macs(SECRET), vault=Vault([SECRET], random_bytes=bytes), now=START
    )
    with database.reading() as session:
        for found in invariants.examine(session, context, report=lambda _seq: None):
            assert not found.broken, found


_TASKS = {"verify": _verify, "check": _check}


def _peak() -> float:
    """Return the most memory that this process has had, in MB; unlike `ru_maxrss` without that of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _fill(place: Path, *, events: int) -> None:
    """Write a trail and the requests that it is about, without the guards."""
    database = SqlDatabase(f"sqlite:///{place}")
    schema.migrate(database)
    with database.writing() as session:
        connection = session.connection()
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        chained = _Chain()
        for first in range(0, events // len(_STEPS), BATCH):
            numbers = range(first, min(first + BATCH, events // len(_STEPS)))
            made = [_make(number) for number in numbers]
            rows = [row for request, decision in made for row in chained.tell(request, decision)]
            connection.execute(insert(Request), [request.model_dump() for request, _ in made])
            connection.execute(insert(Decision), [decision.model_dump() for _, decision in made])
            connection.execute(insert(Execution), [_execution(request) for request, _ in made])
            connection.execute(insert(AuditEvent), rows)
        trigger_sql.install(connection)
    database.close()


def _make(number: int) -> tuple[Request, Decision]:
    macs, at = _MACS, START + timedelta(seconds=number)
    request = Request(
        id=f"r{number:025d}",
        action="card.top_up",
        subject=f"c{number}",
        payload=b"x",
        shown=b"x",
        digest=f"{number:064x}",
        phrase="one two three",
        requester_id="U0SAM",
        requester_account="U0SAM",
        requester_name="Sam",
        asked_in="",
        told="C0APPROVALS",
        rule="{}",
        rule_name="top-ups",
        quorum=1,
        roles=",manager,",
        currency="EUR",
        amount_minor=1000,
        cardholder_id="H1",
        reference=f"ref{number:020d}",
        status="executed",
        version=4,
        created_at=at,
        decide_by=at + timedelta(hours=8),
        approved_at=at,
        execute_by=at + timedelta(minutes=30),
        ended_at=at,
    )
    bound = {"id": request.id, "digest": request.digest, "approved_at": at, "execute_by": request.execute_by}
    request.mac = row_macs.sign_request(request, macs=macs)
    request.approval_mac = row_macs.sign_approval({**bound, "version": 2}, macs=macs)
    decision = Decision(
        request_id=request.id,
        person_id="U0MARA",
        account="U0MARA",
        name="Mara",
        verdict="approve",
        digest=request.digest,
        reason="",
        decided_at=at,
    )
    decision.mac = row_macs.sign_decision(decision, macs=macs)
    return request, decision


def _execution(request: Request) -> dict[str, Any]:
    at = request.created_at
    return {"request_id": request.id, "lease": "l", "lease_until": at, "claimed_at": at, "outcome": "executed"}


class _Chain:
    """Makes the rows of the trail, without asking the database for the one before."""

    def __init__(self) -> None:
        self._key, self._seq, self._hash = make_key(SECRET), 0, chain.START

    def tell(self, request: Request, decision: Decision) -> Iterator[dict[str, Any]]:
        proofs: tuple[dict[str, str], ...] = ({"request": request.mac}, {"decision": decision.mac}, {}, {})
        for version, ((event, status, more), proof) in enumerate(zip(_STEPS, proofs, strict=True), start=1):
            facts = {"status": status, "version": version, "digest": request.digest, **more, **proof}
            self._seq += 1
            row = AuditEvent(
                seq=self._seq,
                event=event,
                actor="U0MARA",
                subject=f"request:{request.id}",
                facts=canonical_json(facts).decode(),
                happened_at=request.created_at,
                previous=self._hash,
                hash="",
            )
            self._hash = chain.hash_of(row, key=self._key[self._key.newest])
            yield {**row.model_dump(), "hash": self._hash}


_MACS = make_macs(SECRET)

if __name__ == "__main__":
    opened, idle_mb = SqlDatabase(f"sqlite:///{sys.argv[2]}"), _peak()
    began = time.process_time()
    _TASKS[sys.argv[1]](opened)
    print(time.process_time() - began, _peak(), idle_mb)
