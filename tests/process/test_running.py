"""The bot as a process: it starts, answers, and on SIGTERM finishes its work and exits."""

import re
import signal
import subprocess
import sys

import httpx

from tests.journeys.world import text_of
from tests.process.nursery import ROOT
from tests.process.rig import LONGEST, Rig


def test_started_by_its_command_it_is_ready_and_ends_with_status_0(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    environment = rig.environment | {"CARDOPS_LISTEN": f"127.0.0.1:{rig.ports[0]}", "PYTHONPATH": str(ROOT)}
    log = rig.folder / "bot.log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=rig.folder, env=environment, stdout=out, stderr=out
        ) as bot,
    ):
        rig.until(lambda: "cardops listens on" in log.read_text())
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(timeout=LONGEST) == 0
    assert "Traceback" not in log.read_text()


def test_it_starts_carries_out_a_top_up_and_ends_with_status_0(rig: Rig) -> None:
    bot = rig.start()

    rig.approves(rig.asks("120.50"))

    rig.says("Approved and done")
    rig.until(lambda: rig.waiting() == 0)
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1
    assert httpx.get(f"{bot.url}/healthz").json() == {"status": "ok"}
    assert bot.end() == 0
    assert "Traceback" not in bot.log.read_text()


def test_an_execution_in_hand_is_finished_before_the_end(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()
    rig.paytend.switches.add("delay", operation="topup", seconds=1.0)
    rig.approves(card)
    rig.until(lambda: rig.paytend.top_ups)

    status = bot.end()

    assert status == 0
    assert rig.statuses() == ["executed"]
    rig.start()
    rig.says("Approved and done")
    assert rig.top_up_calls() == 1


def test_a_command_that_is_being_answered_is_answered_before_the_end(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    rig.paytend.switches.add("delay", operation="getCardInfo", seconds=1.0)
    rig.slack.types("U0SAM", "/card info 1755902", channel="C0GENERAL")
    rig.until(lambda: rig.paytend.calls_of("getCardInfo"))

    assert bot.end() == 0

    assert "1755902" in rig.slack.ephemerals("U0SAM")[-1]["text"]


def shown_in_oncall(rig: Rig) -> str:
    """The messages in the channel and in its threads, without the digest, which repeats them."""
    return "\n".join(
        text_of(message["blocks"])
        for root in rig.slack.messages("C0ONCALL")
        for message in rig.slack.messages("C0ONCALL", root["ts"])
        if "Each notice is a line" not in text_of(message["blocks"])
    )


def amounts_shown(rig: Rig) -> list[int]:
    return [int(found) for found in re.findall(r"\b(\d+)\.00 EUR", shown_in_oncall(rig))]


def test_f40_told_to_end_with_much_in_flight_it_finishes_what_it_holds_and_the_next_does_the_rest(
    rig: Rig,
) -> None:
    bot = rig.start()
    rig.slack.faults.slows("chat.postMessage", seconds=0.4, times=3)
    for number in range(20):
        rig.paytend.events.decline("1755902", f"{number + 1}.00", merchant="CORNER SHOP")
    rig.until(lambda: rig.slack.messages("C0ONCALL"))

    assert bot.end() == 0
    assert rig.nothing_is_leased()
    assert len(amounts_shown(rig)) < 20, "it was told to end in the middle"

    rig.start()
    rig.until(lambda: all(webhook.state == "delivered" for webhook in rig.paytend.webhooks))
    rig.until(lambda: len(amounts_shown(rig)) >= 20 and rig.waiting() == 0, within=40)
    assert sorted(amounts_shown(rig)) == list(range(1, 21))
    assert "possible repeat" not in shown_in_oncall(rig)
