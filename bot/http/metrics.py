"""The metrics that are read from the database when /metrics is scraped; `counters.py` has the others.

What a scrape reads is bounded, however many requests there are: open states only, at most MOST rows of a count,
and of the trail what came since the last scrape. What is read is the same in every replica (use `max`); what is
counted is each replica's own (use `sum`).
"""

import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from approvals.audit import chain
from approvals.books import days
from approvals.statuses import OPEN
from approvals.stops.scope import StopKind
from approvals.stops.standing import StopKeys, find_standing
from approvals.tables import AuditEvent, Execution, Request
from bot.database.engine import SqlDatabase
from bot.database.tables import Slot
from bot.jobs.missed_webhooks import count_coverage
from bot.jobs.scheduler import LABEL, LAST_SUCCESS, LATE_AFTER
from notifier.balance.tables import BalanceState
from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery, DeliveryStatus

MOST = 100_000  # rows that are counted; more are shown as this many
MOST_EVENTS = 2_000  # of the trail, at one time
BOOKS_SHOWN = timedelta(days=90)  # of differences
_SHOWN_STATUSES = (
    DeliveryStatus.WAITING,
    DeliveryStatus.GATHERING,
    DeliveryStatus.SILENCED,
    DeliveryStatus.DEAD,
)
DECISIONS = ("approval:approved", "approval:denied")
_MOVES = ("approval:", "execution:")
_DECISION_BUCKETS = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400)  # seconds, a minute to a day


def _count_moves() -> Counter:
    # Without a registry: `watch` registers it after the collector that brings it up to date.
    return Counter("cardops_request_moves_total", "What happened to requests", ["event"], registry=None)


def _time_decisions() -> Histogram:
    return Histogram(
        "cardops_request_decision_seconds",
        "From asking to the decision",
        buckets=_DECISION_BUCKETS,
        registry=None,
    )


@dataclass(kw_only=True)
class DatabaseCollector(Collector):
    """Reads metrics from the database at each scrape; one of them says whether the database answers."""

    database: SqlDatabase
    jobs: Mapping[str, timedelta]
    currencies: tuple[str, ...]
    now: Callable[[], datetime]
    now_in: Callable[[Session], datetime]
    keys: StopKeys
    count_breaks: Callable[[Session], int]
    moves: Counter = field(default_factory=_count_moves)
    decided: Histogram = field(default_factory=_time_decisions)
    _after: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __hash__(self) -> int:
        """Return an identity: the registry keeps collectors in a dict, and a dataclass has no hash."""
        return id(self)

    def describe(self) -> Iterable[Metric]:
        """Describe nothing: otherwise registering would read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of this moment."""
        yield _gauge("cardops_build_info", "What runs here", [(self._build(), 1)])
        try:
            with self._lock, self.database.reading() as session:
                found = list(self._read(session))
        except SQLAlchemyError:
            yield _gauge("cardops_database_up", "Whether the database answers", [({}, 0)])
            return
        yield _gauge("cardops_database_up", "Whether the database answers", [({}, 1)])
        yield from found

    def _build(self) -> dict[str, str]:
        try:
            ours = version("cardops")
        except PackageNotFoundError:
            ours = "unknown"
        kind = self.database.url.get_backend_name()
        return {"version": ours, "python": platform.python_version(), "database": kind}

    def _read(self, session: Session) -> Iterator[Metric]:
        self._follow_trail(session)
        yield from _read_requests(session, now=self.now())
        yield from _read_deliveries(session, now=self.now())
        yield from _read_clock(session, self.jobs, wall=self.now(), now=self.now_in(session))
        yield from _read_coverage(session, currencies=len(self.currencies), now=self.now())
        yield _read_books(session, now=self.now())
        breaks = self.count_breaks(session)
        yield _gauge("cardops_trail_breaks", "Ranges of recent events that do not fit or are gone", [({}, breaks)])
        yield _read_stops(session, self.keys)

    def _follow_trail(self, session: Session) -> None:
        """Count the events since the last scrape; the first scrape only notes where the trail ends."""
        if self._after is None:
            # Counting from the beginning would show years of events as the rate of this minute.
            self._after = chain.head(session).seq
            return
        query = select(
            col(AuditEvent.seq), col(AuditEvent.event), col(AuditEvent.subject), col(AuditEvent.happened_at)
        )
        rows = (
            session.connection()
            .execute(
                query.where(col(AuditEvent.seq) > self._after).order_by(col(AuditEvent.seq)).limit(MOST_EVENTS)
            )
            .all()
        )
        if not rows:
            return
        decisions: dict[str, datetime] = {}
        for _, event, subject, at in rows:
            if event.startswith(_MOVES):
                self.moves.labels(event=event).inc()
            if event in DECISIONS:
                decisions[subject.removeprefix("request:")] = at
        self._time(session, decisions)
        self._after = rows[-1][0]

    def _time(self, session: Session, decisions: dict[str, datetime]) -> None:
        query = select(col(Request.id), col(Request.created_at)).where(col(Request.id).in_(decisions))
        for request_id, asked_at in session.connection().execute(query).all() if decisions else ():
            self.decided.observe((decisions[request_id] - asked_at).total_seconds())


Labelled = Sequence[tuple[dict[str, str], float]]


def _gauge(name: str, words: str, values: Labelled) -> Metric:
    labels = list(values[0][0]) if values else []
    family = GaugeMetricFamily(name, words, labels=labels)
    for found, value in values:
        family.add_metric([found[label] for label in labels], value)
    return family


