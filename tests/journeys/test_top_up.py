"""The main job: a top-up asked for, approved by a second person, carried out once."""

from tests.journeys.world import MANAGER, SUPPORT, World, actions_of, text_of


def test_a_top_up_is_asked_for_approved_and_carried_out_once(world: World) -> None:
    card_before, partner_before = world.card_balance(), world.partner_balance()

    world.types(SUPPORT, "/topup 1755902 120,50 eur customer called")

    assert "Asked for 120.50 EUR on card 1755902" in world.told(SUPPORT)
    card = world.card()
    assert "Waiting for approval" in card["text"]
    assert "customer called" in text_of(card["blocks"])
    assert {"request_approve", "request_deny", "request_withdraw"} <= set(actions_of(card))
    assert world.paytend.top_ups == []

    world.clicks(MANAGER, "request_approve")

    assert world.request().status == "executed"
    assert "Approved and done" in world.card()["text"]
    assert actions_of(world.card()) == []
    assert len(world.paytend.calls_of("topup")) == 1
    fee = world.paytend.top_ups[0].fee
    assert world.card_balance() == card_before + 12050
    assert world.partner_balance() == partner_before - 12050 - fee
    assert any(f"<@{SUPPORT}>" in text for text in world.thread())
