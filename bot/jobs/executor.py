"""Carries out what was approved and asks about what is not known: claim, do, record, on threads of its own."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from approvals.actions.snapshot import Snapshot
from approvals.execution import execution, orders, reconciliation
from approvals.execution.execution import Candidate, ClaimedExecution, ExecutionLeaseLost
from approvals.policy.people import DirectoryUnreadable
from approvals.refusals import Refusal
from approvals.requests import deadlines, stored
from approvals.tables import Request
from bot.wiring.dependencies import Parts
from paytend import PaytendError

THREADS = 4
PAUSE = 2.0  # seconds: other replicas approve without waking this one
AGAIN_AFTER = timedelta(seconds=10)  # when a card could not be looked at, or rights could not be read

_log = logging.getLogger(__name__)


class Executor:
    """Runs executions and lookups; several of them, also in other replicas, may run at once: rows decide."""

    def __init__(self, parts: Parts) -> None:
        """Prepare; nothing runs before `run` or `execute_due`."""
        self._parts = parts
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="execution")
        self._in_hand: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Carry out whatever is approved until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                for candidate in self._find():
                    self._threads.submit(self._hold, candidate)
            except SQLAlchemyError:
                _log.exception("execution.database_failed")
            wake.wait(PAUSE)
        self._threads.shutdown(wait=True)

    def execute_due(self) -> int:
        """Carry out what is approved now, one after the other; return how many were tried."""
        candidates = self._find()
        for candidate in candidates:
            self._hold(candidate)
        return len(candidates)

    def reconcile_due(self) -> int:
        """Turn what was left executing into unknown, and ask Paytend about what is unknown and due.

        Returns how many were asked about.
        """
        parts = self._parts
        with parts.database.writing() as session:
            execution.mark_stranded(session, parts.context, now=parts.clock.now())
            claims = reconciliation.claim_due(session, parts.context, now=parts.clock.now())
        for claim in claims:
            result = reconciliation.ask(claim, parts.paytend)
            with parts.database.writing() as session:
                reconciliation.record(session, parts.context, claim=claim, result=result, now=parts.clock.now())
            parts.wake_deliverer()
        return len(claims)

    def follow_orders(self) -> int:
        """Ask Paytend about card orders without a result; return how many results were told."""
        parts, told = self._parts, 0
        with parts.database.writing() as session:
            waiting = orders.due(session, now=parts.clock.now())
        for following in waiting:
            order = orders.ask(following, parts.paytend)
            if order is not None:
                with parts.database.writing() as session:
                    told += orders.record(session, parts.context, order=order, now=parts.clock.now())
        if told:
            parts.wake_deliverer()
        return told

    def keep_time(self) -> int:
        """End and remind what is due; return how many changed."""
        parts, changed = self._parts, 0
        for step in (deadlines.expire_due, deadlines.remind_due):
            changed += self._in_transaction(step)
        if changed:
            parts.wake_deliverer()
        return changed

    def recover(self) -> int:
        """At the start of the only process: whatever is executing was left by one that died."""
        parts = self._parts
        with parts.database.writing() as session:
            return execution.mark_stranded(session, parts.context, now=parts.clock.now(), at_start=True)

    def _in_transaction(self, step: Callable[..., int]) -> int:
        with self._parts.database.writing() as session:
            return step(session, self._parts.context, now=self._parts.clock.now())

    def _find(self) -> list[Candidate]:
        now = self._parts.clock.now()
        with self._parts.database.reading() as session:
            found = execution.find_claimable(session, now=now)
        with self._lock:
            free = [candidate for candidate in found if self._in_hand.get(candidate.request_id, now) <= now]
            for candidate in free:
                self._in_hand[candidate.request_id] = now + timedelta(hours=1)
        return free

    def _hold(self, candidate: Candidate) -> None:
        again: datetime | None = None
        try:
            carry_out(self._parts, candidate)
        except (Refusal, PaytendError, DirectoryUnreadable) as error:
            # It stays approved: nothing was sent. Tried again until its time is over.
            _log.info("execution.put_off", extra={"request": candidate.request_id, "reason": type(error).__name__})
            again = self._parts.clock.now() + AGAIN_AFTER
        except Exception:  # noqa: BLE001 - the edge of a thread; what was claimed becomes unknown by its lease
            _log.exception("execution.broken", extra={"request": candidate.request_id})
            again = self._parts.clock.now() + AGAIN_AFTER
        finally:
            with self._lock:
                if again is None:
                    self._in_hand.pop(candidate.request_id, None)
                else:
                    self._in_hand[candidate.request_id] = again
        self._parts.wake_deliverer()


def carry_out(parts: Parts, candidate: Candidate) -> None:
    """Claim one approved request, do it and record it; raises what puts it off, and nothing was sent then."""
    members_by_account = {account: parts.find_member(account) for account in candidate.approvers}
    card_now = _look(parts, candidate)
    with parts.database.writing() as session:
        work = execution.claim(
            session,
            parts.context,
            request_id=candidate.request_id,
            members_by_account=members_by_account,
            card_now=card_now,
            now=parts.clock.now(),
        )
    if not isinstance(work, ClaimedExecution):
        return
    parts.wake_deliverer()  # the card says that it is being carried out
    outcome = execution.do(work, parts.paytend, now=parts.clock.now())
    if outcome.secret is not None:
        parts.secrets.keep(candidate.request_id, outcome.secret)
    try:
        with parts.database.writing() as session:
            execution.record(session, parts.context, work=work, outcome=outcome, now=parts.clock.now())
    except ExecutionLeaseLost:
        _log.warning("execution.fenced", extra={"request": candidate.request_id, "outcome": outcome.result})


def carry_out_now(parts: Parts, request_id: str) -> Request:
    """Carry out what was just approved by its rule, and return it as it is then.

    What puts it off, or another thread that was quicker, leaves it to the executor.
    """
    with parts.database.reading() as session:
        candidate = execution.find_candidate(session, stored.find(session, request_id))
    try:
        carry_out(parts, candidate)
    except (Refusal, PaytendError, DirectoryUnreadable) as error:
        _log.info("execution.put_off", extra={"request": request_id, "reason": type(error).__name__})
    parts.wake_deliverer()
    with parts.database.reading() as session:
        return stored.find(session, request_id)


def _look(parts: Parts, candidate: Candidate) -> Snapshot:
    """Look at what it is about; what does not fit its digest is refused by the claim, unseen."""
    try:
        with parts.database.reading() as session:
            payload = stored.read_payload(parts.context, stored.find(session, candidate.request_id))
    except stored.Altered:
        return Snapshot(subject=candidate.subject)
    return parts.take_snapshot(candidate.action, payload)
