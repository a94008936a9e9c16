"""The bot as a process: it starts, answers, and on SIGTERM finishes its work and exits."""

import re
import signal
import subprocess
import sys

import httpx

from tests.journeys.world import text_of
from tests.process.nursery import ROOT
from tests.process.world import LONGEST, READY_WITHIN, ProcessWorld


def test_started_by_its_command_it_is_ready_and_ends_with_status_0(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    environment = world.environment | {"CARDOPS_LISTEN": f"127.0.0.1:{world.ports[0]}", "PYTHONPATH": str(ROOT)}
    log = world.folder / "bot.log"
    (world.folder / "test.db").unlink()  # the first start makes its database
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=world.folder, env=environment, stdout=out, stderr=out
        ) as bot,
    ):
        try:
            world.until(lambda: "cardops listens on" in log.read_text(), within=READY_WITHIN)
            bot.send_signal(signal.SIGTERM)
            assert bot.wait(timeout=LONGEST) == 0
        finally:
            bot.kill()  # else a bot that is not ready in time is waited for forever
    assert "Traceback" not in log.read_text()


def test_it_starts_carries_out_a_top_up_and_ends_with_status_0(world: ProcessWorld) -> None:
    bot = world.start()

    world.approves(world.asks("120.50"))

    world.says("Completed")
    world.until(lambda: world.waiting() == 0)
    assert world.statuses() == ["executed"]
    assert world.top_up_calls() == 1
    assert httpx.get(f"{bot.url}/healthz").json() == {"status": "ok"}
    assert bot.end() == 0
    assert "Traceback" not in bot.log.read_text()


def test_an_execution_in_hand_is_finished_before_the_end(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("delay", operation="topup", seconds=1.0)
    world.approves(card)
    world.until(lambda: world.paytend.top_ups)

    status = bot.end()

    assert status == 0
    assert world.statuses() == ["executed"]
    world.start()
    world.says("Completed")
    assert world.top_up_calls() == 1


def test_a_command_that_is_being_answered_is_answered_before_the_end(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    world.paytend.switches.add("delay", operation="getCardInfo", seconds=1.0)
    world.slack.types("U0SAM", "/card info 1755902", channel="C0GENERAL")
    world.until(lambda: world.paytend.calls_of("getCardInfo"))

    assert bot.end() == 0

    assert "5097" in world.slack.ephemerals("U0SAM")[-1]["text"]


MANY = 10  # notices; Slack takes one a second


def shown_in_oncall(world: ProcessWorld) -> str:
    """The messages in the channel and in its threads, without the digest, which repeats them."""
    return "\n".join(
        text_of(message["blocks"])
        for root in world.slack.messages("C0ONCALL")
        for message in world.slack.messages("C0ONCALL", root["ts"])
        if "Each is a line" not in text_of(message["blocks"])
    )


def amounts_shown(world: ProcessWorld) -> list[int]:
    return [int(found) for found in re.findall(r"\b(\d+)\.00 EUR", shown_in_oncall(world))]


def test_f40_told_to_end_with_much_in_flight_it_finishes_what_it_holds_and_the_next_does_the_rest(
    world: ProcessWorld,
) -> None:
    bot = world.start()
    world.slack.faults.slows("chat.postMessage", seconds=0.4, times=3)
    for number in range(MANY):
        world.paytend.events.decline("1755902", f"{number + 1}.00", merchant="CORNER SHOP")
    world.until(lambda: world.slack.messages("C0ONCALL"))

    assert bot.end() == 0
    assert world.nothing_is_leased()
    assert len(amounts_shown(world)) < MANY, "it was told to end in the middle"

    world.start()
    world.until(lambda: all(webhook.state == "delivered" for webhook in world.paytend.webhooks))
    world.until(lambda: len(amounts_shown(world)) >= MANY and world.waiting() == 0, within=40)
    assert sorted(amounts_shown(world)) == list(range(1, MANY + 1))
    assert "possible repeat" not in shown_in_oncall(world)