def _read_requests(session: Session, *, now: datetime) -> Iterator[Metric]:
    counts, ages = [], []
    for status in OPEN:
        mine = col(Request.status) == status.value
        counts.append(({"status": status.value}, _count(session, select(col(Request.id)).where(mine))))
        first = select(col(Request.created_at)).where(mine).order_by(col(Request.created_at)).limit(1)
        ages.append(({"status": status.value}, _age(session, first, now=now)))
    yield _gauge("cardops_requests", "Open requests by state", counts)
    yield _gauge("cardops_requests_oldest_seconds", "Age of the oldest open request", ages)
    contradicted = select(col(Execution.request_id)).where(col(Execution.contradicted_at).is_not(None))
    yield _gauge("cardops_contradictions", "Ends that Paytend contradicts", [({}, _count(session, contradicted))])
    yield _gauge("cardops_audit_events", "Events of the trail", [({}, chain.head(session).seq)])


def _read_deliveries(session: Session, *, now: datetime) -> Iterator[Metric]:
    counts = []
    for status in _SHOWN_STATUSES:
        query = select(col(Delivery.id)).where(col(Delivery.status) == status.value)
        counts.append(({"status": status.value}, _count(session, query)))
    waiting = col(Delivery.status) == DeliveryStatus.WAITING.value
    gathering = col(Delivery.status) == DeliveryStatus.GATHERING.value
    undispatched = select(col(InboxEvent.id)).where(col(InboxEvent.told_at).is_(None))
    yield _gauge("cardops_deliveries", "Deliveries that are not made yet, or died", counts)
    yield _gauge(
        "cardops_delivery_oldest_seconds",
        "Age of the oldest that waits",
        [({}, _age(session, _oldest(waiting), now=now))],
    )
    yield _gauge(
        "cardops_gathering_oldest_seconds",
        "Age of the oldest that is to become a line of a digest",
        [({}, _age(session, _oldest(gathering), now=now))],
    )
    yield _gauge("cardops_webhooks_untold", "Webhooks not told yet", [({}, _count(session, undispatched))])


def _oldest(which: ColumnElement[bool]) -> "Select[Any]":
    some = select(col(Delivery.created_at)).where(which).limit(MOST).subquery()
    return select(func.min(some.c.created_at))


def _read_clock(
    session: Session, jobs: Mapping[str, timedelta], *, wall: datetime, now: datetime
) -> Iterator[Metric]:
    last = []
    for job in jobs:
        # By time: the numbers of slots get smaller when a job is to run less often.
        # What was done later than now is of a time before the clock was set back, and says nothing.
        mine = (col(Slot.job) == job) & (col(Slot.done_at) <= now)
        at = session.connection().execute(select(func.max(col(Slot.done_at))).where(mine)).scalar()
        if at is not None:
            # As long ago by the wall clock as by the database's: an alert compares it with the former.
            last.append(({LABEL: job}, (wall - (now - at)).timestamp()))
    yield _gauge(LAST_SUCCESS, "When a job was last done", last)
    late = [({LABEL: job}, after.total_seconds()) for job, after in jobs.items()]
    yield _gauge(LATE_AFTER, "How long after its last success a job is late", late)
    states = session.connection().execute(select(col(BalanceState.currency), col(BalanceState.amount))).all()
    # For a graph: Prometheus has only floats, and nothing is decided by them.
    balances = [({"currency": currency}, float(amount)) for currency, amount in states]
    yield _gauge("cardops_partner_balance", "The partner balance as it was last read", balances)


def _read_coverage(session: Session, *, currencies: int, now: datetime) -> Iterator[Metric]:
    found = count_coverage(session, currencies=currencies, now=now)
    yield _gauge(
        "cardops_watched_cards",
        "Cards and orders that are looked after for missed webhooks: all, late, and not seen whole",
        [
            ({"state": "all"}, found.watched),
            ({"state": "late"}, found.late),
            ({"state": "troubled"}, found.troubled),
        ],
    )
    yield _gauge(
        "cardops_watched_cards_an_hour", "About how many of them Paytend can be asked", [({}, found.cards_an_hour)]
    )


def _read_books(session: Session, *, now: datetime) -> Metric:
    since = now.date() - BOOKS_SHOWN
    return _gauge(
        "cardops_books_differences",
        "Differences of the last 90 days that people were told of, and that are neither gone nor known",
        [({}, days.count_open(session, since=since, limit=MOST))],
    )


def _read_stops(session: Session, keys: StopKeys) -> Metric:
    kinds = [stop.scope.kind for stop in find_standing(session, keys)]
    stands = [({"scope": kind.value}, kinds.count(kind)) for kind in StopKind]
    return _gauge("cardops_stops", "Stops that stand, by what they stop", stands)


def _count(session: Session, query: "Select[Any]") -> int:
    some = query.limit(MOST).subquery()
    return session.connection().execute(select(func.count()).select_from(some)).scalar_one()


def _age(session: Session, query: "Select[Any]", *, now: datetime) -> float:
    """Return the seconds since the moment that a query finds, 0 when it finds none."""
    at = session.connection().execute(query).scalar()
    # Another replica wrote the moment, and its clock may be ahead.
    return max(0.0, (now - at).total_seconds()) if at is not None else 0.0
