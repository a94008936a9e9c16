"""Notices of webhooks and of the balance: posted once, in the right place, harmless whatever their values."""

import json

from sqlmodel import col, select

from notifier.inbox.tables import InboxEvent
from sandbox.paytend.records import Notice, Order
from tests.journeys.world import CARD, GUEST, HOLDER, MANAGER, ONCALL, SUPPORT, JourneyWorld, actions_of, text_of


def texts(world: JourneyWorld, channel: str) -> list[str]:
    """The fallback texts of the messages in a channel."""
    return [message["text"] for message in world.slack.messages(channel)]


def test_a_declined_purchase_is_told_to_on_call_with_a_mention_and_buttons(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "99.90", merchant="SHOP & <Sons>")

    answers = world.hears_from_paytend()

    assert answers == [(200, {"status": "00", "msg": "success"})]
    [notice] = world.slack.messages("C0ONCALL")
    assert notice["text"].startswith("<!subteam^S0ONCALL>")
    assert "SHOP &amp; &lt;Sons&gt;" in notice["text"]
    assert "Balance 64.10 EUR, asked 99.90 EUR" in text_of(notice["blocks"])
    assert actions_of(notice) == ["notice_details", "notice_acknowledge"]
    assert world.slack.messages("C0ALERTS") == []


def test_a_decline_that_nothing_explains_has_the_red_button(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "12.00")

    world.hears_from_paytend()

    [notice] = world.slack.messages("C0ONCALL")
    assert actions_of(notice) == ["notice_details", "card_lost", "notice_acknowledge"]


