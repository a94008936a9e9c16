"""What the clock does with open requests: end and remind, reconcile what is unknown, follow card orders."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from approvals.actions.outcomes import LookupResult, LookupStatus
from approvals.context import ApprovalContext
from approvals.execution import end_watch, interrupted_executions, lapses, orders, reconciliation, unproven
from approvals.execution.absence_watch import AbsenceWatch
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.execution.lapses import Lapse
from approvals.execution.orders import OpenOrder
from approvals.execution.reconciliation import LookupClaim
from approvals.requests import deadlines
from paytend import Client
from storage.correlation import correlated
from storage.database import Database

_log = logging.getLogger(__name__)

T = TypeVar("T", LookupClaim, OpenOrder, Lapse)


@dataclass(frozen=True, kw_only=True)
class RequestFollowUp:
    """Follows requests up; each method is one job, done by whichever replica takes its slot."""

    database: Database
    context: ApprovalContext
    paytend: Client
    now_in: Callable[[Session], datetime]
    watch: LeaseWatch
    absences: AbsenceWatch
    wake_deliverer: Callable[[], None]

    def keep_deadlines(self) -> int:
        """End requests whose time is over and remind of those whose time is near; return how many changed."""
        changed = 0
        # The report first, which writes no event: with a trail that lost some, whatever comes after it raises.
        steps = (unproven.report_lost_events, unproven.end_unsigned, deadlines.expire_due, deadlines.remind_due)
        for step in steps:
            with self.database.writing() as session:
                changed += step(session, self.context, now=self.now_in(session))
        with self.database.reading() as session:
            due = lapses.find_due(session, self.context, now=self.now_in(session))
        changed += _one_by_one(due, self._lapse)
        if changed:
            self.wake_deliverer()
        return changed

    def reconcile_due(self) -> int:
        """Turn executions whose lease has ended into unknown, and ask Paytend about unknown ones that are due.

        Returns how many Paytend was asked about.
        """
        with self.database.writing() as session:
            now = self.now_in(session)
            interrupted_executions.mark_stranded(session, self.context, watch=self.watch, now=now)
            claims = reconciliation.claim_due(session, self.context, now=now)
        _one_by_one(claims, self._reconcile)
        if claims:
            self.wake_deliverer()
        return len(claims)

    def watch_ends(self) -> int:
        """Ask Paytend whether the ends that are due stay true; return how many it was asked about."""
        with self.database.writing() as session:
            now = self.now_in(session)
            restored = end_watch.restore_cleared(session, self.context, now=now)
            claims = end_watch.claim_due(session, self.context, now=now)
        if restored:
            _log.warning("execution.contradiction_was_cleared", extra={"count": restored})
        _one_by_one(claims, self._watch)
        return len(claims)

    def look_again(self, request_id: str) -> None:
        """Ask Paytend about one unknown request before people settle it, unless it was asked just now."""
        with self.database.writing() as session:
            claim = reconciliation.claim_stale(
                session, self.context, request_id=request_id, now=self.now_in(session)
            )
        if claim is None:
            return
        self._reconcile(claim)
        self.wake_deliverer()

    def follow_orders(self) -> int:
        """Ask Paytend about card orders without a result; return how many results were recorded."""
        with self.database.writing() as session:
            waiting = orders.claim_due(session, now=self.now_in(session))
        recorded = _one_by_one(waiting, self._follow)
        if recorded:
            self.wake_deliverer()
        return recorded

    def _follow(self, following: OpenOrder) -> bool:
        order = orders.ask(following, self.paytend)
        if order is None:
            return False
        with self.database.writing() as session:
            return orders.record(session, self.context, order=order, now=self.now_in(session))

    def _lapse(self, due: Lapse) -> bool:
        answer = lapses.ask(due, self.paytend)
        with self.database.writing() as session:
            now = self.now_in(session)
            return lapses.record(session, self.context, request_id=due.request_id, answer=answer, now=now)

    def _reconcile(self, claim: LookupClaim) -> None:
        result = self._ask(claim)
        _log.info("reconciliation.asked", extra={"request": claim.request_id, "answer": result.status})
        with self.database.writing() as session:
            now = self.now_in(session)
            reconciliation.record(
                session, self.context, claim=claim, result=result, absences=self.absences, now=now
            )

    def _watch(self, claim: LookupClaim) -> None:
        result = self._ask(claim)
        with self.database.writing() as session:
            now = self.now_in(session)
            is_new = end_watch.record(session, self.context, claim=claim, result=result, now=now)
        if is_new:
            self.wake_deliverer()

    def _ask(self, claim: LookupClaim) -> LookupResult:
        try:
            return reconciliation.ask(claim, self.paytend)
        except Exception:  # noqa: BLE001 - an edge: an odd answer says nothing, and is asked for again later
            _log.exception("reconciliation.not_read", extra={"request": claim.request_id})
            words = "Paytend's answer could not be read; the bot's log has more."
            return LookupResult(status=LookupStatus.UNREADABLE, words=words)


def _one_by_one(claims: Iterable[T], act: Callable[[T], object]) -> int:
    """Do something with each, whatever goes wrong with others; return how often there was something to do."""
    done = 0
    for claim in claims:
        try:
            with correlated(claim.request_id):
                done += bool(act(claim))
        except OperationalError:  # the database itself: nothing would work
            raise
        except Exception:  # noqa: BLE001 - an edge: one that breaks must not keep the others from being asked
            _log.exception("request.not_followed", extra={"request": claim.request_id})
    return done
