"""Whose card it is: a webhook names the card of a movement but not its cardholder, so we ask for it separately.

A notice never waits for the name: it is posted at once, and edited when the name is known. Names are remembered in
memory only and for a while, so that the next notice of the card has it from the start.
"""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from notifier.inbox import purchases
from notifier.outbox.outbox import Outbox
from notifier.routing.locks import lock_announcing
from paytend import PaytendError, Sender, Unreachable, operations
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


def fetch_holder_name(paytend: Sender, card_id: str) -> str | None:
    """Return the name of a card's cardholder, None when the card has none; raises paytend.PaytendError."""
    card = paytend.send(operations.GET_CARD_INFO(card_id=card_id))
    if card.holder_name or not card.holder_id:
        return card.holder_name
    return paytend.send(operations.GET_CARDHOLDER(holder_id=card.holder_id)).name


@dataclass(kw_only=True)
class _Wanted:
    """The notices that wait for the name of a card, how often it was asked for in vain, and when it is again."""

    subjects: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NOTICES))
    tries: int = 0
    not_before: float = 0.0


class CardholderNames:
    """Remembers and learns names; `find` and `request` may be called from any thread."""

    def __init__(
        self,
        *,
        fetch: Callable[[str], str | None],
        database: Database,
        outbox: Outbox,
        vault: Vault,
        now_in: Callable[[Session], datetime],
        monotonic: Callable[[], float],
        wake: Callable[[], None],
        wake_deliverer: Callable[[], None],
    ) -> None:
        """Prepare; `fetch` returns a card's name or raises PaytendError, `wake` ends the waiting of `run`."""
        self._fetch = fetch
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

    def request(self, unnamed: Iterable[tuple[str, str]]) -> None:
        """Have the notices (card id, subject) named; of too many at once the oldest stay without a name."""
        with self._lock:
            for card_id, subject in unnamed:
                _, until = self._known.get(card_id, (None, 0.0))
                if until <= self._monotonic():
                    self._requested.setdefault(card_id, _Wanted()).subjects.append(subject)
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
        """Ask for the next card and name its notices; return whether there was one.

        Raises Unreachable when Paytend has not answered about several cards in a row.
        """
        now = self._monotonic()
        with self._lock:
            # It stays in the queue meanwhile, so that notices that come join it.
            due = (card for card, wanted in self._requested.items() if wanted.not_before <= now)
            card_id = next(due, None)
        if card_id is None:
            return False
        try:
            name = self._fetch(card_id)
        except Unreachable:
            self._put_off(card_id)
            self._unanswered += 1
            if self._unanswered >= IN_A_ROW:
                raise
            return True
        except PaytendError as error:  # this card cannot be read
            _log.info("naming.not_read", extra={"reason": type(error).__name__})
            name = None
        except Exception:
            # A mistake of ours: the card would be the next one for ever.
            self._put_off(card_id)
            raise
        self._unanswered = 0
        with self._lock:
            wanted = self._requested.pop(card_id, _Wanted())  # dropped meanwhile, as too many came
            # Also None: a card that cannot be read is not asked about at each of its movements.
            self._known[card_id] = (name, self._monotonic() + REMEMBERED)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        if name is not None:
            self._show(wanted.subjects, name)
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

    def _show(self, subjects: Iterable[str], name: str) -> None:
        for subject in dict.fromkeys(subjects):
            with self._database.writing() as session:  # one transaction each: two locked purchases could deadlock
                shown = self._show_one(session, subject, name)
            if shown:
                self._wake_deliverer()

    def _show_one(self, session: Session, subject: str, name: str) -> bool:
        lock_announcing(session)
        # Locks the purchase, so that a newer stage of it is not written over.
        if not purchases.name_holder(session, subject, name, vault=self._vault):
            return False
        return self._outbox.amend(session, subject, {"holder_name": name}, now=self._now_in(session)) > 0
