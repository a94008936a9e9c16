"""The books of one day with 10,000 and with 100,000 rows: time for each row, and memory, which stays the same.

Every row is one of our top-ups, sealed and signed as the bot writes it, so that each is opened and checked.
Paytend answers from memory at once: what its own answers take comes on top, one call for 30 rows.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from approvals.actions.payloads import TopUpPayload
from approvals.audit import row_macs
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import make_key
from approvals.books.rules import BookRule
from approvals.canonical_json import canonical_json
from approvals.context import ApprovalContext
from approvals.policy.rules import Policy, PolicyRule, to_json
from approvals.requests.digest import digest_of
from approvals.tables import REQUEST_TABLE, Decision, Execution, Request
from bot.books.comparison import BookSource, compare_days
from bot.clock import Ids
from bot.database import schema
from bot.database.engine import SqlDatabase
from notifier.outbox.outbox import Outbox
from paytend import Money, operations
from paytend.models import PartnerBalance, PartnerTransactions
from paytend.money import AmountUnit
from paytend.operations.call import Call
from storage.vault import Vault

SIZES = (10_000, 100_000)
TIME_TARGET, MEMORY_TARGET = 1.5, 1.25
DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
_ZONE = ZoneInfo("Europe/Vilnius")
_PORTION = 5_000


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    found = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            _fill(url, size)
            # A process of its own: memory that was used once does not show again.
            command = [sys.executable, "-m", "benchmarks.books", url, str(size)]
            said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path.cwd())
            found.append(json.loads(said.stdout))
    first, last = found
    pace = (last["seconds"] / SIZES[-1]) / (first["seconds"] / SIZES[0])
    memory = last["megabytes"] / first["megabytes"]
    for size, figures in zip(SIZES, found, strict=True):
        each = figures["seconds"] / size * 1e3
        peak = f"{figures['megabytes']:.0f} MB at most"
        yield f"{size:,} rows: {figures['seconds']:.1f} s, {each:.2f} ms a row, {peak}"
    yield f"a row at {SIZES[-1]:,} beside {SIZES[0]:,}: x{pace:.2f} (at most x{TIME_TARGET})"
    yield f"memory at {SIZES[-1]:,} beside {SIZES[0]:,}: x{memory:.2f} (at most x{MEMORY_TARGET})"


def measure(url: str, size: int) -> dict[str, float]:
    """Return what one comparison takes, in seconds and megabytes."""
    database = SqlDatabase(url)
    source = BookSource(
        ask=_Account(size).send,
        database=database,
        context=_make_context(),
        rule=BookRule(),
        zone=_ZONE,
        now=lambda: START + timedelta(days=1),
    )
    began = time.perf_counter()
    with compare_days(source, first=DAY, last=DAY) as comparison:
        counts = Counter(finding.kind.value for finding in comparison.findings())
        troubles = comparison.troubles(DAY)
    seconds = time.perf_counter() - began
    if counts != {"agreed": size} or troubles:
        raise RuntimeError(f"{counts}, {troubles}")
    database.close()
    return {"seconds": seconds, "megabytes": _read_peak()}


def _read_peak() -> float:
    """Return the most memory that this process had, in megabytes."""
    # Not `getrusage`, which on Linux begins with what the process had that started this one.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


class _Account:
    """Lists one row for each of our top-ups, made when it is asked for."""

    def __init__(self, size: int) -> None:
        self._size = size

    def send(self, call: Call[Any]) -> Any:
        """Answer one call."""
        if call.operation is operations.GET_PARTNER_BALANCE:
            balances = {"accountList": [{"currency": "EUR", "balance": 1}]}
            return PartnerBalance.decode(balances, unit=AmountUnit.MINOR)
        values = call.values
        total = self._size if values["begin"] == DAY and values["currency"] == "EUR" else 0
        rows = [_listed(number) for number in range(values["start"], min(values["start"] + 30, total))]
        return PartnerTransactions.decode({"total": total, "tradeList": rows}, unit=AmountUnit.MINOR)


def _listed(number: int) -> dict[str, Any]:
    return {
        "tradeId": f"20261120{number:012d}",
        "orderNo": _reference(number),
        "currency": "EUR",
        "amount": 1000,
        "businessDate": "2026-11-20 11:00:05",
        "tradeType": 121,
        "tradeStatus": 1,
    }


def _reference(number: int) -> str:
    return Ids(now=lambda: START, random_bits=lambda _bits: number)()


def _make_context() -> ApprovalContext:
    vault = Vault([bytes(32)], random_bytes=bytes)
    make_id = Ids(now=lambda: START, random_bits=lambda _bits: 7)
    return ApprovalContext(
        vault=vault,
        outbox=Outbox(vault=vault, make_id=make_id),
        policy=Policy(),
        make_id=make_id,
        audit_key=make_key(bytes(32)),
        macs=make_macs(bytes(32)),
        channel="C0APPROVALS",
    )


def _fill(url: str, size: int) -> None:
    """Write executed top-ups as the bot does, but for the guards, which would take most of the time."""
    database = SqlDatabase(url)
    schema.migrate(database)
    context = _make_context()
    with database.writing() as session:
        connection = session.connection()
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in names:
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        for start in range(0, size, _PORTION):
            rows = [_rows(number, context) for number in range(start, min(start + _PORTION, size))]
            for place, table in enumerate((Request, Decision, Execution)):
                connection.execute(insert(table), [each[place].model_dump() for each in rows])
        connection.execute(text("ANALYZE"))
    database.close()


def _rows(number: int, context: ApprovalContext) -> tuple[Request, Decision, Execution]:
    request_id, reference = f"r{number:025d}", _reference(number)
    payload = to_json(TopUpPayload(card_id="1755902", money=Money.parse("10.00", "EUR"), reason=""))
    rule = to_json(PolicyRule(name="top-ups", action="card.top_up", approvers=("manager",)))
    sealed = context.vault.seal(canonical_json(payload), table=REQUEST_TABLE, row=request_id, column="payload")
    bound: dict[str, Any] = {"payload": payload, "rule": rule, "reference": reference}
    digest = digest_of(action="card.top_up", requester_id="U0SAM", **bound)
    at = START + timedelta(hours=3)
    request = Request(
        id=request_id,
        action="card.top_up",
        subject="1755902",
        payload=sealed,
        shown=b"",
        digest=digest,
        phrase="one two three",
        requester_id="U0SAM",
        requester_account="U0SAM",
        requester_name="sam",
        asked_in="",
        told="C0APPROVALS",
        rule=canonical_json(rule).decode(),
        rule_name="top-ups",
        quorum=1,
        roles=",manager,",
        currency="EUR",
        amount_minor=1000,
        cardholder_id="101982",
        reference=reference,
        status="executed",
        version=4,
        created_at=START,
        decide_by=START + timedelta(hours=8),
        ended_at=at,
    )
    request.mac = row_macs.sign_request(request, macs=context.macs)
    decision = Decision(
        request_id=request_id,
        person_id="U0MARA",
        account="U0MARA",
        name="mara",
        verdict="approve",
        digest=digest,
        reason="",
        decided_at=START,
    )
    decision.mac = row_macs.sign_decision(decision, macs=context.macs)
    execution = Execution(
        request_id=request_id,
        lease="",
        lease_until=at,
        claimed_at=at,
        sent_at=at,
        finished_at=at,
        outcome="executed",
        provider_reference=f"20261120{number:012d}",
    )
    return request, decision, execution


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
