"""What Slack refuses in this form, or a template cannot lay out: a simpler form is posted (F27, F28)."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from notifier.outbox import in_full
from notifier.outbox.slack_errors import read_refusal
from tests.notifier.conftest import NotifierWorld


@dataclass
class Answer:
    """As much of an answer of slack_sdk as is read."""

    data: dict[str, Any]
    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def test_f27_refused_blocks_become_plain_text(world: NotifierWorld) -> None:
    world.slack.refuses_blocks = True
    world.says("one", key="request:1")

    world.delivers()
    world.edits("request:1", "two")
    world.delivers()

    (message,) = (each for each in world.slack.messages if each["channel"] == "C0ALERTS")
    assert (message["text"], message["blocks"]) == ("two", [])


def test_s14_refused_blocks_become_older_ones_that_keep_the_buttons(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", "invalid_blocks")
    world.says("", kind="headed", facts={"headline": "Three & more", "detail": "*5* < 6"})

    world.delivers()

    (message,) = (each for each in world.slack.messages if each["channel"] == "C0ALERTS")
    assert [block["type"] for block in message["blocks"]] == ["section", "section", "actions"]
    assert [block["text"]["text"] for block in message["blocks"][:2]] == ["Three &amp; more", "*5* &lt; 6"]
    assert message["blocks"][2]["elements"][0]["action_id"] == "x"


def test_s14_admins_are_told_once_with_slacks_own_pointer(world: NotifierWorld) -> None:
    pointed = {"messages": ["[ERROR] unsupported type: table [json-pointer:/blocks/0/type]"]}
    refused = read_refusal(SlackApiError("", Answer({"error": "invalid_blocks", "response_metadata": pointed})))  # type: ignore[no-untyped-call]
    assert refused.problems == tuple(pointed["messages"])
    world.slack.will("chat.postMessage", "invalid_blocks")
    world.says("one")
    world.delivers()
    world.slack.will("chat.postMessage", "invalid_blocks")
    world.clock.passes(seconds=2)
    world.says("two")
    world.delivers_all(4)

    told = [message["text"] for message in world.slack.messages if "refuses the layout" in message["text"]]
    assert len(told) == 1
    assert "invalid_blocks" in told[0]


def test_s14_a_copy_in_plain_text_has_no_markup() -> None:
    (page,) = in_full.lay_out(["*Amount*\n<@U0ONE> paid _once_, 2*3*4 at SHOP_A_B"])

    assert page.parts == ["Amount\nU0ONE paid once, 2*3*4 at SHOP_A_B".replace("U0ONE", "@U0ONE")]


def test_f27_what_is_too_long_is_shortened_the_same_way_each_time(world: NotifierWorld) -> None:
    for _ in range(2):
        world.says("<&>" * 20_000)
    world.delivers_all(3)

    first, second = (message for message in world.slack.messages if "thread_ts" not in message)
    assert (first["text"], first["blocks"]) == (second["text"], second["blocks"])
    assert len(first["text"]) <= 4_000
    assert first["text"].endswith("…")
    assert max(len(block["text"]["text"]) for block in first["blocks"] if "text" in block) <= 3_000


def test_f27_what_is_refused_in_every_form_is_quarantined_and_holds_nobody_up(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", *["invalid_blocks", "invalid_blocks", "msg_too_long"] * 5)
    world.says("no form of it passes")
    world.delivers()
    world.says("next")

    world.clock.passes(seconds=1)
    world.slack.tricks.clear()
    world.delivers()

    assert world.slack.texts() == ["next"]
    world.delivers_all(3, step=20)
    assert world.slack.texts() == ["next", "no form of it passes"]


@pytest.mark.parametrize("kind", ["broken", "no_such_kind"])
def test_f28_a_broken_template_becomes_the_plain_layout_with_a_warning(world: NotifierWorld, kind: str) -> None:
    world.says("", kind=kind, facts={"words": "hello <!channel>", "amount": "10.00 EUR"})

    world.delivers()

    (message,) = (each for each in world.slack.messages if each["channel"] == "C0ALERTS")
    assert "words: hello &lt;!channel&gt;" in message["text"]
    assert "could not be laid out" in message["blocks"][-1]["elements"][0]["text"]
