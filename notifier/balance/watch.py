"""Watches the partner balance: asks Paytend, keeps a sample, enqueues a notice when it is low or recovered."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, select

from notifier.balance import notices
from notifier.balance.levels import BalanceRule, Level, LevelState, Thresholds, decide
from notifier.balance.tables import BalanceSample, BalanceState
from notifier.balance.unknown import count_unknown, end_unknown
from notifier.outbox.outbox import Outbox
from notifier.routing.locks import lock_announcing
from notifier.routing.routes import Routes
from paytend import Money, Sender, operations
from storage.database import Database
from storage.upsert import insert_once

_log = logging.getLogger(__name__)


class BalanceWatch:
    """Polls the partner balance; the clock decides when, rows decide what is enqueued."""

    def __init__(
        self,
        *,
        database: Database,
        paytend: Sender,
        rule: BalanceRule,
        routes: Routes,
        outbox: Outbox,
        now_in: Callable[[Session], datetime],
    ) -> None:
        """Prepare to watch the currencies of the rule."""
        self._database = database
        self._paytend = paytend
        self._rule = rule
        self._routed = notices.RoutedOutbox(routes=routes, outbox=outbox)
        self._now_in = now_in

    def poll(self) -> None:
        """Ask once and record the answer; raises paytend.PaytendError when there is none."""
        if not self._rule.currencies:
            return
        # Before asking: of two replicas the one that asked later has the newer balance, whenever it is answered.
        with self._database.reading() as session:
            asked_at = self._now_in(session)
        answer = self._paytend.send(operations.GET_PARTNER_BALANCE())
        for currency, thresholds in self._rule.currencies.items():
            balance = answer.balance(currency)
            if balance is None:
                _log.warning("balance.not_said", extra={"currency": currency})
                self._count_unknown(currency)
                continue
            with self._database.writing() as session:
                self._record(session, balance, thresholds, asked_at=asked_at)

    def _count_unknown(self, currency: str) -> None:
        with self._database.writing() as session:
            now = self._now_in(session)
            count_unknown(session, currency, routed=self._routed, repeat=self._rule.repeat, now=now)

    def _record(self, session: Session, balance: Money, thresholds: Thresholds, *, asked_at: datetime) -> None:
        lock_announcing(session)
        now = self._now_in(session)
        state = _lock_state(session, balance, now=now)
        if state.asked_at is not None and state.asked_at >= asked_at:
            return  # another replica asked later and was quicker: its answer is the newer one
        change = decide(
            LevelState(level=Level(state.level), told_at=state.told_at),
            balance=balance,
            thresholds=thresholds,
            repeat=self._rule.repeat,
            now=now,
        )
        insert_once(
            session,
            BalanceSample,
            {"currency": balance.currency, "taken_at": asked_at, "amount": str(balance.amount)},
        )
        end_unknown(session, balance.currency, routed=self._routed, now=now)
        notices.enqueue(
            session, change, state, balance=balance, thresholds=thresholds, routed=self._routed, now=now
        )
        if change.level_state.level != state.level:
            state.changed_at = now
        state.level, state.told_at = change.level_state.level, change.level_state.told_at
        state.amount, state.asked_at = str(balance.amount), asked_at
        session.flush()


def _lock_state(session: Session, balance: Money, *, now: datetime) -> BalanceState:
    insert_once(
        session,
        BalanceState,
        {"currency": balance.currency, "level": Level.OK, "amount": str(balance.amount), "changed_at": now},
    )
    query = select(BalanceState).where(BalanceState.currency == balance.currency).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()