def test_what_is_fine_goes_to_alerts_without_a_mention(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.purchase(CARD, "12.00", merchant="CAFÉ")
    world.paytend.events.audit("101986", 2)
    world.paytend.events.audit("101987", 3, error="The document has expired.")

    world.hears_from_paytend()

    told = texts(world, "C0ALERTS")
    assert len(told) == 3, told  # approved, rejected, and then the purchase (X9)
    assert told[2].startswith("Settled: 12.00 EUR at CAFÉ, ")
    assert actions_of(world.slack.messages("C0ALERTS")[2]) == ["notice_details"]
    assert not any("<!" in text.replace("<!date", "") or "<@" in text for text in told)
    assert "Identity check approved: François Lefèvre (101986)" in told[0]
    assert "The document has expired." in told[1]
    assert actions_of(world.slack.messages("C0ALERTS")[0]) == ["holder_status", "why_here"]


def test_a_movement_says_whose_card_it_is(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    holder = world.paytend.books.holder(world.paytend.books.card(CARD).holder_id or "")
    name = f"{holder.first_name} {holder.last_name}"
    world.paytend.events.decline(CARD, "99.90", merchant="SHOP")

    world.hears_from_paytend()

    [notice] = world.slack.messages("C0ONCALL")
    assert f", {name} ••••\u00a0" in notice["text"]
    assert notice["text"].startswith("<!subteam^S0ONCALL>"), "the edit that brings the name keeps who was called"


def test_the_cards_of_an_order_are_told(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.books.orders["ORDER000001"] = Order(
        order_no="ORDER000001", card_type="1", sku="CTHMCVE20010", quantity=2, holder_id=HOLDER, contact={}
    )
    world.paytend.events.ship("ORDER000001")

    world.hears_from_paytend()

    [notice] = world.slack.messages("C0ALERTS")
    last_four = [world.paytend.books.card(card).number[-4:] for card in ("1755914", "1755915")]
    shown = f"••••\u00a0{last_four[0]}, ••••\u00a0{last_four[1]}"
    assert notice["text"] == f"Card order done: {shown}. Reference ORDER000001."


def test_a_webhook_that_comes_again_is_told_once(world: JourneyWorld) -> None:
    world.paytend.switches.set_webhooks(duplicate=1)
    world.paytend.events.decline(CARD, "1.00")
    world.paytend.switches.set_webhooks(duplicate_resealed=1)
    world.paytend.events.decline(CARD, "2.00")

    answers = world.hears_from_paytend()

    assert len(world.paytend.webhooks) == 4
    assert {status for status, _ in answers} == {200}
    assert len(world.slack.messages("C0ONCALL")) == 2
    assert world.rows()[InboxEvent.__name__] == 2


def test_a_forged_webhook_is_refused_counted_and_in_the_trail(world: JourneyWorld) -> None:
    world.paytend.forge_webhook("3", {"cardId": CARD, "amount": "1"})

    answers = world.hears_from_paytend()
    answers += [world.webhook_arrives(body) for body in (b"", b"{}", b"\xff", b"[" * 10_000)]
    world.bot.jobs.fire("refused_webhooks")

    assert answers == [(401, {"status": "01", "msg": "refused"})] * 5
    assert world.rows()[InboxEvent.__name__] == 0
    assert {call.method for call in world.slack.api_calls} <= {"auth.test", "bots.info"}  # of the start
    assert json.loads(world.trail()[-1].facts) == {
        "count": 5,
        "reasons": {"signature": 1, "unreadable": 3, "unsigned": 1},
    }
    assert world.trail()[-1].event == "webhook:refused"
    assert (
        world.bot.web.registry.get_sample_value(
            "cardops_webhooks_total", {"outcome": "refused", "reason": "unreadable"}
        )
        == 3
    )


def test_a22_names_from_outside_are_harmless(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    hostile = '<!channel> <@U0SAM> <https://evil.example|click> "}]} & \N{RIGHT-TO-LEFT OVERRIDE}x'
    world.paytend.events.decline(CARD, "5.00", merchant=hostile)
    world.paytend.events.decline(CARD, "6.00", merchant="M" * 5000)
    world.paytend.events.audit("101989", 4, error=hostile)  # this cardholder's name is hostile too

    world.hears_from_paytend()
    world.types(SUPPORT, "/holder status 101989")

    said = [
        *world.slack.messages("C0ONCALL"),
        *world.slack.messages("C0ALERTS"),
        world.slack.ephemerals(SUPPORT)[-1],
    ]
    assert len(said) == 4
    for message in said:
        # Slack makes nothing of markup in a plain text, which is shown as it is (S15).
        read = message["text"] + text_of(message["blocks"], kinds=("mrkdwn",))
        assert not any(bad in read for bad in ("<!channel>", "<@U0SAM>", "<https://evil")), read
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in message["text"] + text_of(message["blocks"])
    assert "&lt;!channel&gt;" in said[0]["text"]


def test_the_buttons_of_a_notice_answer_whoever_presses_them_alone(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "99.90")
    world.hears_from_paytend()
    world.slack.invites("C0ONCALL", SUPPORT)
    notice = world.slack.messages("C0ONCALL")[-1]

    world.clicks(SUPPORT, "notice_details", message=notice)
    details = world.slack.ephemerals(SUPPORT)[-1]
    assert "Declined: 99.90 EUR" in details["text"]
    assert "cancelled by the system (6)" in text_of(details["blocks"])
    world.clicks_reply(SUPPORT, "card_info")
    assert "Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT)
    world.clicks(SUPPORT, "notice_details", message=notice)
    world.clicks_reply(SUPPORT, "card_lost")
    assert "Blocked: Rūta Kazlauskaitė •••• 5097" in world.told(SUPPORT)

    assert world.paytend.books.card(CARD).status == 6
    assert world.slack.messages("C0ONCALL") == [notice], "nothing else was posted, and the notice still stands"
    world.clicks(SUPPORT, "notice_details", message=notice)
    world.clicks_reply(SUPPORT, "card_lost")
    assert "is already blocked" in world.told(SUPPORT)
    assert len(world.paytend.calls_of("lostCard")) == 1
    assert [row.event for row in world.trail()].count("card:lost") == 2


def test_oncall_looks_at_the_card_of_a_notice_and_reports_it_lost(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "99.90")
    world.hears_from_paytend()
    notice = world.slack.messages("C0ONCALL")[-1]

    world.clicks(ONCALL, "notice_details", message=notice)
    details = world.slack.ephemerals(ONCALL)[-1]
    world.clicks(ONCALL, "card_info", message=details)
    assert "Rūta Kazlauskaitė" in world.told(ONCALL)
    world.clicks(MANAGER, "card_lost", message={**details, "to": MANAGER})
    assert "Only oncall, support can do this" in world.told(MANAGER)
    world.clicks(ONCALL, "card_lost", message=details)

    assert world.paytend.books.cards[CARD].status.name == "LOST"
    events = [row.event for row in world.trail()]
    assert events == ["card:read", "card:read", "approval:refused", "card:lost_asked", "card:lost"]


def test_details_are_for_people_with_a_role(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.purchase(CARD, "12.00")
    world.hears_from_paytend()
    world.slack.invites("C0ALERTS", GUEST)

    world.clicks(GUEST, "notice_details", message=world.slack.messages("C0ALERTS")[-1])

    assert "Guests can’t use cardops" in world.told(GUEST)


def test_the_button_of_an_identity_check_shows_the_cardholder(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.audit("101986", 2)
    world.hears_from_paytend()

    world.clicks(SUPPORT, "holder_status", message=world.slack.messages("C0ALERTS")[-1])

    assert "Cardholder François Lefèvre (101986): KYC approved" in world.told(SUPPORT)
    assert world.trail()[-1].event == "cardholder:read"


def test_a_low_partner_balance_is_told_once_and_so_is_its_recovery(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world

    def looks() -> None:
        world.clock.advance(world.bot.slack.context.balance.every)
        world.bot.jobs.fire("balance")
        world.settles()

    looks()
    assert texts(world, "C0ALERTS") == []
    world.paytend.events.set_partner_balance("4000.00")
    looks()
    looks()
    assert len(texts(world, "C0ALERTS")) == 1
    assert "Partner balance is low: 4,000.00 EUR, below 5,000.00 EUR" in texts(world, "C0ALERTS")[0]
    world.paytend.events.set_partner_balance("900.00")
    looks()
    assert "critically low: 900.00 EUR" in texts(world, "C0ALERTS")[-1]
    world.paytend.events.set_partner_balance("9000.00")
    looks()

    assert "has recovered: 9,000.00 EUR" in texts(world, "C0ALERTS")[-1]
    assert len(texts(world, "C0ALERTS")) == 3


def test_what_paytend_signed_and_nobody_understands_is_kept_and_shown(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend._sender.tell(
        Notice(kind="9", content={"something": "new", "cardNo": "4111111111111111", "cvv": "123"})
    )

    answers = world.hears_from_paytend()

    assert answers[0][1]["status"] == "00"
    [notice] = world.slack.messages("C0ALERTS")
    shown = text_of(notice["blocks"])
    assert "something: new" in shown
    assert "4111111111111111" not in shown
    assert "123" not in shown.replace(notice["ts"], "")


def test_a_route_into_a_channel_without_the_app_takes_the_detour_and_is_told_once(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.slack.kicks("C0ONCALL")
    world.paytend.events.decline(CARD, "1.00")
    world.paytend.events.decline(CARD, "2.00")

    world.hears_from_paytend()

    told = texts(world, "C0ALERTS")
    assert sum("Declined" in text for text in told) == 2
    assert sum("go to <#C0ALERTS> for now" in text for text in told) <= 1


def test_why_here_says_which_route_matched_and_which_did_not(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.paytend.events.purchase(CARD, "12.00", merchant="CAFÉ")
    world.hears_from_paytend()

    [notice] = world.slack.messages("C0ALERTS")
    world.clicks(ONCALL, "notice_details", message=notice)
    world.clicks_reply(ONCALL, "why_here")

    answer = text_of(world.slack.ephemerals(ONCALL)[-1])
    assert "did not match: status is settled, not declined or reversed" in answer
    assert "*Route 2*: every condition holds" in answer


def test_f29_what_cannot_be_told_is_put_aside_told_to_admins_once_and_holds_nobody(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    for amount in ("1.00", "2.00"):
        world.paytend.events.decline(CARD, amount)
    for made in world.paytend.webhooks:
        world.webhook_arrives(json.dumps(made.sealed).encode())
    world.told_webhooks = len(world.paytend.webhooks)
    with world.bot.database.writing() as session:  # as if its key were gone
        session.exec(select(InboxEvent).order_by(col(InboxEvent.id))).all()[0].body = b"\x01nothing that opens"

    world.settles()
    for _ in range(6):
        world.passes(minutes=30)

    assert ["2.00 EUR" in text for text in texts(world, "C0ONCALL")] == [True]
    [told] = [call for call in world.slack.api_calls if "webhooks replay" in json.dumps(call.args)]
    assert told.method == "chat.postMessage"
