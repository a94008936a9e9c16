"""A purchase is one message, from its authorisation to whatever becomes of it."""

from sqlmodel import select

from notifier.inbox.tables import Purchase, PurchaseName
from tests.journeys.world import CARD, ONCALL, JourneyWorld, text_of


def kept(world: JourneyWorld) -> dict[str, int]:
    with world.bot.database.reading() as session:
        return {table.__name__: len(session.exec(select(table)).all()) for table in (Purchase, PurchaseName)}


def test_a_settlement_brings_the_message_of_its_authorisation_up_to_date(world: JourneyWorld) -> None:
    trade = world.paytend.events.authorise(CARD, "12.00", merchant="CAFÉ").trade_id
    world.hears_from_paytend()
    [before] = world.slack.messages("C0ALERTS")

    world.paytend.events.settle(trade)
    world.hears_from_paytend()

    [after] = world.slack.messages("C0ALERTS")
    assert (before["ts"], before["text"].split(":")[0]) == (after["ts"], "Authorised")
    assert after["text"].startswith("Settled: 12.00 EUR at CAFÉ")
    assert len(after["blocks"]) == 1, "an ordinary purchase stays one line"
    world.clicks(ONCALL, "notice_details", message=after)
    assert "Authorised 12.00 EUR" in text_of(world.slack.ephemerals(ONCALL)[-1]["blocks"])


def test_a_reversal_edits_the_message_and_is_told_under_it(world: JourneyWorld) -> None:
    trade = world.paytend.events.purchase(CARD, "12.00", merchant="CAFÉ")[0].trade_id
    world.hears_from_paytend()

    world.paytend.events.reverse(trade)
    world.hears_from_paytend()

    notice, *rest = world.slack.messages("C0ALERTS")
    assert notice["text"].startswith("Reversed: 12.00 EUR at CAFÉ")
    assert any(reply.get("thread_ts") == notice["ts"] and "Reversed" in reply["text"] for reply in rest)


def test_after_three_months_a_purchase_is_forgotten(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.purchase(CARD, "12.00")
    world.hears_from_paytend()
    assert kept(world) == {"Purchase": 1, "PurchaseName": 2}

    world.passes(days=91)
    world.bot.jobs.fire("purchases")

    assert kept(world) == {"Purchase": 0, "PurchaseName": 0}


def test_n27_a_late_capture_is_edited_in_and_one_after_everything_was_forgotten_is_posted_anew(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    trade = world.paytend.events.authorise(CARD, "12.00", merchant="CAFÉ").trade_id
    late = world.paytend.events.authorise(CARD, "13.00", merchant="BAR").trade_id
    world.hears_from_paytend()
    world.passes(days=60)
    _forget(world)
    world.paytend.events.settle(trade)
    world.hears_from_paytend()
    texts = [message["text"].split(" at ")[0] for message in world.slack.messages("C0ALERTS")]
    assert texts == ["Settled: 12.00 EUR", "Authorised: 13.00 EUR"]

    world.passes(days=401)
    _forget(world)
    world.paytend.events.settle(late)
    world.hears_from_paytend()
    texts = [message["text"].split(" at ")[0] for message in world.slack.messages("C0ALERTS")]
    assert texts == ["Settled: 12.00 EUR", "Authorised: 13.00 EUR", "Settled: 13.00 EUR"]


def _forget(world: JourneyWorld) -> None:
    for job in ("purchases", "retention", "rows"):
        assert world.bot.jobs.fire(job)
