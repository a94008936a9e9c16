"""The real bot as child processes, with both stand-ins in the test's process, over real sockets."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlmodel import col, select

from approvals.tables import Request
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.slack.manifest import make_manifest
from notifier.outbox.tables import Delivery
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace
from tests import once
from tests.databases import fresh_url
from tests.journeys.world import CARD, CONFIG, MANAGER, SUPPORT, make_environment, text_of
from tests.process.nursery import CLOCK_OFF, ROOT, Nursery

LONGEST = 20.0  # seconds that anything is waited for
READY_WITHIN = 30.0  # two cores are shared by several children at once


T = TypeVar("T")


class Child:
    """One `cardops run`; its log is a file, and it ends with the test whatever happens."""

    def __init__(self, environment: dict[str, str], *, folder: Path, name: str, nursery: Nursery) -> None:
        self.url = f"http://{environment['CARDOPS_LISTEN']}"
        self.log = folder / f"{name}.log"
        self._nursery = nursery
        self._pid = nursery.start(environment, folder=folder, log=self.log)
        self._status: int | None = None

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            assert self.is_alive, f"the bot has ended:\n{self.log.read_text()}"
            with contextlib.suppress(httpx.HTTPError):
                # With a context that is there: reading the certificates costs more than an answer.
                ready = httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False, verify=once.tls())
                if ready.status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"the bot was not ready in time:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        self._send(signal.SIGKILL)

    def end(self) -> int:
        """End it as an operator would, and return the exit status."""
        return self._send(signal.SIGTERM)

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self._status is None:
            self._status = self._nursery.look(self._pid)
        return self._status

    @property
    def is_alive(self) -> bool:
        return self.status is None

    def _send(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status; who has ended keeps its id until it is looked at."""
        if self.is_alive:
            os.kill(self._pid, number)
        until = time.monotonic() + LONGEST
        while (status := self.status) is None:
            assert time.monotonic() < until, f"the bot does not end:\n{self.log.read_text()}"
            time.sleep(0.02)
        return status


@dataclass(kw_only=True)
class ProcessWorld:
    """Both stand-ins, one database, and as many children as a test starts."""

    folder: Path
    slack: SlackWorkspace
    paytend: PaytendStandIn
    environment: dict[str, str]
    database: SqlDatabase
    nursery: Nursery
    ports: list[int] = field(default_factory=lambda: [find_port(), find_port()])
    children: list[Child] = field(default_factory=list)

    def start(self, replica: int = 0, *, wait: bool = True, clock_off: float = 0.0) -> Child:
        """Start one replica; Slack and Paytend deliver to the one that was started last.

        The clock of its machine is so many seconds ahead.
        """
        port = self.ports[replica]
        environment = self.environment | {"CARDOPS_LISTEN": f"127.0.0.1:{port}", CLOCK_OFF: str(clock_off)}
        child = Child(environment, folder=self.folder, name=f"bot-{replica}", nursery=self.nursery)
        self.children.append(child)
        if wait:
            child.wait_until_ready()
        self.deliver_to(child)
        return child

    @staticmethod
    def pause(seconds: float) -> None:
        """Let a little time pass, where nothing can be seen from outside."""
        time.sleep(seconds)

    def deliver_to(self, child: Child) -> None:
        self.slack.courier.request_url = f"{child.url}/slack/events"
        self.paytend.callback = f"{child.url}/paytend/webhook"

    # what people do

    def asks(self, amount: str = "120.50", *, card: str = CARD) -> dict[str, Any]:
        """Ask for a top-up, and return its card in Slack once it is there."""
        text = f"{amount} EUR"
        self.slack.types(SUPPORT, f"/topup {card} {text} customer called", channel="C0GENERAL")
        return self.until(lambda: self.find_card(text))

    def approves(self, card: dict[str, Any], *, person: str = MANAGER) -> None:
        self.slack.clicks(person, action_id="request_approve", message=card)

    # what can be seen

    def find_card(self, text: str, *, says: str = "") -> dict[str, Any] | None:
        """The newest request message in the channel that shows a text, and says this in its own text."""
        for message in reversed(self.slack.messages("C0APPROVALS")):
            if text in text_of(message.get("blocks", [])) and says in message["text"]:
                return message
        return None

    def says(self, words: str, *, of: str = "") -> dict[str, Any]:
        """Wait until a request message (that shows `of`) says this; longer than the lease of a dead replica."""
        try:
            return self.until(lambda: self.find_card(of, says=words), within=45)
        except AssertionError:
            found = [message["text"] for message in self.slack.messages("C0APPROVALS")]
            raise AssertionError(f"no card says {words!r}; there are: {found}") from None

    def requests(self) -> list[Request]:
        with self.database.reading() as session:
            return list(session.exec(select(Request).order_by(Request.id)).all())

    def statuses(self) -> list[str]:
        return [request.status for request in self.requests()]

    def waiting(self) -> int:
        """How many deliveries are still to be made."""
        with self.database.reading() as session:
            return len(session.exec(select(Delivery).where(Delivery.status == "waiting")).all())

    def nothing_is_leased(self) -> bool:
        """Whether no delivery is in anybody's hands: on PostgreSQL the lease of a dead one has to end first."""
        with self.database.reading() as session:
            held = select(Delivery).where(Delivery.status == "waiting", col(Delivery.lease_token).is_not(None))
            return session.exec(held).first() is None

    def top_up_calls(self) -> int:
        return len(self.paytend.calls_of("topup"))

    def is_hanging(self, operation: str) -> bool:
        """Whether a call of this operation is kept without an answer."""
        return any(call.fault for call in self.paytend.calls_of(operation))

    def is_held_by_slack(self, method: str) -> bool:
        """Whether a call of this method ran into its fault."""
        return not any(fault.method == method for fault in self.slack.faults.armed)

    @staticmethod
    def until(look: Callable[[], T | None], *, within: float = LONGEST) -> T:
        """Return what `look` finds as soon as it finds something."""
        end = time.monotonic() + within
        while not (found := look()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {within} s in vain")
            time.sleep(0.05)  # looking costs as much as the bot's work
        return found


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def make_process_world(
    kind: str, folder: Path, *, nursery: Nursery, config: str = CONFIG
) -> Iterator[ProcessWorld]:
    """Start the stand-ins and make the database; the test starts the children."""
    paytend = PaytendStandIn(seed=1, pairs=once.pairs(), webhook_pauses=(0.3,) * 60)
    slack = SlackWorkspace(manifest=make_manifest(url=None, socket_mode=False))
    (folder / "cardops.yml").write_text(config)
    with ExitStack() as stack:
        url = stack.enter_context(fresh_url(kind, folder))
        paytend_server = stack.enter_context(Running(paytend.app))
        stack.enter_context(slack.serving())
        settings = make_environment(slack=slack, paytend=paytend, paytend_url=paytend_server.url, database_url=url)
        database = SqlDatabase(url)
        stack.callback(database.close)
        if kind != "sqlite":
            schema.migrate(database)
            # What a dead replica held is taken over after a lease of three times this: 6 s instead of 30 s.
            settings |= {"SLACK_TIMEOUT_SECONDS": "2"}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        world = ProcessWorld(
            folder=folder,
            slack=slack,
            paytend=paytend,
            environment=kept | {"PYTHONPATH": str(ROOT)} | settings,
            database=database,
            nursery=nursery,
        )
        try:
            yield world
        finally:
            for child in world.children:
                if child.is_alive:
                    child.kill()
