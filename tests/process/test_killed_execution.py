"""kill -9 at each step from the click to the recorded result: nothing is lost, nothing is sent twice."""

import pytest

from tests.process.rig import Rig


def test_killed_right_after_the_click_was_acknowledged(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()

    rig.approves(card)
    bot.kill()
    rig.start()

    # Either the decision was on the disk, or the card still has its buttons and says that it waits.
    if rig.statuses() == ["pending"]:
        rig.approves(rig.says("Waiting for approval"))
    rig.says("Approved and done")
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1


def test_killed_while_it_looks_at_the_card_it_is_carried_out_afterwards(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()
    rig.paytend.switches.add("hang", operation="getCardInfo")
    rig.approves(card)
    rig.until(lambda: rig.is_hanging("getCardInfo"))

    bot.kill()
    assert rig.statuses() == ["approved"]
    rig.start()

    rig.says("Approved and done")
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1


def test_killed_while_the_call_is_in_flight_and_executed_it_is_found(rig: Rig) -> None:
    bot = rig.start()
    card = rig.asks()
    rig.paytend.switches.add("hang_after", operation="topup")
    rig.approves(card)
    rig.until(lambda: rig.paytend.top_ups and rig.nothing_is_leased())

    bot.kill()
    assert rig.statuses() == ["executing"]
    rig.start()

    rig.says("Approved and done")
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1
    assert len(rig.paytend.top_ups) == 1


def test_killed_while_the_call_is_in_flight_and_not_executed_it_is_unknown_and_never_repeated(
    sqlite_rig: Rig,
) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()
    rig.paytend.switches.add("hang", operation="topup")
    rig.approves(card)
    rig.until(lambda: rig.is_hanging("topup"))

    bot.kill()
    rig.start()

    rig.until(lambda: rig.statuses() == ["unknown"])
    rig.until(lambda: rig.paytend.calls_of("getTopupResult"))
    rig.says("the outcome is being checked with Paytend")
    assert rig.top_up_calls() == 1
    assert rig.paytend.top_ups == []


def test_killed_when_the_answer_is_there_it_is_recorded_or_found(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    rig.approves(rig.asks())

    rig.until(lambda: rig.paytend.top_ups)
    bot.kill()
    rig.start()

    rig.says("Approved and done")
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1


def test_killed_twice_in_one_execution(sqlite_rig: Rig) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()
    rig.paytend.switches.add("hang_after", operation="topup")
    rig.paytend.switches.add("hang", operation="getTopupResult")
    rig.approves(card)
    rig.until(lambda: rig.paytend.top_ups)
    bot.kill()
    bot = rig.start()
    rig.until(lambda: rig.is_hanging("getTopupResult"))
    bot.kill()

    rig.start()

    assert rig.statuses() == ["unknown"]
    assert rig.top_up_calls() == 1
    assert "done" not in rig.says("")["text"]


@pytest.mark.soak
@pytest.mark.parametrize("after", [place / 200 for place in range(200)])
def test_killed_at_any_moment_of_an_execution(sqlite_rig: Rig, after: float) -> None:
    """The kill comes up to a second after the click, wherever the bot is then."""
    rig = sqlite_rig
    bot = rig.start()
    rig.approves(rig.asks())
    rig.pause(after)
    bot.kill()

    rig.start()

    if rig.statuses() == ["pending"]:
        rig.approves(rig.says("Waiting for approval"))
    rig.says("Approved and done")
    assert rig.statuses() == ["executed"]
    assert rig.top_up_calls() == 1
