"""The notices that call for *Activate* and *Upload a document* have these buttons."""

from sandbox.paytend.records import Order
from tests.journeys.card_world import CARDS_CONFIG
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import HOLDER, SUPPORT, JourneyWorld, actions_of, text_of


def test_a_card_is_asked_to_be_activated_from_the_notice_of_its_order(make_world: MakesWorld) -> None:
    with make_world(config=CARDS_CONFIG) as world:
        asks_from_the_notice(world)


def asks_from_the_notice(world: JourneyWorld) -> None:
    world.paytend.books.orders["ORDER000001"] = Order(
        order_no="ORDER000001", card_type="2", sku="CTHMCPE20056", quantity=1, holder_id="", contact={}
    )
    world.paytend.events.ship("ORDER000001")
    world.hears_from_paytend()
    [notice] = world.slack.messages("C0ALERTS")

    world.clicks(SUPPORT, "card_activate:1", message=notice)
    wrong = world.submits(SUPPORT, holder="two words")
    assert set(wrong.errors) == {"holder"}
    world.submits(SUPPORT, holder=HOLDER)

    assert (world.request().action, world.request().status) == ("card.activate", "pending")
    assert "Requested" in text_of(world.slack.modal(SUPPORT))


def test_a_document_can_be_sent_from_the_notice_of_a_check_that_lacks_one(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.audit("101987", 4, error="A face photo is missing.")
    world.hears_from_paytend()
    [notice] = world.slack.messages("C0ALERTS")
    assert "holder_documents" in actions_of(notice)

    world.clicks(SUPPORT, "holder_documents", message=notice)

    assert "101987" in str(world.slack.modal(SUPPORT))
