"""A message that Slack cannot digest steps out of its lane, and an outage changes no order."""

from collections import Counter

import pytest

from bot.database.engine import SqlDatabase
from notifier.outbox.backoff import MOST_IN_LANE
from tests.notifier.conftest import NotifierWorld


@pytest.fixture
def database(sqlite: SqlDatabase) -> SqlDatabase:
    """One kind of database is enough: the queries are those of every delivery."""
    return sqlite


def tries_of(world: NotifierWorld) -> Counter[str]:
    """How often each text was sent, whatever became of it."""
    sent = (asked["text"] for method, asked in world.slack.calls if method == "chat.postMessage")
    return Counter(text.partition(" (")[0] for text in sent)


def texts_of(world: NotifierWorld) -> list[str]:
    """What stands in the channel, without the marks of repeats."""
    return [text.partition(" (")[0] for text in world.slack.texts()]


@pytest.mark.parametrize("how_many", [1, 2])
def test_n5_a_message_that_always_fails_holds_its_lane_for_a_minute_and_not_for_a_day(
    world: NotifierWorld, how_many: int
) -> None:
    bad = [f"bad {number}" for number in range(how_many)]
    world.slack.indigestible |= set(bad)
    for words in (*bad, "one", "two", "three"):
        world.says(words)

    world.delivers_all(26 * how_many, step=5)

    assert texts_of(world) == ["one", "two", "three"]
    assert world.waiting() == how_many
    tried = tries_of(world)
    world.delivers_all(10, step=60)
    assert all(tries_of(world)[words] - tried[words] <= 5 for words in bad), "it is tried less and less often"
    world.says("four")
    world.delivers()
    assert texts_of(world)[-1] == "four"

    world.slack.indigestible.clear()
    world.delivers_all(4, step=600)
    assert sorted(texts_of(world)[4:]) == bad
    assert world.waiting() == 0


def test_n5_what_comes_later_never_waits_for_what_stepped_aside(world: NotifierWorld) -> None:
    world.slack.indigestible.add("bad")
    world.says("bad", urgent=True)
    world.says("one")
    world.delivers_all(6, step=5)

    for number in range(3):
        world.says(f"{number}")
        world.delivers()
        assert texts_of(world)[-1] == f"{number}"
        world.clock.passes(seconds=2)


def test_n5_an_outage_changes_no_order_and_costs_few_tries(world: NotifierWorld) -> None:
    words = [f"{number}" for number in range(4)]
    world.slack.indigestible |= set(words)
    for said in words:
        world.says(said)

    world.delivers_all(25, step=9)
    tries = sum(tries_of(world).values())
    assert texts_of(world) == []
    assert tries <= 25 * 5 / 4
    assert min(tries_of(world)[said] for said in words[:2]) >= MOST_IN_LANE, "so two have stepped aside"

    world.slack.indigestible.clear()
    world.delivers_all(10, step=2)
    assert texts_of(world) == words


def test_n5_after_an_outage_a_bad_message_is_still_bad(world: NotifierWorld) -> None:
    words = ["bad", "one", "two"]
    world.slack.indigestible |= set(words)
    for said in words:
        world.says(said)
    world.delivers_all(25, step=9)

    world.slack.indigestible = {"bad"}
    world.delivers_all(8, step=20)

    assert sorted(texts_of(world)) == ["one", "two"]
    assert world.waiting() == 1


def test_n5_an_edit_that_always_fails_holds_no_other_edit(world: NotifierWorld) -> None:
    for key in ("bad", "good"):
        world.says(f"{key} purchase", key=key)
    world.delivers_all(2)
    world.slack.indigestible.add("bad name")

    world.edits("bad", "bad name")
    world.edits("good", "good name")
    world.delivers_all(6, step=5)

    assert texts_of(world) == ["bad purchase", "good name"]
