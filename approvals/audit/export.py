"""The audit trail as a file: a line of JSON for each event, and a last line that seals them.

The seal is an HMAC-SHA256 over all lines before it, with a key derived from the key of the chain. With the key one
can also check the chain from line to line; without it one can still read every event.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.chain import Head
from approvals.tables import AuditEvent

Lines: TypeAlias = Iterator[str]
_KEY_INFO = b"cardops audit export"
_FIELDS = ("seq", "event", "actor", "subject", "facts", "previous", "hash")


class NotGenuine(Exception):
    """The file is not what was exported; the message says where."""


@dataclass(frozen=True, kw_only=True)
class ExportSummary:
    """What a genuine file contains."""

    count: int
    head: Head


def write_lines(session: Session, *, key: bytes, since: datetime | None, upto: int, now: datetime) -> Lines:
    """Yield the lines of the events from `since` on, up to the number `upto`, and the seal; without line ends."""
    query = select(AuditEvent).where(col(AuditEvent.seq) <= upto, col(AuditEvent.seq) >= _first(session, since))
    seal = hmac.new(_key(key), digestmod=hashlib.sha256)
    count, head = 0, Head(seq=0, hash=chain.START)
    for row in session.exec(query.order_by(col(AuditEvent.seq)).execution_options(yield_per=1000)):
        line = _write(row)
        seal.update(line.encode() + b"\n")
        count, head = count + 1, Head(seq=row.seq, hash=row.hash)
        yield line
    last = {"count": count, "head": {"seq": head.seq, "hash": head.hash}, "exported_at": now.isoformat()}
    # The seal covers the count and the head as well, so that a file cannot be shortened and closed again.
    seal.update(_json(last).encode() + b"\n")
    yield _json({**last, "hmac": seal.hexdigest()})


def check_lines(lines: Iterable[str], *, key: bytes) -> ExportSummary:
    """Return what a file contains; raises NotGenuine if it was changed, cut, or sealed with another key."""
    seal = hmac.new(_key(key), digestmod=hashlib.sha256)
    count, before = 0, None
    for number, line in enumerate(lines, start=1):
        content = _read(line, number)
        if "hmac" in content:
            said = str(content.pop("hmac"))
            seal.update(_json(content).encode() + b"\n")
            if not hmac.compare_digest(said, seal.hexdigest()):
                raise NotGenuine("the seal does not fit: a line was changed or left out, or the key differs")
            return _finish(lines, content, count=count, head=before)
        row = _row(content, number)
        if broken := _why_broken(row, before, key=key):
            raise NotGenuine(f"line {number}: {broken}")
        seal.update(line.rstrip("\n").encode() + b"\n")
        count, before = count + 1, Head(seq=row.seq, hash=row.hash)
    raise NotGenuine("it ends without its seal: its tail was cut")


def _first(session: Session, since: datetime | None) -> int:
    """Return the number of the first event at or after a moment."""
    if since is None:
        return 1
    found = session.exec(
        # By number from there on: if the clock jumped back, a choice by time would leave gaps in the chain.
        select(AuditEvent.seq).where(col(AuditEvent.happened_at) >= since).order_by(col(AuditEvent.seq)).limit(1)
    ).first()
    return found if found is not None else chain.head(session).seq + 1


def _write(row: AuditEvent) -> str:
    at = row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    return _json({**{name: getattr(row, name) for name in _FIELDS}, "at": at})


def _json(value: dict[str, Any]) -> str:
    # ASCII only, so that a program that re-encodes the file does not change the sealed bytes.
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise NotGenuine(f"line {number} is no JSON") from error
    if not isinstance(content, dict):
        raise NotGenuine(f"line {number} is no event")
    return content


def _row(content: dict[str, Any], number: int) -> AuditEvent:
    try:
        at = datetime.fromisoformat(content["at"])
        return AuditEvent(**{name: content[name] for name in _FIELDS}, happened_at=at)
    except (KeyError, TypeError, ValueError) as error:
        raise NotGenuine(f"line {number} is no event") from error


def _why_broken(row: AuditEvent, before: Head | None, *, key: bytes) -> str:
    """Return what is wrong with an event; the first of a file may follow any: the export may start later."""
    try:
        return chain.find_break(row, before=before or Head(seq=row.seq - 1, hash=row.previous), key=key)
    except (TypeError, ValueError):
        return "this is no event"


def _finish(rest: Iterable[str], content: dict[str, Any], *, count: int, head: Head | None) -> ExportSummary:
    if isinstance(rest, Iterator) and next(rest, None) is not None:
        raise NotGenuine("there are lines after the seal")
    end = head or Head(seq=0, hash=chain.START)
    if content.get("count") != count or content.get("head") != {"seq": end.seq, "hash": end.hash}:
        raise NotGenuine("the seal counts other events than there are")
    return ExportSummary(count=count, head=end)


def _key(key: bytes) -> bytes:
    return hmac.new(key, _KEY_INFO, hashlib.sha256).digest()
