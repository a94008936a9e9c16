"""Several replicas on one PostgreSQL database: they share the work, and nothing is done twice."""

from typing import Any

import pytest

from tests.process.world import Child, ProcessWorld


def cards_of(world: ProcessWorld) -> list[str]:
    """Cards that can be topped up; few, as Slack takes one message a second."""
    return [card.card_id for card in world.paytend.books.cards.values() if card.status == 5][:3]


def ask_everywhere(world: ProcessWorld, replicas: list[Child]) -> list[dict[str, Any]]:
    """Ask for a top-up on each card, of each replica in turn, and return their cards in Slack."""
    wanted = cards_of(world)
    for number, card in enumerate(wanted):
        world.deliver_to(replicas[number % len(replicas)])
        world.slack.types("U0SAM", f"/topup {card} {10 + number}.00 EUR customer called", channel="C0GENERAL")
    world.until(lambda: len(world.requests()) == len(wanted))
    world.until(lambda: world.waiting() == 0, within=30)
    return [message for message in world.slack.messages("C0APPROVALS") if "Needs" in message["text"]]


def approve_all(world: ProcessWorld, cards: list[dict[str, Any]], replicas: list[Child]) -> None:
    for number, card in enumerate(cards):
        world.deliver_to(replicas[number % len(replicas)])
        world.approves(card)


def assert_each_was_done_once(world: ProcessWorld) -> None:
    assert set(world.statuses()) == {"executed"}
    references = [top_up.order_no for top_up in world.paytend.top_ups]
    assert sorted(references) == sorted(request.reference for request in world.requests())
    assert world.top_up_calls() == len(references)
    cards = [
        message["text"]
        for message in world.slack.messages("C0APPROVALS")
        if message["text"].startswith(("Approved", "Completed"))
    ]
    assert len(cards) == len(references)
    assert all(text.startswith("Completed") for text in cards)
    for message in world.slack.messages("C0APPROVALS"):
        replies = [reply["text"] for reply in world.slack.messages("C0APPROVALS", message["ts"])[1:]]
        assert len(replies) == len(set(replies))


@pytest.mark.soak  # the next one shows the same, and more
def test_two_replicas_carry_out_each_request_once(shared_rig: ProcessWorld) -> None:
    world = shared_rig
    world.start(0, wait=False)
    world.start(1)
    replicas = world.children
    replicas[0].wait_until_ready()
    cards = ask_everywhere(world, replicas)

    approve_all(world, cards, replicas)

    world.until(lambda: set(world.statuses()) == {"executed"})
    world.until(lambda: world.waiting() == 0, within=40)
    assert_each_was_done_once(world)
    assert [replica.end() for replica in replicas] == [0, 0]


def test_when_one_replica_is_killed_in_the_middle_the_other_goes_on(shared_rig: ProcessWorld) -> None:
    world = shared_rig
    world.start(0, wait=False)
    world.start(1)
    replicas = world.children
    replicas[0].wait_until_ready()
    cards = ask_everywhere(world, replicas)
    world.paytend.switches.add("delay", operation="topup", seconds=0.3, count=None)
    approve_all(world, cards, replicas)
    world.until(lambda: world.paytend.top_ups)

    replicas[0].kill()

    world.until(lambda: set(world.statuses()) == {"executed"}, within=40)
    world.until(lambda: world.waiting() == 0, within=60)
    assert_each_was_done_once(world)
