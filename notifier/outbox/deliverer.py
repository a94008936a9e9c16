"""Delivers what waits in the outbox: claim, do, record, one delivery of a free lane at a time.

Several workers may run at once, as threads of one process or as replicas: rows decide who does what. A worker
that dies leaves its lease; when that ends, the delivery is in doubt and is looked for before it is repeated.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from slack_sdk import WebClient
from sqlmodel import Session

from notifier.outbox import delivery_outcomes, fallback_channel, in_full
from notifier.outbox.attempt import CopyGone, Delivered, LeaseTooShort, attempt, is_person
from notifier.outbox.backoff import Trouble, decide_retry
from notifier.outbox.claims import DeliveryClaim, claim, next_due
from notifier.outbox.fallback_channel import DeliveryDead, DeliveryTrouble, FallbackUsed, FormRefused
from notifier.outbox.notice_facts import ACKNOWLEDGE, DETAILS, WHY, AcknowledgementFacts, WhyFacts
from notifier.outbox.outbox import Outbox
from notifier.outbox.recovery import release_all, resume_all
from notifier.outbox.sealed_facts import open_facts
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.tables import SlackOperation
from notifier.rendering.plain import has_button, lay_out_plainly, put_below, put_beside
from notifier.rendering.renderer import Rendered, Renderer, RenderFailed
from storage.correlation import correlated
from storage.database import Database
from storage.vault import Unreadable, Vault

# At least two timeouts of Slack (checked below); a longer one keeps a dead worker's channel silent longer.
LEASE = timedelta(seconds=30)
_LONGEST_WAIT = 5.0  # seconds: other replicas enqueue without waking this one
_SHORTEST_WAIT = 0.05  # seconds: shorter than what a reader notices, long enough not to keep the processor busy

_log = logging.getLogger(__name__)


class RepostRule(Protocol):
    """What storm control, which is above this package's floor, says of posts that no route has sent."""

    def lock(self, session: Session) -> None:
        """Take the locks that `place` needs, before any delivery is locked."""
        ...

    def place(self, session: Session, delivery_id: str, *, channel: str, now: datetime) -> None:
        """Count it, and make it a line of a digest when there is a storm."""
        ...


