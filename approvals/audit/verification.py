"""Checks the trail: walks over the chain, goes on behind a break, and names the range of events it concerns."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import cast

from sqlalchemy import select as select_columns
from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.chain import EventRow, Head
from approvals.audit.trail_keys import TrailKey
from approvals.canonical_json import canonical_json, read_object
from approvals.tables import AUDIT_TABLE

REPORT_EVERY = 20_000  # events
REANCHORED = "audit:reanchored"
MOST_BREAKS = 1_000  # that are kept: anyone who can write to the table can make any number


@dataclass(frozen=True, kw_only=True)
class ChainBreak:
    """Events that do not fit, one after the other; `digest` is over what is there, `anchored_by` an event."""

    first: int
    last: int
    words: str
    digest: str = ""
    anchored_by: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result of checking the chain: its end, and where it breaks; `more` breaks are not listed."""

    head: Head
    breaks: tuple[ChainBreak, ...] = ()
    more: int = 0

    @property
    def open_breaks(self) -> tuple[ChainBreak, ...]:
        """The breaks that were not re-anchored."""
        return tuple(each for each in self.breaks if each.anchored_by is None)

    @property
    def is_intact(self) -> bool:
        """Whether nothing was changed, removed or put in between, except in ranges that two admins re-anchored."""
        return not self.open_breaks and not self.more

    @property
    def broken_at(self) -> int | None:
        """The number of the first event that does not fit."""
        return self.open_breaks[0].first if self.open_breaks else None

    @property
    def words(self) -> str:
        """What is wrong with the first of them."""
        return self.open_breaks[0].words if self.open_breaks else "The chain holds."


@dataclass(kw_only=True)
class ChainWalk:
    """Goes from event to event, in their order, and says of each whether it follows the one before it.

    `signer` is the key that signs at the start; without it the key that fits the first event.
    """

    key: TrailKey
    before: Head | None = None
    signer: str = ""
    older: Head | None = None
    _was_broken: bool = False

    def step(self, row: EventRow) -> str:
        """Return why an event does not follow the one before it, in words; empty when it does."""
        words = self._find_gap(row) or self._find_break(row)
        if not words and row.event == chain.ROTATED and row.subject == chain.KEYS:
            name = chain.read_rotation(row, key=self.key)
            self.signer = name if name in self.key else self.signer
        self.before = Head(seq=row.seq, hash=row.hash)
        # A gap is over with the next event that is whole: what that one followed is gone.
        self._was_broken = bool(words) and not self.is_gap
        return words

    is_gap: bool = field(default=False, init=False)

    def _find_gap(self, row: EventRow) -> str:
        self.is_gap = False
        if self.before is None or row.seq == self.before.seq + 1:
            return ""
        if row.seq <= self.before.seq:
            return f"Event {row.seq} does not follow the one before it."
        self.is_gap = not self._find_break(row, linked=False)
        first, last = self.before.seq + 1, row.seq - 1
        return f"Event {first} is missing." if first == last else f"Events {first} to {last} are missing."

    def _find_break(self, row: EventRow, *, linked: bool = True) -> str:
        follows = self.before is None or row.previous == self.before.hash
        # Behind a broken event the next one is judged by its own hash, which covers what it followed.
        if linked and not follows and not self._was_broken:
            return f"Event {row.seq} does not follow the one before it."
        if fault := self._find_signer(row):
            return fault
        if self.older is not None and row.seq == self.older.seq and row.hash != self.older.hash:
            return f"Event {row.seq} is not the one that was told before."
        return ""

    def _find_signer(self, row: EventRow) -> str:
        if self.signer and chain.fits(row, key=self.key[self.signer]):
            return ""
        fitting = next((name for name in self.key.names if chain.fits(row, key=self.key[name])), "")
        if not fitting:
            return f"Event {row.seq} was changed."
        if not self.signer:
            self.signer = fitting
            return ""
        names = self.key.names
        if names.index(fitting) < names.index(self.signer):
            self.signer = fitting  # so that it is one event that does not fit, and not all after it
        return f"Event {row.seq} is signed with a key that was not in force."


