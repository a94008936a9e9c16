"""kill -9 in a delivery: every message is in Slack in the end, and none is there twice without a mark."""

import pytest

from tests.process.world import ProcessWorld


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not-accepted"])
def test_killed_while_the_card_is_posted(sqlite_process_world: ProcessWorld, accepted: bool) -> None:
    world = sqlite_process_world
    bot = world.start()
    world.slack.faults.hangs("chat.postMessage", accepted=accepted)
    world.slack.types("U0SAM", "/topup 1755902 120.50 EUR customer called", channel="C0GENERAL")
    world.until(lambda: world.is_held_by_slack("chat.postMessage"))
    bot.kill()

    world.start()

    world.until(lambda: world.waiting() == 0)
    cards = [message for message in world.slack.messages("C0APPROVALS") if "120.50" in message["text"]]
    assert len(cards) == 1
    world.approves(cards[0])
    world.says("Completed")
    assert world.top_up_calls() == 1


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not-accepted"])
def test_killed_while_the_card_is_edited_it_tells_the_truth_in_the_end(
    sqlite_process_world: ProcessWorld, accepted: bool
) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.slack.faults.hangs("chat.update", accepted=accepted)
    world.approves(card)
    world.until(lambda: world.is_held_by_slack("chat.update"))
    world.until(lambda: world.statuses() == ["executed"])
    bot.kill()

    world.start()

    world.says("Completed")
    world.until(lambda: world.waiting() == 0)
    thread = [message["text"] for message in world.slack.messages("C0APPROVALS", card["ts"])[1:]]
    assert len(thread) == len(set(thread)), thread
    assert world.top_up_calls() == 1


@pytest.mark.soak  # the next file shows the same for two replicas that both hold something
def test_a_replica_takes_over_what_a_dead_one_was_posting(shared_rig: ProcessWorld) -> None:
    """The lease of the dead one has to end first: three times what Slack may take, here 6 s after its claim."""
    world = shared_rig
    bot = world.start(0)
    world.slack.faults.hangs("chat.postMessage", accepted=True)
    world.slack.types("U0SAM", "/topup 1755902 120.50 EUR customer called", channel="C0GENERAL")
    world.until(lambda: world.is_held_by_slack("chat.postMessage"))
    bot.kill()

    world.start(1)

    world.until(lambda: world.waiting() == 0, within=25)
    assert len([message for message in world.slack.messages("C0APPROVALS") if "120.50" in message["text"]]) == 1
