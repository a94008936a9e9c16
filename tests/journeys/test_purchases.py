"""A purchase is one message, from its authorisation to whatever becomes of it."""

from tests.journeys.world import CARD, World


def test_a_settlement_brings_the_message_of_its_authorisation_up_to_date(world: World) -> None:
    trade = world.paytend.events.authorise(CARD, "12.00", merchant="CAFÉ").trade_id
    world.hears_from_paytend()
    [before] = world.slack.messages("C0ALERTS")

    world.paytend.events.settle(trade)
    world.hears_from_paytend()

    [after] = world.slack.messages("C0ALERTS")
    assert (before["ts"], before["text"].split(":")[0]) == (after["ts"], "Authorised")
    assert after["text"].startswith("Settled: 12.00 EUR at CAFÉ")
    assert "Authorised 12.00 EUR" in str(after["blocks"])


def test_a_reversal_edits_the_message_and_is_told_under_it(world: World) -> None:
    trade = world.paytend.events.purchase(CARD, "12.00", merchant="CAFÉ")[0].trade_id
    world.hears_from_paytend()

    world.paytend.events.reverse(trade)
    world.hears_from_paytend()

    notice, *rest = world.slack.messages("C0ALERTS")
    assert notice["text"].startswith("Reversed: 12.00 EUR at CAFÉ")
    assert any(reply.get("thread_ts") == notice["ts"] and "Reversed" in reply["text"] for reply in rest)
