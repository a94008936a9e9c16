"""The door is always open: the bot starts and takes webhooks in whatever Slack does, and tells them later (N6)."""

import httpx
import pytest

from tests import once
from tests.journeys.world import text_of
from tests.process.test_storm_of_kills import content_of
from tests.process.world import ProcessWorld

ALWAYS = 1_000_000


@pytest.mark.parametrize("how", ["away", "revoked"])
def test_n6_webhooks_are_taken_in_without_slack_and_told_when_it_is_back(
    sqlite_process_world: ProcessWorld, how: str
) -> None:
    world = sqlite_process_world
    if how == "away":
        world.slack.faults.resets("*", accepted=False, times=ALWAYS)
    else:
        world.slack.faults.answers("*", "token_revoked", times=ALWAYS)

    bot = world.start()  # waits until it is ready

    def get(path: str) -> httpx.Response:
        return httpx.get(f"{bot.url}{path}", trust_env=False, verify=once.tls())

    body = world.paytend.seal_webhook("1", content_of(12_345))
    taken = httpx.post(f"{bot.url}/paytend/webhook", content=body, trust_env=False, verify=once.tls())
    assert taken.json()["status"] == "00"
    assert get("/readyz").json()["slack"] != "ok"
    assert "cardops_slack_usable 0.0" in get("/metrics").text

    assert "slack.unusable" in bot.log.read_text()

    world.slack.faults.clear()
    world.until(
        lambda: any("123.45 EUR" in text_of(found["blocks"]) for found in world.slack.messages("C0ALERTS"))
    )
    world.until(lambda: get("/readyz").json()["slack"] == "ok")
    assert bot.end() == 0