class Deliverer:
    """Brings deliveries to Slack."""

    def __init__(
        self,
        *,
        database: Database,
        slack: WebClient,
        renderer: Renderer,
        outbox: Outbox,
        vault: Vault,
        fallback: str,
        admins: tuple[str, ...],
        now_in: Callable[[Session], datetime],
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        make_id: Callable[[], str],
        lease: timedelta = LEASE,
        observe: Callable[[str], None] = lambda _outcome: None,
        reposts: RepostRule | None = None,
    ) -> None:
        """Prepare; `fallback` is the channel for notices whose own is closed, `admins` get notices of trouble.

        `lease` is how long a delivery waits for a worker that died. An attempt may take longer (a search reads
        pages, a refused post is tried in a simpler form), so nothing is posted that could still be under way then.

        `observe` is called with each attempt's outcome: "delivered", or the trouble. `reposts` decides about what
        becomes a post elsewhere, or in the place of an edit.

        Raises ValueError for a client with retry handlers (an ambiguous post would be sent twice), and for one
        that waits longer than half a lease.
        """
        if slack.retry_handlers:
            raise ValueError("the Slack client of the deliverer needs retry_handlers=[]")
        if timedelta(seconds=2 * slack.timeout) > lease:
            raise ValueError("the Slack client of the deliverer needs a timeout of half a lease at the most")
        self._database = database
        self._slack = slack
        self._renderer = renderer
        self._outbox = outbox
        self._vault = vault
        self._fallback = fallback
        self.admins = admins
        self._now_in = now_in
        self._monotonic = monotonic
        self._jitter = jitter
        self._make_id = make_id
        self._lease = lease
        self._observe = observe
        self.reposts = reposts

    def recover(self) -> int:
        """At the start of the only process: whatever is leased was left by one that died; return how many."""
        with self._database.writing() as session:
            return release_all(session)

    def resume(self) -> None:
        """Go on at once: Slack was found to take the token again, so nothing waits for the end of a pause."""
        with self._database.writing() as session:
            resume_all(session)

    def deliver_due(self, stop: threading.Event | None = None) -> int:
        """Make one pass: attempt whatever is due in a free lane; return the number of attempts.

        When `stop` is set, the current one is finished and no other is claimed.
        """
        attempts = 0
        while not (stop and stop.is_set()):
            # Before the lease begins, so that it never lasts longer by our count than by the database's.
            began = self._monotonic()
            with self._database.writing() as session:
                # Committed before Slack is called: a crash after this leaves a lease that others see.
                work = claim(session, now=self._now_in(session), lease=self._lease, token=self._make_id())
            if work is None:
                break
            with correlated(work.correlation):
                self._record(work, self._do(work, began=began))
            attempts += 1
        return attempts

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Deliver until `stop` is set (then set `wake` too); waits for `wake` or for the next due time."""
        while not stop.is_set():
            # Before the pass: whatever is enqueued during it sets `wake` again.
            wake.clear()
            try:
                self.deliver_due(stop)
                pause = self._next_pause()
            except Exception:  # noqa: BLE001 - the edge of this thread, see below
                # Whatever fails, such as a database that restarts, the worker goes on.
                _log.exception("delivery.worker_failed")
                pause = _LONGEST_WAIT
            wake.wait(pause)

    def _next_pause(self) -> float:
        with self._database.reading() as session:
            now = self._now_in(session)
            due = next_due(session, now=now)
        return (
            _LONGEST_WAIT if due is None else min(max((due - now).total_seconds(), _SHORTEST_WAIT), _LONGEST_WAIT)
        )

    def _do(self, work: DeliveryClaim, *, began: float) -> Delivered | NotDelivered:
        """Attempt it; `began` is when the lease did, by the monotonic clock, which nothing sets."""
        longest = self._lease.total_seconds() - self._slack.timeout

        def may_post() -> bool:
            return self._monotonic() - began < longest

        try:
            rendered = self._render(work)
            if not may_post():  # this process slept: the delivery may be someone else's by now
                return LeaseTooShort()
            return attempt(work, rendered, slack=self._slack, fallback=self._fallback, may_post=may_post)
        except NotDelivered as failure:
            return failure
        except Exception:  # noqa: BLE001 - the edge of one delivery, see below
            # Whatever is wrong with one delivery must not block the others; it dies after a few attempts.
            _log.exception("delivery.broken", extra={"delivery": work.delivery_id, "kind": work.kind})
            return NotDelivered(Trouble.REFUSED, code="broken; see the log")

    def _record(self, work: DeliveryClaim, outcome: Delivered | NotDelivered) -> None:
        self._observe("delivered" if isinstance(outcome, Delivered) else outcome.trouble.value)
        try:
            with self._database.writing() as session:
                if isinstance(outcome, Delivered):
                    self._record_success(session, work, outcome)
                else:
                    self._record_failure(session, work, outcome)
        except delivery_outcomes.DeliveryLeaseLost:
            # Another worker took it over when the lease ended: its record counts, not this one.
            _log.warning("delivery.fenced", extra={"delivery": work.delivery_id, "kind": work.kind})

    def _render(self, work: DeliveryClaim) -> Rendered:
        try:
            facts = open_facts(work.facts, vault=self._vault, delivery_id=work.delivery_id)
        except Unreadable as error:
            raise NotDelivered(Trouble.REFUSED, code="the stored facts cannot be read") from error
        acknowledge, why = facts.pop(ACKNOWLEDGE, None), facts.get(WHY)
        try:
            rendered = self._renderer.message(work.kind, facts)
        except RenderFailed as error:
            _log.warning(
                "delivery.laid_out_plainly",
                extra={"delivery": work.delivery_id, "kind": work.kind, "reason": str(error)},
            )
            # A mistake in a customised template must not cost the notice.
            rendered = lay_out_plainly(work.kind, {name: fact for name, fact in facts.items() if name != WHY})
        if acknowledge:
            rendered = put_below(rendered, self._renderer.message(AcknowledgementFacts.template, acknowledge))
        # Details offers *Why am I seeing this?* too, so that an ordinary purchase needs no row for it.
        if why and not has_button(rendered, DETAILS):
            rendered = put_beside(rendered, self._renderer.message(WhyFacts.template, why))
        return rendered

    def _record_success(self, session: Session, work: DeliveryClaim, delivered: Delivered) -> None:
        now = self._now_in(session)
        delivery_outcomes.record_delivered(session, work, delivered, now=now, make_id=self._make_id)
        # Not for an edit, which would repeat the pages, nor for a page, which would have pages of its own.
        if work.operation is SlackOperation.POST and work.kind != in_full.KIND:
            for facts in in_full.lay_out(delivered.left_out):
                self._outbox.enqueue(
                    session, kind=in_full.KIND, facts=facts, recipient=work.recipient, now=now, thread_of=work.key
                )
        if delivered.refused is not None:
            self._tell_admins(session, FormRefused, work, delivered.refused, now=now)
        _log.info(
            "delivery.made",
            extra={
                "delivery": work.delivery_id,
                "kind": work.kind,
                "recipient": work.recipient,
                "attempts": work.history.attempts,
                "posted": delivered.posted,
                "refused": delivered.refused.code if delivered.refused else "",
                "repeated": delivered.repeated,
            },
        )

    def _record_failure(self, session: Session, work: DeliveryClaim, failure: NotDelivered) -> None:
        now = self._now_in(session)
        may_be_reposted = failure.trouble is Trouble.UNREACHABLE or isinstance(failure, CopyGone)
        if self.reposts is not None and may_be_reposted:
            self.reposts.lock(session)
        _log.warning(
            "delivery.not_made",
            extra={
                "delivery": work.delivery_id,
                "kind": work.kind,
                "recipient": work.recipient,
                "attempts": work.history.attempts,
                "trouble": failure.trouble,
                "code": failure.code,
            },
        )
        if failure.trouble is Trouble.UNREACHABLE and not is_person(work.recipient):
            if delivery_outcomes.mark_unreachable(session, work, now=now):
                self._tell_admins(session, FallbackUsed, work, failure, now=now)
            if fallback_channel.may_have(work, fallback=self._fallback):
                delivery_outcomes.record_detour(session, work, failure, fallback=self._fallback, now=now)
                self._place_repost(session, work, channel=self._fallback, now=now)
                return
        if isinstance(failure, CopyGone):
            delivery_outcomes.record_repost(session, work, failure, now=now)
            self._place_repost(session, work, channel=work.recipient, now=now)
            return
        decision = decide_retry(
            failure.trouble, history=work.history, retry_after=failure.retry_after, now=now, jitter=self._jitter()
        )
        if decision.again:
            delivery_outcomes.record_retry(session, work, failure, decision, now=now)
        else:
            delivery_outcomes.record_dead(session, work, failure, now=now)
            self._tell_admins(session, DeliveryDead, work, failure, now=now)

    def _place_repost(self, session: Session, work: DeliveryClaim, *, channel: str, now: datetime) -> None:
        if self.reposts is not None and not is_person(channel):
            self.reposts.place(session, work.delivery_id, channel=channel, now=now)

    def _tell_admins(
        self,
        session: Session,
        trouble: type[DeliveryTrouble],
        work: DeliveryClaim,
        failure: NotDelivered,
        *,
        now: datetime,
    ) -> None:
        fallback_channel.tell_admins(
            session,
            trouble,
            work,
            failure,
            outbox=self._outbox,
            admins=self.admins,
            fallback=self._fallback,
            now=now,
        )
