"""What junk costs the others: good deliveries beside what anybody can post without a secret (X1 to X6)."""

import json
import multiprocessing
import secrets
import socket
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.callers import JSON, Caller, make_command, make_webhooks
from benchmarks.measure import quantile
from benchmarks.rig import DiscardingPool, Rig, build_rig
from benchmarks.servers import serve
from bot.wiring.foundation import WorkerPools

A_SECOND, GOOD, TARGET = 1000, 150, 3.0  # junk a second, good deliveries of each kind, times the quiet p95
MOST_GROWTH = 64 * 1024 * 1024  # bytes
_FORM = "X-Slack-Request-Timestamp: 1\r\nX-Slack-Signature: v0=00\r\n"
_SLACK, _WEBHOOK = "/slack/events", "/paytend/webhook"


def run() -> Iterator[str]:
    """Yield a line for each kind of junk."""
    pools = WorkerPools(quick=DiscardingPool(), slow=DiscardingPool())
    with build_rig(pools=pools, budget=500) as rig, serve(rig.bot.web) as port:
        rig.bot.start()
        _measure(rig, port)  # warm
        quiet = _measure(rig, port)
        yield (
            f"quiet: webhook p95 {quiet['webhook'] * 1e3:.1f} ms, "
            f"acknowledgement p95 {quiet['acknowledgement'] * 1e3:.1f} ms"
        )
        for name, junk in _junk().items():
            yield _beside(name, junk, rig=rig, port=port, quiet=quiet)
        rig.bot.stop()


def _beside(name: str, junk: bytes, *, rig: Rig, port: int, quiet: dict[str, float]) -> str:
    context = multiprocessing.get_context("spawn")
    stop, sent = context.Event(), context.Value("i", 0)
    sender = context.Process(target=_post_junk, args=(port, junk, stop, sent), daemon=True)
    sender.start()
    while sent.value == 0:
        time.sleep(0.05)
    before, first, began = _read_memory(), sent.value, time.perf_counter()
    found = _measure(rig, port)
    rate, growth = (sent.value - first) / (time.perf_counter() - began), _read_memory() - before
    stop.set()
    sender.join(timeout=10)
    worst = max(found[kind] / quiet[kind] for kind in quiet)
    verdict = "ok" if worst <= TARGET and growth <= MOST_GROWTH else "MISSED"
    return (
        f"{name} ({len(junk):,} bytes, {rate:,.0f} a second): webhook p95 {found['webhook'] * 1e3:.1f} ms, "
        f"acknowledgement p95 {found['acknowledgement'] * 1e3:.1f} ms, "
        f"x{worst:.1f} of quiet (at most {TARGET:.0f}), "
        f"{growth / 1e6:+.0f} MB {verdict}"
    )


def _measure(rig: Rig, port: int) -> dict[str, float]:
    """Return the p95 of good deliveries in seconds, of each kind, some twenty a second."""
    webhooks, commands = Caller(port, _WEBHOOK), Caller(port, _SLACK)
    taken: dict[str, list[float]] = {"webhook": [], "acknowledgement": []}
    for body in make_webhooks(rig.paytend, GOOD):
        taken["webhook"].append(webhooks(body, JSON))
        taken["acknowledgement"].append(commands(*make_command("info 1755902")))
        time.sleep(0.04)
    webhooks.close()
    commands.close()
    return {kind: quantile(each, 0.95) for kind, each in taken.items()}


def _junk() -> dict[str, bytes]:
    block = {"partnerId": "1", "version": "2.0", "signType": "RSA", "notifyType": "1", "requestId": "0" * 32}
    forged = {**block, "randomKey": secrets.token_hex(86)[:172], "content": "A" * 512, "signature": "B" * 172}
    return {
        "a forged command": _write(_SLACK, _FORM, b"command=%2Ftopup&text=" + b"x" * 500),
        "a form of 40,000 names": _write(_SLACK, _FORM, b"a=&" * 40_000),
        "an unsigned webhook": _write(_WEBHOOK, "", json.dumps(block).encode()),
        "a forged webhook": _write(_WEBHOOK, "", json.dumps(forged).encode()),
        "numbers without end": _write(_WEBHOOK, "", b"[" + b"1e308," * 20_000 + b"1]"),
    }


def _write(path: str, headers: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: it\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _post_junk(port: int, junk: bytes, stop: Event, sent: Any) -> None:
    """Post the same request over and over, in a process of its own, as fast as it is answered or A_SECOND."""
    connection, next_at = None, time.perf_counter()
    while not stop.is_set():
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), timeout=5)
            connection.sendall(junk)
            if not connection.recv(65536):
                raise ConnectionError
        except OSError:
            if connection is not None:
                connection.close()
            connection = None
        sent.value += 1
        next_at = max(next_at + 1 / A_SECOND, time.perf_counter() - 0.1)
        time.sleep(max(0.0, next_at - time.perf_counter()))


def _read_memory() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a file of the kernel
        return int(file.read().split()[1]) * 4096
