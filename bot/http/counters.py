"""The metrics that are counted where things happen, and the registry of all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlmodel import Session

from approvals.stops.standing import StopKeys
from bot.clock import read_monotonic
from bot.database.engine import SqlDatabase
from bot.http.metrics import DatabaseCollector
from bot.http.refusals import Door, Refusals, ServerLimit

_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # seconds; 30 is the usual timeout


@dataclass(kw_only=True)
class SocketState:
    """Whether Socket Mode hears, for the doctor and /readyz as for the figure; None in HTTP mode."""

    figure: Gauge
    hears: bool | None = None

    def observe(self, hears: bool) -> None:  # noqa: FBT001 - the watch has one thing to say
        """Note what the watch of the connection saw."""
        self.hears = hears
        self.figure.set(hears)

    def __str__(self) -> str:
        return {None: "not used", True: "ok", False: "not connected"}[self.hears]


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The metrics that are counted where things happen; /metrics shows everything in `registry`."""

    registry: CollectorRegistry
    calls: Counter
    seconds: Histogram
    deliveries: Counter
    slack_calls: Counter
    slack_usable: Gauge
    socket: SocketState
    database_writable: Gauge
    refusals: Refusals

    def paytend_called(self, operation: str, outcome: str, seconds: float) -> None:
        """Count one call to Paytend; `outcome` is "ok" or the name of what was raised."""
        self.calls.labels(operation=operation, outcome=outcome).inc()
        self.seconds.labels(operation=operation).observe(seconds)

    def delivery_tried(self, outcome: str) -> None:
        """Count one attempt to deliver to Slack: "delivered" or the trouble, of which "limited" is a 429."""
        self.deliveries.labels(outcome=outcome).inc()

    def slack_called(self, method: str, outcome: str) -> None:
        """Count one call of Slack's Web API: "ok", "limited" (a 429), a word for a refusal, or "no answer"."""
        self.slack_calls.labels(method=method, outcome=outcome).inc()

    def watch_clock(self, steps: Mapping[str, int]) -> None:
        """Show how often the clock was seen to jump, by direction."""
        shown = Gauge(
            "cardops_clock_steps",
            "Jumps of the database's clock that this process saw",
            ["direction"],
            registry=self.registry,
        )
        for direction in ("back", "ahead"):
            shown.labels(direction=direction).set_function(partial(_read_steps, steps, direction))

    def watch_socket(self) -> Callable[[bool], None]:
        """Show whether Socket Mode is connected, as what is returned is told; over HTTP 0 would be an alarm."""
        self.registry.register(self.socket.figure)
        self.socket.observe(hears=False)
        return self.socket.observe

    def watch(
        self,
        database: SqlDatabase,
        *,
        jobs: Mapping[str, timedelta],
        currencies: Sequence[str],
        now: Callable[[], datetime],
        now_in: Callable[[Session], datetime],
        keys: StopKeys,
        count_breaks: Callable[[Session], int],
    ) -> None:
        """Add the metrics that are read from the database; `jobs` are by name, with how long until one is late."""
        figures = DatabaseCollector(
            database=database,
            jobs=jobs,
            currencies=tuple(currencies),
            now=now,
            now_in=now_in,
            keys=keys,
            count_breaks=count_breaks,
        )
        self.registry.register(figures)
        for metric in (figures.moves, figures.decided):  # after `figures`, whose collecting brings them up to date
            self.registry.register(metric)


def _read_steps(steps: Mapping[str, int], direction: str) -> float:
    return steps.get(direction, 0)


def make_counters() -> Counters:
    """Return counters at zero, with a registry of their own: tests make many in one process."""
    registry = CollectorRegistry()
    refused = Counter(
        "cardops_refused_total",
        "Requests refused before they were believed, by where and why",
        ["door", "reason"],
        registry=registry,
    )
    refusals = Refusals(refused, monotonic=read_monotonic)
    refusals.expect(Door.SERVER, ServerLimit)
    return Counters(
        registry=registry,
        calls=Counter(
            "cardops_paytend_calls_total", "Calls to Paytend", ["operation", "outcome"], registry=registry
        ),
        seconds=Histogram(
            "cardops_paytend_call_seconds",
            "How long Paytend took",
            ["operation"],
            buckets=_CALL_BUCKETS,
            registry=registry,
        ),
        deliveries=Counter(
            "cardops_slack_deliveries_total",
            "Attempts to deliver to Slack; limited is a 429",
            ["outcome"],
            registry=registry,
        ),
        slack_calls=Counter(
            "cardops_slack_calls_total",
            "Calls of Slack's Web API; limited is a 429",
            ["method", "outcome"],
            registry=registry,
        ),
        slack_usable=Gauge("cardops_slack_usable", "Whether Slack answers and takes the token", registry=registry),
        socket=SocketState(
            figure=Gauge(
                "cardops_slack_socket_connected",
                "Whether Socket Mode is connected and its pings are answered; only in Socket Mode",
                registry=None,
            )
        ),
        database_writable=Gauge(
            "cardops_database_writable", "Whether a small write of our own went well", registry=registry
        ),
        refusals=refusals,
    )
