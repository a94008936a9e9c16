"""F27: what a message is too short for stands in its thread, in full, and no reader is pinged by it."""

from typing import Any

from notifier.outbox import in_full
from tests.notifier.conftest import NotifierWorld
from tests.notifier.slack import Trick

LONG = "".join(f"{number}: 5 < 6 & <!channel> <@U0VICTIM>\n" for number in range(200))


def thread_texts(world: NotifierWorld, ts: str) -> list[str]:
    """Return the plain texts of the replies under a message, put together."""
    replies = [message for message in world.slack.messages if message.get("thread_ts") == ts]
    return ["".join(plain_texts(reply)) for reply in replies]


def plain_texts(message: dict[str, Any]) -> list[str]:
    sections = [block for block in message["blocks"] if block["type"] == "section"]
    assert {section["text"]["type"] for section in sections} == {"plain_text"}
    return [section["text"]["text"] for section in sections]


def test_f27_what_was_cut_is_in_the_thread_in_full(world: NotifierWorld) -> None:
    world.says(LONG, facts={"words": LONG}, key="notice")
    world.delivers_all(6)

    notice = world.slack.messages[0]
    assert len(notice["blocks"][0]["text"]["text"]) <= 3_000
    assert "".join(thread_texts(world, notice["ts"])) == LONG.replace("\n", " "), "each part once, in its order"
    assert world.waiting() == 0


def test_f27_what_fits_has_no_reply(world: NotifierWorld) -> None:
    world.says("short")
    world.delivers_all(3)

    assert len(world.slack.messages) == 1


def test_f27_an_edit_does_not_repeat_it(world: NotifierWorld) -> None:
    world.says(LONG, key="notice")
    world.delivers_all(6)
    count = len(world.slack.messages)

    world.edits("notice", LONG + "more")
    world.delivers_all(3)

    assert len(world.slack.messages) == count


def test_f27_a_post_that_was_found_again_has_its_thread_too(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", Trick.RESETS_AFTER)
    world.says(LONG, key="notice")
    world.delivers_all(6, step=20)

    notice = world.slack.messages[0]
    assert "".join(thread_texts(world, notice["ts"])) == LONG.replace("\n", " ")


def test_f27_what_refused_blocks_said_is_in_the_thread(world: NotifierWorld) -> None:
    world.slack.will("chat.postMessage", "invalid_blocks", "invalid_blocks")
    facts = {"headline": "Three cards", "detail": "5 < 6, and what only the blocks say"}
    world.says("", kind="headed", facts=facts, key="notice")
    world.delivers_all(4)

    notice = world.slack.messages[0]
    assert (notice["text"], notice.get("blocks")) == ("Three cards", None)
    assert thread_texts(world, notice["ts"]) == ["5 < 6, and what only the blocks say"]


def test_f27_a_megabyte_is_not_put_into_a_channel() -> None:
    pages = list(in_full.lay_out(["x" * 1_000_000]))

    assert len(pages) == in_full.MOST_PAGES
    assert [page.cut for page in pages] == [False] * 4 + [True]
