"""kill -9 at each step from the click to the recorded result: nothing is lost, nothing is sent twice."""

import pytest

from tests.process.world import ProcessWorld


def test_killed_right_after_the_click_was_acknowledged(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()

    world.approves(card)
    bot.kill()
    world.start()

    assert world.statuses() != ["pending"]  # what was acknowledged was on the disk
    world.says("Completed")
    assert world.statuses() == ["executed"]
    assert world.top_up_calls() == 1


def test_killed_while_it_looks_at_the_card_it_is_carried_out_afterwards(
    sqlite_process_world: ProcessWorld,
) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("hang", operation="getCardInfo")
    world.approves(card)
    world.until(lambda: world.is_hanging("getCardInfo"))

    bot.kill()
    assert world.statuses() == ["approved"]
    world.start()

    world.says("Completed")
    assert world.statuses() == ["executed"]
    assert world.top_up_calls() == 1


def test_killed_while_the_call_is_in_flight_and_executed_it_is_found(world: ProcessWorld) -> None:
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("hang_after", operation="topup")
    world.approves(card)
    world.until(lambda: world.paytend.top_ups and world.nothing_is_leased())

    bot.kill()
    assert world.statuses() == ["executing"]
    world.start()

    world.says("Completed")
    assert world.statuses() == ["executed"]
    assert world.top_up_calls() == 1
    assert len(world.paytend.top_ups) == 1


def test_killed_while_the_call_is_in_flight_and_not_executed_it_is_unknown_and_never_repeated(
    sqlite_process_world: ProcessWorld,
) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("hang", operation="topup")
    world.approves(card)
    world.until(lambda: world.is_hanging("topup"))

    bot.kill()
    world.start()

    world.until(lambda: world.statuses() == ["unknown"])
    world.until(lambda: world.paytend.calls_of("getTopupResult"))
    world.says("Outcome unclear – checking with Paytend")
    assert world.top_up_calls() == 1
    assert world.paytend.top_ups == []


def test_killed_when_the_answer_is_there_it_is_recorded_or_found(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    world.approves(world.asks())

    world.until(lambda: world.paytend.top_ups)
    bot.kill()
    world.start()

    world.says("Completed")
    assert world.statuses() == ["executed"]
    assert world.top_up_calls() == 1


def test_killed_twice_in_one_execution(sqlite_process_world: ProcessWorld) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("hang_after", operation="topup")
    world.paytend.switches.add("hang", operation="getTopupResult")
    world.approves(card)
    world.until(lambda: world.paytend.top_ups)
    bot.kill()
    bot = world.start()
    world.until(lambda: world.is_hanging("getTopupResult"))
    bot.kill()

    world.start()

    assert world.statuses() == ["unknown"]
    assert world.top_up_calls() == 1
    assert "done" not in world.says("")["text"]


MOMENTS = 200  # over a second, from the click to after the recorded result
ROUNDS = 40  # each in a world of its own, so that an unknown outcome does not block the others


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(ROUNDS))
def test_killed_at_any_moment_of_an_execution(sqlite_process_world: ProcessWorld, round_: int) -> None:
    """The kill comes up to a second after the click, wherever the bot is then; it runs once for each moment."""
    world = sqlite_process_world
    moments = [place / MOMENTS for place in range(round_, MOMENTS, ROUNDS)]
    bot = world.start()
    for number, (card_id, after) in enumerate(zip(cards_of(world), moments, strict=True)):
        amount = f"{11 + number}.37"
        world.approves(world.asks(amount, card=card_id))
        world.pause(after)
        bot.kill()

        bot = world.start()

        assert_the_truth_is_told(world, number, shown=f"{amount} EUR")


def assert_the_truth_is_told(world: ProcessWorld, number: int, *, shown: str) -> None:
    """It is executed once; or it was never sent, and the request message says that nobody knows yet."""
    assert world.statuses()[number] != "pending"  # what was acknowledged was on the disk
    world.until(lambda: world.statuses()[number] in {"executed", "unknown"})
    reference = world.requests()[number].reference
    done = [top_up for top_up in world.paytend.top_ups if top_up.order_no == reference]
    if done:
        world.says("Completed", of=shown)
        assert world.statuses()[number] == "executed"
        assert len(done) == 1
    else:
        world.says("Outcome unclear – checking with Paytend", of=shown)
        assert world.statuses()[number] == "unknown"
    assert len(world.paytend.top_ups) == len({top_up.order_no for top_up in world.paytend.top_ups})


def cards_of(world: ProcessWorld) -> list[str]:
    """The cards that can be topped up."""
    return [card.card_id for card in world.paytend.books.cards.values() if card.status == 5]
