"""How fast Slack is acknowledged, compared with a lean and with a plain Bolt app on the same server."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.callers import Caller, flood_from_outside, make_command, make_webhooks
from benchmarks.measure import in_turn, median_ratio, quantile
from benchmarks.rig import RunningBot, run_bot
from benchmarks.servers import serve_apart
from sandbox.paytend import FaultKind

P50_TARGET, P99_TARGET, PLAIN_TARGET, MOST_MS = 1.15, 1.25, 40, 5.0
FLOOD, FLOOD_TARGET = 12_000, 6
COMMANDS, COMMANDS_A_SECOND = 300, 20  # each is carried out too: answered in Slack, stored, logged


def run() -> Iterator[str]:
    """Yield a line for each figure."""
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(serve_apart(kind)) for kind in ("cardops", "lean", "plain")}
        quick = {kind: _caller(stack, ports[kind]) for kind in ("cardops", "lean")}
        rounds = in_turn(quick, times=200)
        p50, p99 = (median_ratio(rounds, "cardops", "lean", share) for share in (0.5, 0.99))
        # In runs of twenty: plain Bolt sleeps so long that the next call would pay for waking the processor.
        # Its connection is opened only now, because a server closes one that is idle for long.
        runs = {kind: _in_a_run(_caller(stack, ports[kind])) for kind in ("cardops", "plain")}
        plain = median_ratio(in_turn(runs, times=5, warm=1), "plain", "cardops", 0.5)
        ours = statistics.median(quantile(taken["cardops"], 0.5) for taken in rounds) * 1e3
    yield f"p50 with everything registered, of lean Bolt with one listener: x{p50:.2f} (at most {P50_TARGET})"
    yield f"p99, of the same: x{p99:.2f} (at most {P99_TARGET})"
    yield f"quicker than Bolt as it comes: x{plain:.0f} (at least {PLAIN_TARGET})"
    yield f"p50: {ours:.2f} ms (under {MOST_MS})"
    yield from _while_paytend_is_slow()
    yield from _in_a_flood()


def _in_a_run(call: Callable[[], float]) -> Callable[[], float]:
    return lambda: statistics.median(call() for _ in range(20))


def _while_paytend_is_slow() -> Iterator[str]:
    """Compare the bot at rest with the same bot whose threads all wait for Paytend."""
    with TemporaryDirectory() as folder, run_bot(folder=Path(folder)) as bot, ExitStack() as stack:
        at_rest = _acknowledge_alone(bot)
        bot.paytend.switches.add(FaultKind.DELAY, count=None, seconds=30.0)
        asking = _caller(stack, bot.port, text="info 1755902")
        for _ in range(30):
            asking()
        waiting = _acknowledge_alone(bot)
        bot.paytend.switches.clear()
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        ratio = quantile(waiting, share) / quantile(at_rest, share)
        yield f"{name} while 30 commands wait for Paytend, of the same at rest: x{ratio:.2f} (about 1)"


def _in_a_flood() -> Iterator[str]:
    """Compare acknowledging with and without a flood, and that flood with the ones before and after it."""
    with TemporaryDirectory() as folder, run_bot(folder=Path(folder)) as bot:
        before, beside, after = (make_webhooks(bot.paytend, count) for count in (FLOOD, 2 * FLOOD, FLOOD))
        alone = _acknowledge_alone(bot)
        unhindered = flood_from_outside(bot.port, before).result()
        with _acknowledging(bot) as in_flood:
            hindered = flood_from_outside(bot.port, beside).result()
        unhindered += flood_from_outside(bot.port, after).result()
    for share, most in ((0.5, ""), (0.99, f" (at most {FLOOD_TARGET})")):
        ratio = quantile(in_flood, share) / quantile(alone, share)
        yield f"p{share * 100:.0f} in a flood of 64 webhook connections, of its value alone: x{ratio:.1f}{most}"
    yield f"the flood's speed, of its unhindered speed: x{unhindered / hindered:.2f} (at least 0.9)"
    speed = f"{2 * FLOOD / hindered:,.0f} webhooks a second"
    yield f"that is {len(in_flood)} commands, {COMMANDS_A_SECOND} a second, beside {speed}"


def _acknowledge_alone(bot: RunningBot) -> list[float]:
    with _acknowledging(bot) as taken:
        time.sleep(COMMANDS / COMMANDS_A_SECOND)
    return taken


@contextmanager
def _acknowledging(bot: RunningBot) -> Iterator[list[float]]:
    """Send as many commands a second as a busy team types; at the end the list has the seconds of each.

    They come from a process of their own, because the stand-ins in this one answer the bot meanwhile.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    urls = bot.make_response_urls(2 * COMMANDS)
    process = context.Process(target=_acknowledge_until_told, args=(bot.port, urls, theirs), daemon=True)
    process.start()
    ours.recv()
    taken: list[float] = []
    yield taken
    ours.send("end")
    taken += ours.recv()
    process.join(timeout=20)


def _acknowledge_until_told(port: int, urls: list[str], parent: Connection) -> None:
    caller = Caller(port, "/slack/events")
    commands = (make_command("help", url) for url in cycle(urls))
    for _ in range(20):
        caller(*next(commands))
    parent.send("ready")
    taken: list[float] = []
    while not parent.poll(1 / COMMANDS_A_SECOND):
        taken.append(caller(*next(commands)))
    caller.close()
    parent.send(taken)


def _caller(stack: ExitStack, port: int, *, text: str = "help") -> Callable[[], float]:
    caller = Caller(port, "/slack/events")
    stack.callback(caller.close)
    return lambda: caller(*make_command(text))
