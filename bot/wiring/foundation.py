"""What every edge is composed over: settings, the clock, the database, keys, counters, clients, and the loops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.cards.known_cards import KnownCards
from bot.clock import Clock
from bot.database.engine import SqlDatabase
from bot.database.probe import DatabaseProbe
from bot.http.counters import Counters
from bot.settings.cardops_yml import Config
from bot.settings.environment import Settings
from bot.threads import WorkerLoop, WorkQueue
from bot.wiring.clients import Clients
from notifier.inbox.custom_templates import FaultyTemplate
from notifier.rendering.renderer import Renderer
from storage.vault import Vault

# Seconds for one piece of work: a minute for each of a few calls to Slack, which are all that a loop makes itself.
LONGEST_ROUND = 300.0


@dataclass(frozen=True, kw_only=True)
class WorkerPools:
    """The threads that answer what Slack delivers: `quick` for what does not wait for Paytend."""

    quick: WorkQueue
    slow: WorkQueue


@dataclass(frozen=True, kw_only=True)
class Loops:
    """The threads that wait for work. They are made first: objects that make work are given the loop's `wake`."""

    delivery: WorkerLoop
    execution: WorkerLoop
    dispatch: WorkerLoop
    names: WorkerLoop
    access: WorkerLoop
    probe: WorkerLoop
    socket: WorkerLoop  # runs in Socket Mode only
    directory: WorkerLoop  # without it all works too, with more questions to Slack
    witness: WorkerLoop  # without it nothing is compared

    @property
    def trouble(self) -> str:
        """Which of the threads that are always needed has stopped or does not get on; "" if none."""
        always = (self.delivery, self.execution, self.dispatch, self.names, self.access, self.probe)
        if not all(loop.alive for loop in always):
            return "a worker has stopped"
        stuck = [f"{loop.name} for {loop.busy_for:.0f} s" for loop in always if loop.busy_for > LONGEST_ROUND]
        return f"a worker does not get on: {', '.join(stuck)}" if stuck else ""


def make_loops(monotonic: Callable[[], float]) -> Loops:
    """Return the loops, not started yet."""
    return Loops(
        delivery=WorkerLoop("delivery", monotonic=monotonic),
        execution=WorkerLoop("execution", monotonic=monotonic),
        # The names of these threads are in the log, so they stay.
        dispatch=WorkerLoop("telling", monotonic=monotonic),
        names=WorkerLoop("naming", monotonic=monotonic),
        access=WorkerLoop("access", monotonic=monotonic),
        probe=WorkerLoop("probe", monotonic=monotonic),
        socket=WorkerLoop("socket", monotonic=monotonic),
        directory=WorkerLoop("directory", monotonic=monotonic),
        witness=WorkerLoop("witness", monotonic=monotonic),
    )


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """Made once; each edge takes from it what its objects need, and no object gets the whole."""

    settings: Settings
    config: Config
    clock: Clock
    make_id: Callable[[], str]
    database: SqlDatabase
    probe: DatabaseProbe
    vault: Vault
    cards: KnownCards
    renderer: Renderer
    faulty_templates: Sequence[FaultyTemplate]
    counters: Counters
    clients: Clients
    pools: WorkerPools
    loops: Loops

    @property
    def timezone(self) -> ZoneInfo:
        """The zone of the dates that Paytend writes."""
        return ZoneInfo(self.settings.PAYTEND_TIMEZONE)
