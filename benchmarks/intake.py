"""How fast webhooks are stored, compared with storing nothing and with a commit for each."""

import multiprocessing
import os
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql
from sqlalchemy import insert
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from benchmarks.callers import burst_caller, make_webhooks
from benchmarks.measure import quantile
from benchmarks.rig import DiscardingPool, Rig, build_rig
from benchmarks.servers import serve
from bot.database.engine import SqlDatabase
from bot.http.app import HttpResponse, WebApp
from bot.http.paytend_webhook import TAKEN
from bot.logs import start_logging
from bot.wiring.foundation import WorkerPools
from notifier.inbox.tables import InboxEvent
from notifier.outbox.tables import Delivery

CONNECTIONS, BURSTS, ROUNDS = 64, 12, 5
OPEN_TARGET, EACH_TARGET, FULL_TARGET = 0.7, 4.0, 1.25
STORED, WAITING = 1_000_000, 100_000
SERVER = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"
START = datetime(2026, 1, 1, tzinfo=UTC)


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    with TemporaryDirectory() as folder:
        yield from _compare("SQLite, FULL", lambda name: f"sqlite:///{folder}/{name}.db")
        yield from _compare_with_full(Path(folder))
    try:
        with _postgresql() as urls:
            yield from _compare("PostgreSQL", urls)
    except psycopg.OperationalError:
        yield "PostgreSQL: there is none at 127.0.0.1:5432"


def _compare(where: str, urls: Callable[[str], str]) -> Iterator[str]:
    with ExitStack() as stack:
        senders = {kind: stack.enter_context(_served(kind, urls(kind))) for kind in _APPS}
        rates: dict[str, list[float]] = {kind: [] for kind in senders}
        latencies: dict[str, list[float]] = {kind: [] for kind in senders}
        for _ in range(ROUNDS):
            for kind, send in senders.items():
                seconds, taken = send()
                rates[kind].append(CONNECTIONS * BURSTS / seconds)
                latencies[kind] += taken
    of_open = _median_ratio(rates["cardops"], rates["opens only"])
    of_each = _median_ratio(rates["cardops"], rates["commits each"])
    in_turn = _median_ratio(rates["cardops"], rates["commits each in turn"])
    yield f"{where}: of a server that stores nothing: x{of_open:.2f} (at least {OPEN_TARGET})"
    yield f"{where}: of a session that commits each: x{of_each:.1f} (at least {EACH_TARGET})"
    yield f"{where}: of one that commits each in its turn, as Database.writing does: x{in_turn:.1f}"
    yield (
        f"{where}: {statistics.median(rates['cardops']):,.0f} a second, "
        f"p99 {quantile(latencies['cardops'], 0.99) * 1e3:.0f} ms "
        f"(storing nothing {quantile(latencies['opens only'], 0.99) * 1e3:.0f} ms)"
    )


def _compare_with_full(folder: Path) -> Iterator[str]:
    """Compare an empty database with a very full one."""
    urls = {name: f"sqlite:///{folder}/{name}.db" for name in ("empty", "full")}
    with ExitStack() as stack:
        senders = {name: stack.enter_context(_served("cardops", url)) for name, url in urls.items()}
        _fill(SqlDatabase(urls["full"]))
        rates: dict[str, list[float]] = {name: [] for name in senders}
        for _ in range(ROUNDS):
            for name, send in senders.items():
                rates[name].append(1 / send()[0])
    ratio = _median_ratio(rates["empty"], rates["full"])
    holds = f"{STORED:,} stored and {WAITING:,} waiting"
    yield f"time with {holds}, of an empty one: x{ratio:.2f} (at most {FULL_TARGET})"


def _median_ratio(one: list[float], other: list[float]) -> float:
    return statistics.median(mine / theirs for mine, theirs in zip(one, other, strict=True))


