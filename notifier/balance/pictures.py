"""Puts the trend of the partner balance under the notice of it: claim, draw, upload, share, record.

The notice never waits for its picture: that is a row of its own, worked on once its message is in Slack. What
nobody sees (drawing, uploading) is repeated with growing pauses; sharing is written down before it is tried, and
when its answer is lost it is not tried again. So there is at most one picture.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import httpx
from slack_sdk import WebClient
from sqlalchemy import CursorResult, or_, update
from sqlmodel import Session, col, select

from notifier.balance import plot
from notifier.balance.forecast import Sample
from notifier.balance.levels import Thresholds
from notifier.balance.notices import read_samples
from notifier.balance.tables import BalancePicture, PictureStatus
from notifier.outbox import uploads
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.slack_messages import MessagePlace
from notifier.outbox.tables import Message
from storage.database import Database

MOST_IN_A_RUN = 4
MOST_ATTEMPTS = 8
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
LEASE = timedelta(minutes=3)  # longer than drawing and three calls may take
FORGOTTEN = timedelta(hours=24)  # its message never reached Slack

_log = logging.getLogger(__name__)


class PictureDrawer(Protocol):
    """Whatever makes the picture, such as `plot.draw_apart`."""

    def __call__(
        self, samples: Sequence[Sample], *, currency: str, thresholds: Thresholds, timezone: str
    ) -> bytes:
        """Return a PNG; raises plot.NotDrawn."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A claimed picture, and where it goes."""

    which: tuple[Any, ...]
    token: str
    currency: str
    until: datetime
    attempts: int
    place: MessagePlace
    samples: Sequence[Sample]


@dataclass(frozen=True, kw_only=True)
class PictureUploader:
    """Draws and uploads what waits; several replicas may run it. `timezone` is that of the dates shown."""

    database: Database
    slack: WebClient
    http: httpx.Client
    draw: PictureDrawer
    currencies: dict[str, Thresholds]
    timezone: ZoneInfo
    now_in: Callable[[Session], datetime]
    make_id: Callable[[], str]

    def send_due(self) -> int:
        """Send what is due, and return how many pictures were shared."""
        shared = 0
        for _ in range(MOST_IN_A_RUN):
            with self.database.writing() as session:
                work = self._claim(session)
            if work is None:
                break
            shared += self._send(work)
        return shared

    def _claim(self, session: Session) -> _Work | None:
        """Lease the next picture whose message is in Slack; end those that are not to be tried any more."""
        now = self.now_in(session)
        _end_stranded(session, now=now)
        found = session.exec(
            select(BalancePicture, Message)
            .join(
                Message,
                (col(Message.key) == col(BalancePicture.key))
                & (col(Message.recipient) == col(BalancePicture.recipient)),
            )
            .where(*_waiting(now), col(BalancePicture.due_at) <= now)
            .order_by(col(BalancePicture.due_at))
            .limit(1)
            .with_for_update(skip_locked=True, of=BalancePicture)
        ).first()
        if found is None:
            return None
        picture, message = found
        picture.lease_token, picture.lease_until = self.make_id(), now + LEASE
        picture.attempts += 1
        session.flush()
        return _Work(
            which=(picture.key, picture.recipient, picture.until),
            token=picture.lease_token,
            currency=picture.currency,
            until=picture.until,
            attempts=picture.attempts,
            place=MessagePlace(channel=message.channel, thread_ts=message.thread_ts or message.ts),
            samples=read_samples(
                session, picture.currency, since=picture.until - plot.WINDOW, until=picture.until
            ),
        )

    def _send(self, work: _Work) -> bool:
        thresholds = self.currencies.get(work.currency)
        if thresholds is None or len(work.samples) < 2:
            self._finish(work, PictureStatus.GIVEN_UP, error="there is nothing to draw")
            return False
        words = plot.describe(work.samples, currency=work.currency, thresholds=thresholds, timezone=self.timezone)
        try:
            file_id = self._upload(work, thresholds, words)
        except plot.NotDrawn as failure:
            _log.warning("picture.not_drawn", extra={"reason": str(failure)})
            self._put_off(work, NotDelivered(Trouble.REFUSED, code="not drawn"))
            return False
        except NotDelivered as failure:
            self._put_off(work, failure)
            return False
        return self._share(work, file_id, words)

    def _upload(self, work: _Work, thresholds: Thresholds, words: str) -> str:
        content = self.draw(
            work.samples, currency=work.currency, thresholds=thresholds, timezone=self.timezone.key
        )
        name = f"partner-balance-{work.currency.lower()}.png"
        return uploads.upload(self.slack, self.http, content, name=name, alt_text=words)

    def _share(self, work: _Work, file_id: str, words: str) -> bool:
        if not self._change(work, lambda now: {"sharing_at": now}):
            return False  # it took longer than the lease: it is someone else's by now
        try:
            uploads.share(self.slack, file_id, work.place, title=f"Partner balance, {work.currency}", words=words)
        except NotDelivered as failure:
            if failure.trouble is Trouble.IN_DOUBT:
                self._finish(work, PictureStatus.IN_DOUBT, error=failure.code)
            else:
                self._put_off(work, failure)
            return False
        self._finish(work, PictureStatus.SHARED, error=None)
        return True

    def _put_off(self, work: _Work, failure: NotDelivered) -> None:
        if work.attempts >= MOST_ATTEMPTS:
            self._finish(work, PictureStatus.GIVEN_UP, error=failure.code)
            return
        pause = min(FIRST_PAUSE * 2 ** (work.attempts - 1), LONGEST_PAUSE)
        _log.info("picture.put_off", extra={"code": failure.code, "attempts": work.attempts})
        wait = max(pause, failure.retry_after or pause)
        changes = {"sharing_at": None, "last_error": failure.code, "lease_token": None, "lease_until": None}
        self._change(work, lambda now: {**changes, "due_at": now + wait})

    def _finish(self, work: _Work, status: PictureStatus, *, error: str | None) -> None:
        _log.info("picture.finished", extra={"status": status, "code": error, "attempts": work.attempts})
        changes = {"status": status, "last_error": error, "lease_token": None, "lease_until": None}
        self._change(work, lambda _now: changes)

    def _change(self, work: _Work, change: Callable[[datetime], dict[str, Any]]) -> bool:
        """Change the row as long as it is ours, and return whether it was."""
        key, recipient, until = work.which
        ours = (
            col(BalancePicture.key) == key,
            col(BalancePicture.recipient) == recipient,
            col(BalancePicture.until) == until,
            col(BalancePicture.lease_token) == work.token,
        )
        with self.database.writing() as session:
            return _update(session, *ours, changes=change(self.now_in(session))) == 1


def _waiting(now: datetime) -> tuple[Any, ...]:
    free = or_(col(BalancePicture.lease_until).is_(None), col(BalancePicture.lease_until) <= now)
    return (col(BalancePicture.status) == PictureStatus.WAITING, free)


def _end_stranded(session: Session, *, now: datetime) -> None:
    """End what a worker left in the middle of sharing, and what waits for a message that does not come."""
    begun = col(BalancePicture.sharing_at).is_not(None)
    _update(session, *_waiting(now), begun, changes={"status": PictureStatus.IN_DOUBT})
    old = col(BalancePicture.until) < now - FORGOTTEN
    _update(session, *_waiting(now), old, changes={"status": PictureStatus.GIVEN_UP})


def _update(session: Session, *where: Any, changes: dict[str, Any]) -> int:
    result = session.connection().execute(update(BalancePicture).where(*where).values(**changes))
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker: an UPDATE returns no other
    return result.rowcount
