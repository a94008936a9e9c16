"""Whose card it is, and why it was declined: a webhook names the card of a movement and no more, so we ask.

A notice never waits for it: it is posted at once, and edited when the answer is there. Names are remembered in
memory only and for a while, so that the next notice of the card has it from the start.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlmodel import Session

from notifier.inbox import decline_reasons, purchases
from notifier.inbox.decline_reasons import CardLook, LossReport
from notifier.inbox.event_facts import DeclineReason, TransactionNotice
from notifier.inbox.purchase_ledger import SUCCEEDED
from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import make_plain
from notifier.routing.locks import lock_announcing
from paytend import PaytendError, Sender, Unreachable, operations
from paytend.models import Cardholder
from storage.database import Database
from storage.vault import Vault

REMEMBERED = 3600.0  # seconds
MOST_REMEMBERED, MOST_WAITING = 10_000, 500  # cards
MOST_NOTICES = 50  # of one card that wait for its name
GENTLY = 0.2  # seconds between two cards: what people ask of Paytend goes first
AFTER_TROUBLE, LONGEST_PAUSE = 30.0, 1800.0  # seconds until a card without an answer is asked about again
MOST_TRIES = 8
IN_A_ROW = 3  # cards without an answer: then it is Paytend, and nobody is asked for a while
_LONGEST_WAIT = 60.0

_log = logging.getLogger(__name__)


def look_at_card(paytend: Sender, card_id: str, *, with_review: bool) -> CardLook:
    """Return a card with its cardholder's name, and their review if wanted; raises paytend.PaytendError."""
    card = paytend.send(operations.GET_CARD_INFO(card_id=card_id))
    holder: Cardholder | None = None
    if card.holder_id and (with_review or not card.holder_name):
        holder = paytend.send(operations.GET_CARDHOLDER(holder_id=card.holder_id))
    return CardLook(
        holder_name=card.holder_name or (holder.name if holder else None),
        status=card.status,
        review=holder.audit_status if holder else None,
        balances=tuple(balance.money for balance in card.balances if balance.money is not None),
        last_four=card.last_four,
        holder_id=card.holder_id,
    )


class CardLooker(Protocol):
    """Looks at a card at Paytend: `look_at_card`."""

    def __call__(self, card_id: str, *, with_review: bool) -> CardLook:
        """Return what Paytend shows; raises paytend.PaytendError."""
        ...


@dataclass(frozen=True, kw_only=True)
class LossReports:
    """Who reported cards lost here: `find` the newest report that still holds, `find_name` of an account.

    `find_name` may ask Slack; it returns None where Slack does not say.
    """

    find: Callable[[Session, str], LossReport | None]
    find_name: Callable[[str], str | None]


@dataclass(frozen=True, kw_only=True)
class Incomplete:
    """A notice without the name of its cardholder, or without the reason of a decline.

    Of one that succeeded on a card that was reported lost, what is looked for is who reported it.
    """

    card_id: str
    subject: str
    is_unexplained: bool


@dataclass(kw_only=True)
class _Wanted:
    """The notices that wait for a card, how often it was asked for in vain, and when it is again."""

    notices: deque[Incomplete] = field(default_factory=lambda: deque(maxlen=MOST_NOTICES))
    tries: int = 0
    not_before: float = 0.0

    @property
    def is_unexplained(self) -> bool:
        """Whether of one of them the reason is looked for."""
        return any(notice.is_unexplained for notice in self.notices)


