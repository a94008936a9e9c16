"""What follows a stop: the messages of waiting requests, the pin in the channel, and stopping by itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlmodel import Session, col, select

from approvals.audit import verification
from approvals.context import ApprovalContext
from approvals.policy.stop_conditions import StopCause, find_condition
from approvals.requests import stopped
from approvals.statuses import Status
from approvals.stops import standing, stopping
from approvals.stops.evidence import StandingStop
from approvals.stops.notices import post_stop, stop_key
from approvals.tables import Execution, Request
from bot.database.tables import StopPin
from notifier.outbox.slack_errors import read_error_code
from notifier.outbox.tables import Message
from storage.database import Database

# What Slack says of a message whose pin is as it should be, or can never be.
_PINNED, _GONE = frozenset({"already_pinned"}), frozenset({"no_pin", "not_pinned", "message_not_found"})
# What may go away by itself, so that it is tried again at the next firing.
_PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_MOST_DOUBTFUL = 10  # stops that do not fit, of which the channel has a line

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StopFollowUp:
    """Follows stops up, on whichever replica takes the slot. No claim depends on it."""

    database: Database
    context: ApprovalContext
    slack: WebClient
    now_in: Callable[[Session], datetime]
    wake_deliverer: Callable[[], None]

    def follow(self) -> int:
        """Bring everything that shows a stop up to date; return how many messages and pins changed."""
        changed = self._stop_by_itself() + self._update_messages()
        if changed:
            self.wake_deliverer()
        return changed + self._pin()

    def verify_trail(self) -> None:
        """Stop when the trail does not verify, if `stop_when` has it; else nobody has to read the whole trail."""
        if find_condition(self.context.stop_when, StopCause.TRAIL_BROKEN) is None:
            return
        with self.database.reading() as session:
            verified = verification.verify(session, key=self.context.audit_key)
        if not verified.is_intact:
            mark = f"event {verified.broken_at}"
            self.stop_for(StopCause.TRAIL_BROKEN, f"the audit trail is broken at {mark}", mark=mark)

    def stop_for(self, cause: StopCause, reason: str, *, mark: str = "") -> bool:
        """Stop for a cause that came true, if `stop_when` has it; return whether that stopped anything.

        Without a mark each call is about something new; see `stopping.stop_by_itself`.
        """
        with self.database.writing() as session:
            began = stopping.stop_by_itself(
                session,
                self.context,
                cause=cause,
                reason=reason,
                mark=mark or self.context.make_id(),
                now=self.now_in(session),
            )
        self.wake_deliverer()
        return began is not None

    def _stop_by_itself(self) -> int:
        """Stop when more outcomes are unknown than `stop_when` allows."""
        condition = find_condition(self.context.stop_when, StopCause.UNKNOWN_OVER)
        if condition is None or condition.unknown_over is None:
            return 0
        with self.database.reading() as session:
            unknown = _find_unknown(session, limit=condition.unknown_over + 1)
        if len(unknown) <= condition.unknown_over:
            return 0
        reason = f"the outcome of more than {condition.unknown_over} requests is not known"
        # What two people resumed stops again only when another outcome is lost.
        return int(self.stop_for(StopCause.UNKNOWN_OVER, reason, mark=unknown[0]))

    def _update_messages(self) -> int:
        self._post_lines()
        with self.database.reading() as session:
            outdated = stopped.find_outdated(session, self.context)
        # A transaction each: a stop that edited them all itself would keep claims and decisions waiting.
        for request_id in outdated:
            with self.database.writing() as session:
                stopped.update_stops(session, self.context, request_id, now=self.now_in(session))
        return len(outdated)

    def _post_lines(self) -> None:
        """Post the line of a stop that nobody told of: people must see what keeps requests waiting."""
        with self.database.reading() as session:
            found = standing.find_standing(session, self.context)
            # Anybody who has the database can write any number of them: some lines say that, and a check the rest.
            doubtful = [stop for stop in found if stop.doubt][:_MOST_DOUBTFUL]
            unseen = [
                stop
                for stop in (*(stop for stop in found if not stop.doubt), *doubtful)
                if not self._is_told(session, stop)
            ]
        for stop in unseen:
            with self.database.writing() as session:
                if not self._is_told(session, stop):
                    post_stop(session, self.context, stop, now=self.now_in(session))

    def _is_told(self, session: Session, stop: StandingStop) -> bool:
        return self.context.outbox.newest(session, stop_key(stop.id)) is not None

    def _pin(self) -> int:
        """Pin the lines of stops that stand, and unpin those of stops that ended; return how many."""
        with self.database.reading() as session:
            stands = {stop_key(stop.id): stop.id for stop in standing.find_standing(session, self.context)}
            pins = {pin.stop_id: pin for pin in session.exec(select(StopPin))}
            ended = [pin.stop_id for pin in pins.values() if pin.pinned_at and not pin.unpinned_at]
            keys = [key for key, stop_id in stands.items() if stop_id not in pins]
            keys += [stop_key(stop_id) for stop_id in ended if stop_id not in stands.values()]
            lines = session.exec(select(Message).where(col(Message.key).in_(keys))).all() if keys else ()
        return sum(self._pin_line(line, stands.get(line.key, "")) for line in lines)

    def _pin_line(self, line: Message, stands: str) -> bool:
        stop_id, trouble = line.key.partition(":")[2], ""
        try:
            if stands:
                self.slack.pins_add(channel=line.channel, timestamp=line.ts)
            else:
                self.slack.pins_remove(channel=line.channel, timestamp=line.ts)
        except (SlackClientError, OSError) as error:
            trouble = read_error_code(error)
            if trouble in _PASSING or isinstance(error, OSError):
                return False
            _log.warning("stop.not_pinned", extra={"stop": stop_id, "reason": trouble})
        with self.database.writing() as session:
            now = self.now_in(session)
            pin = session.get(StopPin, stop_id) or StopPin(stop_id=stop_id)
            if stands:
                fine = trouble in {"", *_PINNED}
                pin.pinned_at, pin.trouble = (now, "") if fine else (None, trouble)
            else:
                pin.unpinned_at, pin.trouble = now, "" if trouble in {"", *_GONE} else trouble
            session.add(pin)
        return True


def _find_unknown(session: Session, *, limit: int) -> list[str]:
    """Return the ids of requests whose outcome is unknown, the newest first."""
    query = (
        select(Request.id)
        .join(Execution, col(Execution.request_id) == col(Request.id))
        .where(Request.status == Status.UNKNOWN.value)
        .order_by(col(Execution.unknown_since).desc(), col(Request.id).desc())
        .limit(limit)
    )
    return list(session.exec(query))
