"""The page besides Slack: the panel through the control addresses, and the traffic, sealed beside clear."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.backstage import Backstage
from sandbox.clock import Clock
from sandbox.panel import make_panel
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace
from tests import once
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.receiver import Receiver
from tests.sandbox.paytend.test_orders import BATCH

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Both stand-ins, served, with the backstage that follows them."""

    slack: SlackWorkspace
    paytend: PaytendStandIn
    partner: Partner
    client: WebClient
    page: httpx.Client

    def asks(self, path: str, body: Json | None = None) -> Any:
        """Ask as the page does."""
        answer = self.page.get(path) if body is None else self.page.post(path, json=body)
        return answer.json()

    def presses(self, title: str, **values: Any) -> Json:
        """Make something happen by the panel."""
        found: Json = self.asks("/_page/panel", {"title": title, "values": values})
        return found

    def passed(self, way: str) -> list[Json]:
        """What passed that way, in full."""
        rows = [row for row in self.asks("/_page/passed?after=0") if row["way"] == way]
        return [self.asks(f"/_page/passed/{row['number']}") for row in rows]


@pytest.fixture
def stage() -> Iterator[Stage]:
    clock, receiver = Clock(), Receiver()
    paytend = PaytendStandIn(clock=Clock(), callback=None)
    with Running(receiver.app) as door, Running(paytend.app) as paytend_server:
        paytend.callback = f"{door.url}/hook"
        offers = make_panel(paytend=paytend_server.url, slack="")
        backstage = Backstage(offers=offers, now=clock.now)
        slack = SlackWorkspace(clock=clock, delivery=lambda *_: (200, {}, b""), backstage=backstage)
        backstage.follow(slack=slack, paytend=paytend)
        with slack.serving() as slack_server:
            for each in offers:
                each["url"] = each["url"] if each["url"].startswith("http") else slack_server.url + each["url"]
            partner = Partner(paytend, paytend_server.url)
            client = WebClient(token=slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
            with httpx.Client(base_url=slack_server.url, verify=once.tls()) as page:
                yield Stage(slack=slack, paytend=paytend, partner=partner, client=client, page=page)
            partner.close()


def test_every_offer_is_answered_by_its_control_call(stage: Stage) -> None:
    refused = {}
    for offer in stage.asks("/panel.json"):
        values = {field["name"]: field.get("value") for field in offer["fields"]}
        told = stage.presses(offer["title"], **values)
        if not told["ok"]:
            refused[offer["title"]] = told["answer"]

    # These two need something to go on with: a purchase was settled at once, and nothing is ordered.
    settled = "Transaction does not exist or cannot be changed."
    assert refused == {
        "An authorisation goes on": f'{{"error": "{settled}", "code": "2403"}}',
        "An order is shipped": '{"error": "Order does not exist.", "code": "2202"}',
    }
    assert stage.presses("No such thing")["answer"] == "no such offer"


def test_the_newest_authorisation_goes_on(stage: Stage) -> None:
    stage.presses("A card is used", kind="authorise", cardId="1755902", amount="20.00", merchant="SHOP")

    for kind in ("settle_half", "settle"):
        assert '"amount": 1000' in stage.presses("An authorisation goes on", kind=kind, tradeId="")["answer"]


def test_a_storm_is_told_one_webhook_each(stage: Stage) -> None:
    told = stage.presses("A storm of transactions", count=30)
    stage.paytend.wait_for_webhooks()

    assert '"transactions": 30' in told["answer"]
    assert '"declined": 3' in told["answer"]
    assert len(stage.passed("Paytend → bot")) == 30


def test_the_newest_order_is_shipped(stage: Stage) -> None:
    assert stage.partner.call("applyCard", **BATCH).code == "00"

    assert stage.presses("An order is shipped", orderNo="", fail="")["ok"]
    stage.paytend.wait_for_webhooks()
    assert stage.passed("Paytend → bot")[-1]["title"] == "card order"


def test_a_call_is_shown_in_the_clear_beside_its_envelope(stage: Stage) -> None:
    stage.partner.call("getCardInfo", cardId="1755902")

    [call] = stage.passed("bot → Paytend")
    request, answer = call["parts"]
    assert (call["title"], call["outcome"], call["is_good"]) == ("getCardInfo", "00", True)
    assert request["clear"] == {"cardId": "1755902"}
    assert "1755902" not in str(request["sealed"])
    assert request["sealed"]["randomKey"]
    assert answer["clear"]["cardId"] == "1755902"
    assert answer["sealed"]["signature"]


def test_a_lost_answer_says_that_the_work_was_done(stage: Stage) -> None:
    stage.presses("Make the next calls fail", kind="lose_after", count=1, seconds=0)
    with pytest.raises(httpx.HTTPError):
        stage.partner.call("getCardInfo", cardId="1755902")

    [call] = stage.passed("bot → Paytend")
    assert (call["outcome"], call["is_good"]) == ("00, lose after, no answer", False)
    assert call["parts"][1]["sealed"] == ""


def test_slack_breaks_for_so_many_calls_and_works_again(stage: Stage) -> None:
    stage.presses(
        "The next calls of Slack go wrong", kind="limited", method="chat.postMessage", times=5, seconds=7
    )
    with pytest.raises(SlackApiError) as limited:
        stage.client.chat_postMessage(channel="C0ALERTS", text="x")
    assert limited.value.response.headers["Retry-After"] == "7"
    stage.presses("Slack works again")
    stage.client.chat_postMessage(channel="C0ALERTS", text="x")

    rows = stage.passed("bot → Slack")
    assert [(row["title"], row["outcome"]) for row in rows] == [
        ("chat.postMessage · #card-alerts", "ratelimited"),
        ("chat.postMessage · #card-alerts", "ok"),
    ]
    wrong = stage.page.post("/_control/fault", json={"kind": "nonsense"})
    assert (wrong.status_code, wrong.json()) == (400, {"error": "ValueError: nonsense"})
    elsewhere = stage.page.post("/_control/fault", json={}, headers={"Origin": "http://evil.example"})
    assert elsewhere.status_code == 403


def test_a_delivery_is_shown_with_its_acknowledgement(stage: Stage) -> None:
    stage.slack.types("U0SAM", "/card info 1755902", channel="C0SUPPORT")

    [delivery] = stage.passed("Slack → bot")
    assert delivery["title"] == "slash command · /card info 1755902"
    assert delivery["outcome"] == "acknowledged"
    assert delivery["parts"][0]["clear"]["user_id"] == "U0SAM"
    assert stage.asks("/_page/passed/999") == {"error": "this is not kept any more"}


def test_the_stories_begin_anew_when_asked(stage: Stage) -> None:
    stage.slack.types("U0SAM", "/card lost 1755903", channel="C0SUPPORT")

    def first_step_of_lost() -> bool:
        stories = stage.asks("/_page/state?person=U0SAM&channel=C0SUPPORT")["stories"]
        return bool(stories[1]["steps"][0]["is_done"])

    assert first_step_of_lost()
    stage.asks("/_page/stories", {})
    assert not first_step_of_lost()
