"""The audit trail as a file: a line of JSON for each event, and a last line that seals them.

The seal is an HMAC-SHA256 over all lines before it, with a key derived from the key of the chain. With the key one
can also check the chain from line to line; without it one can still read every event. Where there is a key for
evidence, it signs the whole, so that others can check it (`evidence/verify.py`).
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlmodel import Session, col, select

from approvals.audit import chain, verification
from approvals.audit.chain import Head
from approvals.audit.signed_texts import export_text
from approvals.audit.trail_keys import TrailKey
from approvals.audit.verification import ChainBreak
from approvals.tables import AuditEvent
from storage.signing import SigningKey, is_signed

Lines: TypeAlias = Iterator[str]
_KEY_INFO = b"cardops audit export"
_FIELDS = ("seq", "event", "actor", "subject", "facts", "previous", "hash")


class NotGenuine(Exception):
    """The file is not what was exported; the message says where."""


@dataclass(frozen=True, kw_only=True)
class ExportSummary:
    """What a genuine file contains; `breaks` are those that the trail itself had."""

    count: int
    head: Head
    breaks: tuple[ChainBreak, ...] = ()


def write_lines(
    session: Session,
    *,
    key: TrailKey,
    since: datetime | None,
    upto: int,
    now: datetime,
    signer: SigningKey | None = None,
) -> Lines:
    """Yield the lines of the events from `since` on, up to the number `upto`, and the seal; without line ends."""
    query = select(AuditEvent).where(col(AuditEvent.seq) <= upto, col(AuditEvent.seq) >= _first(session, since))
    seal, digest = _begin(key[key.newest]), hashlib.sha256()
    count, head = 0, Head(seq=0, hash=chain.START)
    for row in session.exec(query.order_by(col(AuditEvent.seq)).execution_options(yield_per=1000)):
        line = _write(row)
        seal.update(line.encode() + b"\n")
        digest.update(line.encode() + b"\n")
        count, head = count + 1, Head(seq=row.seq, hash=row.hash)
        yield line
    last = {"count": count, "head": {"seq": head.seq, "hash": head.hash}, "exported_at": now.isoformat()}
    # The seal covers the count and the head as well, so that a file cannot be shortened and closed again.
    seal.update(_json(last).encode() + b"\n")
    sealed = {**last, "hmac": seal.hexdigest()}
    if signer is not None:
        sealed["public_key"] = signer.public
        sealed["signature"] = signer.sign_text(export_text(digest.hexdigest(), _json(sealed)))
    yield _json(sealed)


def check_lines(lines: Iterable[str], *, key: TrailKey) -> ExportSummary:
    """Return what a file contains; raises NotGenuine if it was changed, cut, or sealed with another key.

    Where the trail itself was broken when it was exported, the file says the same: `breaks` names the ranges.
    """
    reading = _SealedLines(lines, seals=[_begin(key[name]) for name in key.names])
    found = verification.verify_rows(reading.rows(), key=key, before=None)
    end = found.head if reading.count else Head(seq=0, hash=chain.START)
    if reading.seal is None:
        raise NotGenuine("it ends without its seal: its tail was cut")
    if not reading.fits:
        seal = "the seal does not fit: a line was changed or left out, or the key differs"
        raise NotGenuine(found.words if found.breaks else seal)
    if reading.seal != {**reading.seal, "count": reading.count, "head": {"seq": end.seq, "hash": end.hash}}:
        raise NotGenuine("the seal counts other events than there are")
    return ExportSummary(count=reading.count, head=end, breaks=found.open_breaks)


class _SealedLines:
    """Reads the events of a file, and at its end the seal."""

    def __init__(self, lines: Iterable[str], *, seals: Sequence[hmac.HMAC]) -> None:
        self._lines, self._seals, self._digest = iter(lines), seals, hashlib.sha256()
        self.count, self.fits = 0, False
        self.seal: dict[str, Any] | None = None

    def rows(self) -> Iterator[AuditEvent]:
        """Yield the events; raises NotGenuine."""
        for number, line in enumerate(self._lines, start=1):
            content = _read(line, number)
            if "hmac" in content:
                self._close(content)
                return
            row = _row(content, number)
            self._update(line.rstrip("\n"))
            self.count += 1
            yield row

    def _close(self, content: dict[str, Any]) -> None:
        signature = content.pop("signature", None)
        if signature is not None:
            text = export_text(self._digest.hexdigest(), _json(content))
            public = str(content.pop("public_key", ""))
            if not is_signed(text, str(signature), public=public):
                raise NotGenuine("its signature does not fit")
        said = str(content.pop("hmac"))
        self._update(_json(content))
        self.fits = any(hmac.compare_digest(said.encode(), seal.hexdigest().encode()) for seal in self._seals)
        if next(self._lines, None) is not None:
            raise NotGenuine("there are lines after the seal")
        self.seal = content

    def _update(self, line: str) -> None:
        self._digest.update(line.encode() + b"\n")
        for seal in self._seals:
            seal.update(line.encode() + b"\n")


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
        values = {name: content[name] for name in _FIELDS}
    except (KeyError, TypeError, ValueError) as error:
        raise NotGenuine(f"line {number} is no event") from error
    if any(type(value) is not (int if name == "seq" else str) for name, value in values.items()):
        raise NotGenuine(f"line {number} is no event")
    return AuditEvent(**values, happened_at=at)


def _begin(key: bytes) -> hmac.HMAC:
    return hmac.new(hmac.new(key, _KEY_INFO, hashlib.sha256).digest(), digestmod=hashlib.sha256)
