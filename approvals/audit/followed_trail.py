"""What this process has read of the trail and remembers: nobody can take that back with SQL.

It is read once, from some time ago on, and then only what was added since.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from approvals.audit import verification
from approvals.audit.chain import (
    FORGED_BEFORE,
    START,
    EventRow,
    Head,
    has_appended,
    has_gone_back,
    head,
)
from approvals.audit.trail_keys import TrailKey
from approvals.audit.verification import ChainBreak, ChainBreaks, ChainWalk
from approvals.tables import AuditEvent

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(kw_only=True)
class FollowedTrail:
    """Walks over the events from `since` on, and gives each one that is whole to `take`.

    A break is doubtful for as long as what was lost in it may be newer than what somebody asks about.
    """

    key: TrailKey
    since: datetime
    take: Callable[[EventRow], None]
    _walk: ChainWalk | None = field(default=None, init=False)
    _found: ChainBreaks = field(default_factory=ChainBreaks, init=False)
    _ended: list[datetime] = field(default_factory=list, init=False)
    _start: int = field(default=0, init=False)
    _lock: Any = field(default_factory=threading.Lock, init=False, repr=False)

    def follow(self, session: Session) -> None:
        """Read what was added; nothing in a transaction that has added events itself, as it may be rolled back."""
        if has_appended(session):
            return
        with self._lock:
            walk = self._walk or self._begin(session)
            after = walk.before.seq if walk.before is not None else self._start
            with verification.reading(session, since=after + 1) as rows:
                for row in rows:
                    self._step(walk, row)
            self._walk = walk

    def find_break(self, *, since: datetime) -> str:
        """Return in words which events are lost that may be newer than `since`; empty if none is.

        What two admins have re-anchored is not: they answer for it.
        """
        with self._lock:
            lost = [
                each.words
                for each, ended in zip(self._found.kept, self._ended, strict=True)
                if each.anchored_by is None and ended > since
            ]
            if self._found.is_open or self._found.more:
                lost.append("Its last events do not fit.")
            return lost[0] if lost else ""

    def count_breaks(self, session: Session) -> int:
        """Return how many ranges do not fit and were not re-anchored; a tail that is gone counts as one."""
        with self._lock:
            open_ones = sum(each.anchored_by is None for each in self._found.kept)
            return open_ones + self._found.more + self._found.is_open + has_gone_back(session, head(session))

    def _begin(self, session: Session) -> ChainWalk:
        # By the first event of the time in question, and not back to the first before it: an event that somebody
        # dated back, or that was written while a clock was behind, would hide all that came earlier.
        is_newer = col(AuditEvent.happened_at) > self.since
        first = session.exec(select(func.min(AuditEvent.seq)).where(is_newer)).one()
        last_before = first - 1 if first else head(session).seq
        if last_before < 1:
            self._start = 0
            return ChainWalk(key=self.key, before=Head(seq=0, hash=START))
        # That one too: if it was moved to behind a gap, it does not fit.
        self._start = last_before - 1
        return ChainWalk(key=self.key)

    def _step(self, walk: ChainWalk, row: EventRow) -> None:
        first = walk.before.seq + 1 if walk.before is not None else row.seq
        words = walk.step(row)
        if words:
            self._found.add(row, first=min(first, row.seq), last=row.seq - walk.is_gap, words=words)
        else:
            self._found.close()
        if words and not walk.is_gap:
            return
        for each in self._found.kept[len(self._ended) :]:
            # What was lost came before this event, if it was not put there.
            self._ended.append(_NEVER if _is_vouched(each, row) else row.happened_at)
        self._found.anchor(row)
        self.take(row)


def _is_vouched(found: ChainBreak, row: EventRow) -> bool:
    """Whether the event behind a break says that it was there already, so that it took nothing away."""
    first = json.loads(row.facts).get(FORGED_BEFORE)
    return isinstance(first, int) and first <= found.first and found.last < row.seq