class CardholderNames:
    """Learns names, and why cards were declined; `find` and `request` may be called from any thread."""

    def __init__(
        self,
        *,
        look: CardLooker,
        reports: LossReports | None = None,
        learn: Callable[[str, CardLook], None] = lambda _card_id, _look: None,
        database: Database,
        outbox: Outbox,
        vault: Vault,
        now_in: Callable[[Session], datetime],
        monotonic: Callable[[], float],
        wake: Callable[[], None],
        wake_deliverer: Callable[[], None],
    ) -> None:
        """Prepare; `wake` ends the waiting of `run`, `learn` gets each look, for the index of cards."""
        self._look = look
        self._reports = reports
        self._learn = learn
        self._database = database
        self._outbox = outbox
        self._vault = vault
        self._now_in = now_in
        self._monotonic = monotonic
        self._wake = wake
        self._wake_deliverer = wake_deliverer
        self._known: OrderedDict[str, tuple[str | None, float]] = OrderedDict()
        self._requested: OrderedDict[str, _Wanted] = OrderedDict()
        self._unanswered = 0  # in a row
        self._lock = threading.Lock()

    def find(self, card_id: str) -> str | None:
        """Return the name if it is remembered."""
        with self._lock:
            name, until = self._known.get(card_id, (None, 0.0))
            return name if until > self._monotonic() else None

    def explain(self, session: Session, facts: TransactionNotice) -> TransactionNotice:
        """Return the facts with what is stored on why it was declined, or should have been; nobody is asked."""
        report = self._reports.find(session, facts.card_id) if self._reports and facts.card_id else None
        if facts.status in SUCCEEDED:
            return replace(facts, despite=DeclineReason(kind="lost", at=report.at) if report else None)
        return replace(facts, reason=decline_reasons.explain(facts, now=self._now_in(session), report=report))

    def request(self, notices: Iterable[Incomplete]) -> None:
        """Have notices completed; of too many at once the oldest stay as they are."""
        with self._lock:
            for notice in notices:
                _, until = self._known.get(notice.card_id, (None, 0.0))
                # A name may be remembered, what a card is like at a decline never.
                if notice.is_unexplained or until <= self._monotonic():
                    self._requested.setdefault(notice.card_id, _Wanted()).notices.append(notice)
            while len(self._requested) > MOST_WAITING:
                self._requested.popitem(last=False)
            is_requested = bool(self._requested)
        if is_requested:
            self._wake()

    def run(self, stop: threading.Event, wake: threading.Event) -> None:
        """Learn until `stop` is set (then set `wake` too)."""
        while not stop.is_set():
            wake.clear()
            try:
                pause = GENTLY if self.fetch_next() else self._wait_for_next()
            except Unreachable:
                pause = AFTER_TROUBLE
            except Exception:  # noqa: BLE001 - the edge of this thread: names are not worth its end
                _log.exception("naming.failed")
                pause = AFTER_TROUBLE
            (stop if pause in {GENTLY, AFTER_TROUBLE} else wake).wait(pause)

    def fetch_next(self) -> bool:
        """Look at the next card and complete its notices; return whether there was one.

        Raises Unreachable when Paytend has not answered about several cards in a row.
        """
        now = self._monotonic()
        with self._lock:
            # It stays in the queue meanwhile, so that notices that come join it.
            due = (card for card, wanted in self._requested.items() if wanted.not_before <= now)
            card_id = next(due, None)
            is_unexplained = card_id is not None and self._requested[card_id].is_unexplained
        if card_id is None:
            return False
        look: CardLook | None = None
        try:
            look = self._look(card_id, with_review=is_unexplained)
        except Unreachable:
            self._put_off(card_id)
            self._unanswered += 1
            if self._unanswered >= IN_A_ROW:
                raise
            return True
        except PaytendError as error:  # this card cannot be read, or the answer is about another one
            _log.info("naming.not_read", extra={"reason": type(error).__name__})
        except Exception:
            # A mistake of ours: the card would be the next one for ever.
            self._put_off(card_id)
            raise
        self._unanswered = 0
        name = look.holder_name if look else None
        with self._lock:
            wanted = self._requested.pop(card_id, _Wanted())  # dropped meanwhile, as too many came
            # Also None: a card that cannot be read is not asked about at each of its movements.
            if look is not None or self._known.get(card_id, (None, 0.0))[1] <= now:
                self._known[card_id] = (name, self._monotonic() + REMEMBERED)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        if look is not None:
            self._learn(card_id, look)
        self._show(
            wanted.notices, name=name, explain=self._make_explanation(card_id, look) if is_unexplained else None
        )
        return True

    def _put_off(self, card_id: str) -> None:
        """Have a card that Paytend does not answer about wait behind the others, and give it up in the end."""
        with self._lock:
            wanted = self._requested.pop(card_id, None)
            if wanted is None or wanted.tries + 1 >= MOST_TRIES:
                return
            pause = min(AFTER_TROUBLE * (1 << wanted.tries), LONGEST_PAUSE)
            wanted.tries, wanted.not_before = wanted.tries + 1, self._monotonic() + pause
            self._requested[card_id] = wanted

    def _wait_for_next(self) -> float:
        with self._lock:
            first = min((wanted.not_before for wanted in self._requested.values()), default=None)
        # A second more: never one of the two pauses that nothing ends.
        return _LONGEST_WAIT if first is None else min(max(first - self._monotonic(), 0) + 1, _LONGEST_WAIT)

    def _make_explanation(
        self, card_id: str, look: CardLook | None
    ) -> Callable[[TransactionNotice], DeclineReason | None]:
        with self._database.reading() as session:
            now = self._now_in(session)
            report = self._reports.find(session, card_id) if self._reports else None
        # Slack is asked for the name here, outside of any transaction.
        reporter = self._reports.find_name(report.account) if self._reports and report else None
        return partial(decline_reasons.explain, now=now, report=report, reporter=reporter, look=look)

    def _show(
        self,
        notices: Iterable[Incomplete],
        *,
        name: str | None,
        explain: Callable[[TransactionNotice], DeclineReason | None] | None,
    ) -> None:
        if name is None and explain is None:
            return
        is_unexplained: dict[str, bool] = {}
        for notice in notices:
            is_unexplained[notice.subject] = is_unexplained.get(notice.subject, False) or notice.is_unexplained
        for subject, of_reason in is_unexplained.items():
            with self._database.writing() as session:  # one transaction each: two locked purchases could deadlock
                shown = self._show_one(session, subject, name, explain if of_reason else None)
            if shown:
                self._wake_deliverer()

    def _show_one(
        self,
        session: Session,
        subject: str,
        name: str | None,
        explain: Callable[[TransactionNotice], DeclineReason | None] | None,
    ) -> bool:
        lock_announcing(session)
        # Locks the purchase, so that a newer stage of it is not written over.
        completed = purchases.complete(session, subject, name=name, explain=explain, vault=self._vault)
        if completed is None:
            return False
        shown, subjects = completed
        learned = {
            "holder_name": shown.holder_name,
            "reason": make_plain(shown.reason),
            "despite": make_plain(shown.despite),
        }
        now = self._now_in(session)
        return sum(self._outbox.amend(session, each, learned, now=now) for each in subjects) > 0
