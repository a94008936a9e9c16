"""What the clock does with open requests: end and remind, reconcile what is unknown, follow card orders."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.execution import end_watch, interrupted_executions, orders, reconciliation, unproven
from approvals.execution.interrupted_executions import LeaseWatch
from approvals.requests import deadlines
from paytend import Client
from storage.database import Database


@dataclass(frozen=True, kw_only=True)
class RequestFollowUp:
    """Follows requests up; each method is one job, done by whichever replica takes its slot."""

    database: Database
    context: ApprovalContext
    paytend: Client
    now_in: Callable[[Session], datetime]
    watch: LeaseWatch
    wake_deliverer: Callable[[], None]

    def keep_deadlines(self) -> int:
        """End requests whose time is over and remind of those whose time is near; return how many changed."""
        changed = 0
        steps = (unproven.report_lost_events, unproven.end_unsigned, deadlines.expire_due, deadlines.remind_due)
        for step in steps:
            with self.database.writing() as session:
                changed += step(session, self.context, now=self.now_in(session))
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
        for claim in claims:
            result = reconciliation.ask(claim, self.paytend)
            with self.database.writing() as session:
                now = self.now_in(session)
                reconciliation.record(session, self.context, claim=claim, result=result, now=now)
            self.wake_deliverer()
        return len(claims)

    def watch_ends(self) -> int:
        """Ask Paytend whether the ends that are due stay true; return how many it was asked about."""
        with self.database.writing() as session:
            claims = end_watch.claim_due(session, self.context, now=self.now_in(session))
        for claim in claims:
            result = reconciliation.ask(claim, self.paytend)
            with self.database.writing() as session:
                is_new = end_watch.record(
                    session, self.context, claim=claim, result=result, now=self.now_in(session)
                )
            if is_new:
                self.wake_deliverer()
        return len(claims)

    def look_again(self, request_id: str) -> None:
        """Ask Paytend about one unknown request before people settle it, unless it was asked just now."""
        with self.database.writing() as session:
            claim = reconciliation.claim_stale(
                session, self.context, request_id=request_id, now=self.now_in(session)
            )
        if claim is None:
            return
        result = reconciliation.ask(claim, self.paytend)
        with self.database.writing() as session:
            reconciliation.record(session, self.context, claim=claim, result=result, now=self.now_in(session))
        self.wake_deliverer()

    def follow_orders(self) -> int:
        """Ask Paytend about card orders without a result; return how many results were recorded."""
        recorded = 0
        with self.database.writing() as session:
            waiting = orders.claim_due(session, now=self.now_in(session))
        for following in waiting:
            order = orders.ask(following, self.paytend)
            if order is not None:
                with self.database.writing() as session:
                    now = self.now_in(session)
                    recorded += orders.record(session, self.context, order=order, now=now)
        if recorded:
            self.wake_deliverer()
        return recorded