@contextmanager
def _served(kind: str, url: str) -> Iterator[Callable[[], tuple[float, list[float]]]]:
    """Serve one of _APPS in a process of its own; yield a call that sends a round: its seconds and latencies."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_until_told, args=(kind, url, theirs), daemon=True)
    process.start()
    port, bodies = ours.recv()
    yield lambda: _send(port, bodies)
    ours.send("end")
    process.join(timeout=20)


def _send(port: int, bodies: list[bytes]) -> tuple[float, list[float]]:
    """Send a round of bursts, a webhook on each connection; new connections, as the server closes idle ones."""
    with burst_caller(port, "/paytend/webhook", connections=CONNECTIONS) as call:
        began = time.perf_counter()
        taken = [seconds for _ in range(BURSTS) for seconds in call([bodies.pop() for _ in range(CONNECTIONS)])]
        return time.perf_counter() - began, taken


def _serve_until_told(kind: str, url: str, parent: Connection) -> None:
    idle = DiscardingPool()
    with (
        Path(os.devnull).open("w") as nowhere,
        build_rig(pools=WorkerPools(quick=idle, slow=idle), database_url=url) as rig,
        serve(_APPS[kind](rig)) as port,
    ):
        start_logging("json", stream=nowhere)  # the bot's lines cost something too
        parent.send((port, make_webhooks(rig.paytend, CONNECTIONS * BURSTS * ROUNDS)))
        parent.recv()


def _opens_only(rig: Rig) -> WebApp:
    receiver, thread = rig.bot.webhooks.receiver, ThreadPoolExecutor(1)

    def answer(body: bytes) -> HttpResponse:
        receiver.open(body)
        return TAKEN

    return _web(rig, lambda body: thread.submit(answer, body))


def _commits_each(rig: Rig) -> WebApp:
    """Serve like an application without turns for writers: a session, an object, a commit."""
    return _in_threads(
        rig, sessionmaker(rig.bot.database.engine.execution_options(writes=True), class_=Session).begin
    )


def _commits_each_in_turn(rig: Rig) -> WebApp:
    """Serve the same with our turns for writers, which keep SQLite's busy handler from sleeping."""
    return _in_threads(rig, rig.bot.database.writing)


def _in_threads(rig: Rig, writing: Callable[[], AbstractContextManager[Session]]) -> WebApp:
    threads = ThreadPoolExecutor(CONNECTIONS)

    def answer(body: bytes) -> HttpResponse:
        row = rig.bot.webhooks.receiver.open(body)
        with writing() as session:
            session.add(InboxEvent(**row))
        return TAKEN

    return _web(rig, lambda body: threads.submit(answer, body))


def _web(rig: Rig, webhook: Callable[[bytes], Future[HttpResponse]]) -> WebApp:
    return WebApp(slack=None, webhook=webhook, ready=dict, registry=rig.bot.web.registry)


_APPS: dict[str, Callable[[Rig], WebApp]] = {
    "cardops": lambda rig: rig.bot.web,
    "opens only": _opens_only,
    "commits each": _commits_each,
    "commits each in turn": _commits_each_in_turn,
}


def _fill(database: SqlDatabase) -> None:
    """Put very many dispatched webhooks and waiting deliveries into the tables."""
    for start in range(0, STORED, 20_000):
        with database.writing() as session:
            rows = [_event(number) for number in range(start, start + 20_000)]
            session.connection().execute(insert(InboxEvent), rows)
    for start in range(0, WAITING, 20_000):
        with database.writing() as session:
            rows = [_delivery(number) for number in range(start, start + 20_000)]
            session.connection().execute(insert(Delivery), rows)
    database.close()


def _event(number: int) -> dict[str, object]:
    digest = f"{number:064x}"
    return {
        "id": f"0{number:025d}",
        "kind": "transaction",
        "notify_type": "1",
        "form": "raw",
        "verified_by": 0,
        "digest": digest,
        "business_digest": digest,
        "body": bytes(600),
        "received_at": START,
        "told_at": START,
        "failures": 0,
    }


def _delivery(number: int) -> dict[str, object]:
    delivery_id = f"0{number:025d}"
    return {
        "id": delivery_id,
        "kind": "transaction",
        "operation": "post",
        "status": "waiting",
        "facts": bytes(600),
        "recipient": "C0ALERTS",
        "lane": "C0ALERTS",
        "key": delivery_id,
        "broadcast": False,
        "urgent": False,
        "fallback": False,
        "created_at": START,
        "due_at": START,
        "attempts": 0,
        "repeats": 0,
    }


@contextmanager
def _postgresql() -> Iterator[Callable[[str], str]]:
    """Yield a function that makes a database and returns its URL; the databases are dropped afterwards."""
    made: list[str] = []

    def make(_name: str) -> str:
        name = f"cardops_bench_{secrets.token_hex(6)}"
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        return f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}"

    try:
        yield make
    finally:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            for name in made:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
