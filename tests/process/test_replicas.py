"""Several replicas on one PostgreSQL database: they share the work, and nothing is done twice."""

from typing import Any

import pytest

from tests.process.rig import Child, Rig


def cards_of(rig: Rig) -> list[str]:
    """Cards that can be topped up; few, as Slack takes one message a second."""
    return [card.card_id for card in rig.paytend.books.cards.values() if card.status == 5][:3]


def ask_everywhere(rig: Rig, replicas: list[Child]) -> list[dict[str, Any]]:
    """Ask for a top-up on each card, of each replica in turn, and return their cards in Slack."""
    wanted = cards_of(rig)
    for number, card in enumerate(wanted):
        rig.deliver_to(replicas[number % len(replicas)])
        rig.slack.types("U0SAM", f"/topup {card} {10 + number}.00 EUR customer called", channel="C0GENERAL")
    rig.until(lambda: len(rig.requests()) == len(wanted))
    rig.until(lambda: rig.waiting() == 0, within=30)
    return [message for message in rig.slack.messages("C0APPROVALS") if "Waiting" in message["text"]]


def approve_all(rig: Rig, cards: list[dict[str, Any]], replicas: list[Child]) -> None:
    for number, card in enumerate(cards):
        rig.deliver_to(replicas[number % len(replicas)])
        rig.approves(card)


def assert_each_was_done_once(rig: Rig) -> None:
    assert set(rig.statuses()) == {"executed"}
    references = [top_up.order_no for top_up in rig.paytend.top_ups]
    assert sorted(references) == sorted(request.reference for request in rig.requests())
    assert rig.top_up_calls() == len(references)
    cards = [message["text"] for message in rig.slack.messages("C0APPROVALS") if message["text"][:8] == "Approved"]
    assert len(cards) == len(references)
    assert all(text.startswith("Approved and done") for text in cards)
    for message in rig.slack.messages("C0APPROVALS"):
        replies = [reply["text"] for reply in rig.slack.messages("C0APPROVALS", message["ts"])[1:]]
        assert len(replies) == len(set(replies))


@pytest.mark.soak  # the next one shows the same, and more
def test_two_replicas_carry_out_each_request_once(shared_rig: Rig) -> None:
    rig = shared_rig
    rig.start(0, wait=False)
    rig.start(1)
    replicas = rig.children
    replicas[0].wait_until_ready()
    cards = ask_everywhere(rig, replicas)

    approve_all(rig, cards, replicas)

    rig.until(lambda: set(rig.statuses()) == {"executed"})
    rig.until(lambda: rig.waiting() == 0, within=40)
    assert_each_was_done_once(rig)
    assert [replica.end() for replica in replicas] == [0, 0]


def test_when_one_replica_is_killed_in_the_middle_the_other_goes_on(shared_rig: Rig) -> None:
    rig = shared_rig
    rig.start(0, wait=False)
    rig.start(1)
    replicas = rig.children
    replicas[0].wait_until_ready()
    cards = ask_everywhere(rig, replicas)
    rig.paytend.switches.add("delay", operation="topup", seconds=0.3, count=None)
    approve_all(rig, cards, replicas)
    rig.until(lambda: rig.paytend.top_ups)

    replicas[0].kill()

    rig.until(lambda: set(rig.statuses()) == {"executed"}, within=40)
    rig.until(lambda: rig.waiting() == 0, within=60)
    assert_each_was_done_once(rig)
