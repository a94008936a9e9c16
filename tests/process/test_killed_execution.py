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

    assert rig.statuses() != ["pending"]  # what was acknowledged was on the disk
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


MOMENTS = 200  # over a second, from the click to after the recorded result
ROUNDS = 40  # each in a world of its own, so that an unknown outcome does not block the others


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_at_any_moment_of_an_execution(sqlite_rig: Rig, round_: int) -> None:
    """The kill comes up to a second after the click, wherever the bot is then; it runs once for each moment."""
    rig = sqlite_rig
    moments = [place / MOMENTS for place in range(round_, MOMENTS, ROUNDS)]
    bot = rig.start()
    for number, (card_id, after) in enumerate(zip(cards_of(rig), moments, strict=True)):
        amount = f"{11 + number}.37"
        rig.approves(rig.asks(amount, card=card_id))
        rig.pause(after)
        bot.kill()

        bot = rig.start()

        assert_the_truth_is_told(rig, number, shown=f"{amount} EUR")


def assert_the_truth_is_told(rig: Rig, number: int, *, shown: str) -> None:
    """It is executed once; or it was never sent, and the request message says that nobody knows yet."""
    assert rig.statuses()[number] != "pending"  # what was acknowledged was on the disk
    rig.until(lambda: rig.statuses()[number] in {"executed", "unknown"})
    reference = rig.requests()[number].reference
    done = [top_up for top_up in rig.paytend.top_ups if top_up.order_no == reference]
    if done:
        rig.says("Approved and done", of=shown)
        assert rig.statuses()[number] == "executed"
        assert len(done) == 1
    else:
        rig.says("the outcome is being checked with Paytend", of=shown)
        assert rig.statuses()[number] == "unknown"
    assert len(rig.paytend.top_ups) == len({top_up.order_no for top_up in rig.paytend.top_ups})


def cards_of(rig: Rig) -> list[str]:
    """The cards that can be topped up."""
    return [card.card_id for card in rig.paytend.books.cards.values() if card.status == 5]
