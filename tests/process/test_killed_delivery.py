"""kill -9 in a delivery: every message is in Slack in the end, and none is there twice without a mark."""

import pytest

from tests.process.rig import Rig


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not-accepted"])
def test_killed_while_the_card_is_posted(sqlite_rig: Rig, accepted: bool) -> None:
    rig = sqlite_rig
    bot = rig.start()
    rig.slack.faults.hangs("chat.postMessage", accepted=accepted)
    rig.slack.types("U0SAM", "/topup 1755902 120.50 EUR customer called", channel="C0GENERAL")
    rig.until(lambda: rig.is_held_by_slack("chat.postMessage"))
    bot.kill()

    rig.start()

    rig.until(lambda: rig.waiting() == 0)
    cards = [message for message in rig.slack.messages("C0APPROVALS") if "120.50" in message["text"]]
    assert len(cards) == 1
    rig.approves(cards[0])
    rig.says("Approved and done")
    assert rig.top_up_calls() == 1


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not-accepted"])
def test_killed_while_the_card_is_edited_it_tells_the_truth_in_the_end(sqlite_rig: Rig, accepted: bool) -> None:
    rig = sqlite_rig
    bot = rig.start()
    card = rig.asks()
    rig.slack.faults.hangs("chat.update", accepted=accepted)
    rig.approves(card)
    rig.until(lambda: rig.is_held_by_slack("chat.update"))
    rig.until(lambda: rig.statuses() == ["executed"])
    bot.kill()

    rig.start()

    rig.says("Approved and done")
    rig.until(lambda: rig.waiting() == 0)
    thread = [message["text"] for message in rig.slack.messages("C0APPROVALS", card["ts"])[1:]]
    assert len(thread) == len(set(thread)), thread
    assert rig.top_up_calls() == 1


@pytest.mark.soak  # the next file shows the same for two replicas that both hold something
def test_a_replica_takes_over_what_a_dead_one_was_posting(shared_rig: Rig) -> None:
    """The lease of the dead one has to end first: three times what Slack may take, here 6 s after its claim."""
    rig = shared_rig
    bot = rig.start(0)
    rig.slack.faults.hangs("chat.postMessage", accepted=True)
    rig.slack.types("U0SAM", "/topup 1755902 120.50 EUR customer called", channel="C0GENERAL")
    rig.until(lambda: rig.is_held_by_slack("chat.postMessage"))
    bot.kill()

    rig.start(1)

    rig.until(lambda: rig.waiting() == 0, within=25)
    assert len([message for message in rig.slack.messages("C0APPROVALS") if "120.50" in message["text"]]) == 1
