"""What Slack refuses in this form, or a template cannot lay out: a simpler form is posted (F27, F28)."""

import pytest

from tests.notifier.conftest import NotifierWorld


def test_f27_refused_blocks_become_plain_text(world: NotifierWorld) -> None:
    world.slack.refuses_blocks = True
    world.says("one", key="request:1")

    world.delivers()
    world.edits("request:1", "two")
    world.delivers()

    (message,) = world.slack.messages
    assert (message["text"], message["blocks"]) == ("two", [])


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
    world.slack.will("chat.postMessage", *["invalid_blocks", "msg_too_long"] * 5)
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

    (message,) = world.slack.messages
    assert "words: hello &lt;!channel&gt;" in message["text"]
    assert "could not be laid out" in message["blocks"][-1]["elements"][0]["text"]
