"""Executes approved requests: claim, do, record, on threads of its own."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.context import ApprovalContext
from approvals.execution import execution, interrupted_executions, postponements, prior_lookup, records
from approvals.execution.candidates import Candidate, find_candidate, find_claimable
from approvals.execution.execution import ClaimedExecution, NotClaimed
from approvals.execution.records import ExecutionLeaseLost
from approvals.policy.people import DirectoryUnreadable, Member
from approvals.policy.stop_conditions import StopCause
from approvals.refusals import Refusal
from approvals.requests import stored
from approvals.requests.history import Unproven
from approvals.statuses import Status
from approvals.stops.stopping import stop_by_itself
from approvals.tables import Request
from paytend import Client, PaytendError
from storage.correlation import correlated
from storage.database import Database

THREADS = 4
PAUSE = 2.0  # seconds: other replicas approve without waking this one
_LONGEST_HOLD = 3600.0  # seconds; frees a request whose thread died without saying so

_DISCARDED = "Its answer held a secret, which was discarded, as cardops.yml has it."

_log = logging.getLogger(__name__)


class Executor:
    """Claims and executes approved requests. Several may run, in other replicas too: the rows decide who does."""

    def __init__(
        self,
        *,
        database: Database,
        context: ApprovalContext,
        paytend: Client,
        now_in: Callable[[Session], datetime],
        monotonic: Callable[[], float],
        find_member: Callable[[str], Member],
        take_snapshot: Callable[[str, Payload], Snapshot],
        keep_secret: Callable[[str, SecretStr], bool],
        wake_deliverer: Callable[[], None],
    ) -> None:
        """Prepare; nothing runs before `run` or `execute_due`.

        `find_member` takes an account and raises DirectoryUnreadable, `take_snapshot` takes an action and its
        payload and raises PaytendError, `keep_secret` takes a request's id and the secret that Paytend returned,
        and says whether it was kept.
        """
        self._database = database
        self._context = context
        self._paytend = paytend
        self._now_in = now_in
        self._monotonic = monotonic
        self._find_member = find_member
        self._take_snapshot = take_snapshot
        self._keep_secret = keep_secret
        self._wake_deliverer = wake_deliverer
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="execution")
        self._held_until: dict[str, float] = {}  # by `monotonic`
        self._lock = threading.Lock()

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Execute what is approved until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                for candidate in self._find():
                    self._threads.submit(self._try, candidate)
            except Exception:  # noqa: BLE001 - the edge of this thread, without which nothing is carried out any more
                _log.exception("execution.round_failed")
            wake.wait(PAUSE)
        self._threads.shutdown(wait=True)

    def execute_due(self) -> int:
        """Execute what is approved now, one after the other; return how many were tried."""
        candidates = self._find()
        for candidate in candidates:
            self._try(candidate)
        return len(candidates)

    def execute_now(self, request_id: str) -> Request:
        """Execute a request that its rule has just approved, and return it as it is then.

        When something puts it off, or another thread was quicker, it is left to `run`.
        """
        with self._database.reading() as session:
            candidate = find_candidate(session, self._context, stored.find(session, request_id))
        with correlated(request_id):
            try:
                self._execute(candidate)
            except (Refusal, PaytendError, DirectoryUnreadable) as error:
                self._put_off(request_id, error)
        self._wake_deliverer()
        with self._database.reading() as session:
            return stored.find(session, request_id)

    def recover(self) -> int:
        """Turn what is executing into unknown, at the start of the only process: a dead one left it behind."""
        with self._database.writing() as session:
            now = self._now_in(session)
            return interrupted_executions.mark_left_behind(session, self._context, now=now)

    def _find(self) -> list[Candidate]:
        with self._lock:
            now = self._monotonic()
            held = [request_id for request_id, until in self._held_until.items() if until > now]
        with self._database.reading() as session:
            found = find_claimable(session, self._context, now=self._now_in(session), without=held)
        with self._lock:
            for candidate in found:
                # Until its thread is done: approved until it is claimed, it would be found again in each round.
                self._held_until[candidate.request_id] = now + _LONGEST_HOLD
        return found

    def _try(self, candidate: Candidate) -> None:
        with correlated(candidate.request_id):
            try:
                self._execute(candidate)
            except (Refusal, PaytendError, DirectoryUnreadable) as error:
                # Nothing was sent, so it stays approved, and is tried again until its time is over.
                self._put_off(candidate.request_id, error)
            except Exception as error:  # noqa: BLE001 - the edge of a thread; what was claimed becomes unknown by its lease
                _log.exception("execution.broken", extra={"request": candidate.request_id})
                self._put_off(candidate.request_id, error)
            finally:
                with self._lock:
                    self._held_until.pop(candidate.request_id, None)
        self._wake_deliverer()

    def _put_off(self, request_id: str, error: Exception) -> None:
        """Have a request wait that was not claimed; one that was stays as it is."""
        _log.info("execution.put_off", extra={"request": request_id, "reason": type(error).__name__})
        try:
            with self._database.writing() as session:
                now = self._now_in(session)
                postponements.put_off(session, self._context, request_id=request_id, error=error, now=now)
        except Exception:  # noqa: BLE001 - the edge of a thread: the next round tries the request again
            _log.exception("execution.not_put_off", extra={"request": request_id})

    def _execute(self, candidate: Candidate) -> None:
        """Claim one approved request, do it and record the outcome.

        Raises Refusal, PaytendError or DirectoryUnreadable when it is put off; nothing was sent then.
        """
        # Rights and the card are read before the claim: no transaction stays open across the network.
        members_by_account = {account: self._find_member(account) for account in candidate.accounts}
        current = self._snapshot_of(candidate)
        started = self._monotonic()
        with self._database.writing() as session:
            work = execution.claim(
                session,
                self._context,
                request_id=candidate.request_id,
                members_by_account=members_by_account,
                current=current,
                now=self._now_in(session),
                started=started,
            )
        if not isinstance(work, ClaimedExecution):
            if work.status is Status.APPROVED:
                self._stop_all(work)
                raise Unproven(what=work.words)
            return
        told = {"request": work.request_id, "action": work.action, "reference": work.reference}
        _log.info("execution.claimed", extra={**told, "subject": candidate.subject})
        self._wake_deliverer()  # the request message says that it is being executed
        asked = prior_lookup.ask_before(work, self._paytend)
        if isinstance(asked, ClaimedExecution):
            outcome = execution.do(asked, self._paytend, monotonic=self._monotonic, holds=self._holds)
        else:
            outcome = asked
        # Before the record, which may find the lease lost: the person needs the secret all the same.
        if outcome.secret is not None and not self._keep_secret(candidate.request_id, outcome.secret):
            outcome = replace(outcome, secret=None, words=f"{outcome.words} {_DISCARDED}".strip())
        try:
            with self._database.writing() as session:
                now = self._now_in(session)
                records.record(session, self._context, work=work, outcome=outcome, now=now)
            _log.info("execution.recorded", extra={**told, "outcome": outcome.result})
        except ExecutionLeaseLost:
            _log.warning("execution.fenced", extra={"request": candidate.request_id, "outcome": outcome.result})

    def _holds(self, work: ClaimedExecution) -> bool:
        """Whether the claim is in force by the database; if it cannot be read, it is not relied on."""
        try:
            with self._database.reading() as session:
                return records.is_held(session, work, now=self._now_in(session))
        except SQLAlchemyError:
            _log.exception("execution.database_failed")
            return False

    def _stop_all(self, work: NotClaimed) -> None:
        """Stop, if `stop_when` of cardops.yml has `trail_broken`: who changed one row may have changed others."""
        with self._database.writing() as session:
            stop_by_itself(
                session,
                self._context,
                cause=StopCause.TRAIL_BROKEN,
                reason="the rows of an approved request are not what the audit trail proves",
                mark=work.request_id,
                now=self._now_in(session),
            )

    def _snapshot_of(self, candidate: Candidate) -> Snapshot:
        """Return what the request is about, as it is now.

        A payload that does not fit its digest gets an empty snapshot: nothing of it is believed, and the claim
        refuses it.
        """
        try:
            with self._database.reading() as session:
                payload = stored.read_payload(self._context, stored.find(session, candidate.request_id))
        except stored.Altered:
            return Snapshot(subject=candidate.subject)
        return self._take_snapshot(candidate.action, payload)