def verify(
    session: Session,
    *,
    key: TrailKey,
    older: Head | None = None,
    report: Callable[[int], None] = lambda _seq: None,
) -> Verification:
    """Check the chain from its start; `older` is an earlier head, which shows whether the tail was cut off.

    `report` is called every 20,000 events with the number of the event that was reached.
    """
    with reading(session) as rows:
        return verify_rows(rows, key=key, older=older, report=report)


@contextlib.contextmanager
def reading(session: Session, *, since: int = 1) -> Iterator[Iterator[EventRow]]:
    """Yield the events from a number on, in their order."""
    table = AUDIT_TABLE
    session.flush()
    query = select_columns(table).where(table.c.seq >= since).order_by(table.c.seq)
    # In portions, and without objects: a trail of many years does not fit into memory.
    rows = session.connection().execute(query.execution_options(yield_per=1000))
    with contextlib.closing(rows):  # else the cursor stays open on the server after an error
        yield cast("Iterator[EventRow]", rows)


def verify_rows(
    rows: Iterable[EventRow],
    *,
    key: TrailKey,
    older: Head | None = None,
    before: Head | None = Head(seq=0, hash=chain.START),  # noqa: B008 - frozen
    report: Callable[[int], None] = lambda _seq: None,
) -> Verification:
    """Check these events, in their order; without `before` the first of them may follow any."""
    walk, found = ChainWalk(key=key, before=before, older=older), ChainBreaks()
    for row in rows:
        first = walk.before.seq + 1 if walk.before is not None else row.seq
        words = walk.step(row)
        if words:
            found.add(row, first=min(first, row.seq), last=row.seq - walk.is_gap, words=words)
        else:
            found.close()
        if not words or walk.is_gap:
            found.anchor(row)
        if row.seq % REPORT_EVERY == 0:
            report(row.seq)
    end = walk.before or Head(seq=0, hash=chain.START)
    found.close()
    # Each link is sound even if the newest events are gone; only a head kept elsewhere shows that.
    if older is not None and end.seq < older.seq:
        words = f"The trail ends at {end.seq}, but it was {older.seq} long before."
        found.kept.append(ChainBreak(first=end.seq + 1, last=older.seq, words=words))
    return Verification(head=end, breaks=tuple(found.kept), more=found.more)


class ChainBreaks:
    """Collects events that do not fit into ranges; what is in a range makes its digest."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kept: list[ChainBreak] = []
        self.more = 0
        self._open: ChainBreak | None = None
        self._digest = hashlib.sha256()

    @property
    def is_open(self) -> bool:
        """Whether the last event that came does not fit."""
        return self._open is not None

    def add(self, row: EventRow, *, first: int, last: int, words: str) -> None:
        """Add an event, or a gap before one (`last` is then before the event)."""
        if self._open is None:
            self._open, self._digest = ChainBreak(first=first, last=last, words=words), hashlib.sha256()
        else:
            self._open = replace(self._open, last=last)
        if last < row.seq:  # the event itself is whole
            self.close()
        else:
            self._digest.update(_write(row) + b"\n")

    def close(self) -> None:
        """End the range at hand, if there is one."""
        if self._open is None:
            return
        if len(self.kept) < MOST_BREAKS:
            self.kept.append(replace(self._open, digest=self._digest.hexdigest()))
        else:
            self.more += 1
        self._open = None

    def anchor(self, row: EventRow) -> None:
        """Take note of an event that re-anchors a range."""
        if row.event != REANCHORED:
            return
        anchor = read_anchor(row)
        for place, each in enumerate(self.kept):
            if anchor is not None and (each.first, each.last, each.digest) == anchor:
                self.kept[place] = replace(each, anchored_by=row.seq)


def read_anchor(row: EventRow) -> tuple[int, int, str] | None:
    """Return which range an event re-anchors: its first and last number, and the digest of what is there."""
    facts = read_object(row.facts)
    try:
        return int(facts["first"]), int(facts["last"]), str(facts["digest"])
    except (ValueError, KeyError, TypeError):
        return None


def _write(row: EventRow) -> bytes:
    at = row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    return canonical_json([row.seq, row.event, row.actor, row.subject, row.facts, at, row.previous, row.hash])
