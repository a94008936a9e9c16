"""Silences: held-back notices are counted and posted at the end; money and security are never silenced."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from notifier.outbox.tables import Delivery
from notifier.routing.silence_matcher import Matcher, matches
from tests.journeys.world import ADMIN, CARD, MANAGER, ONCALL, SUPPORT, JourneyWorld, actions_of, text_of

OTHER_CARD = "1755903"


def purchases(world: JourneyWorld, *amounts: str, card: str = CARD, merchant: str = "SHOP") -> None:
    for amount in amounts:
        world.paytend.events.authorise(card, amount, merchant=merchant)
    world.hears_from_paytend()


def texts(world: JourneyWorld, channel: str) -> list[str]:
    return [message["text"] for message in world.slack.messages(channel)]


def silence_message(world: JourneyWorld) -> dict[str, Any]:
    return next(message for message in world.slack.messages("C0ALERTS") if "ilence" in message["text"])


def fires(world: JourneyWorld) -> None:
    world.bot.jobs.fire("calm")
    world.settles()


def test_s15_the_same_silence_twice_is_refused_with_words(world: JourneyWorld) -> None:
    typed = f"/cardops silence kind=transaction card={CARD} for 2h the terminal is being tested"
    world.types(ONCALL, typed)

    world.types(ADMIN, typed)

    said = text_of(world.slack.ephemerals(ADMIN)[-1]["blocks"])
    assert "is already silenced" in said
    assert "<!date^" in said, "when it ends, in the reader's own time"
    assert "the terminal is being tested" in said
    assert len(texts(world, "C0ALERTS")) == 1


def test_a_silenced_notice_is_held_back_listed_and_told_when_the_silence_is_ended(world: JourneyWorld) -> None:
    world.types(ONCALL, f"/cardops silence kind=transaction card={CARD} for 2h the terminal is being tested")
    assert f"kind=transaction card={CARD}" in text_of(world.slack.ephemerals(ONCALL)[-1]["blocks"])
    assert "Notices are silenced" in texts(world, "C0ALERTS")[0]

    purchases(world, "1.00", "2.00")
    purchases(world, "3.00", card=OTHER_CARD)

    assert len(texts(world, "C0ALERTS")) == 2, "the silence, and only the other card"
    world.types(ADMIN, "/cardops silences")
    shown = world.slack.ephemerals(ADMIN)[-1]
    assert "2 notices held back" in text_of(shown["blocks"])
    assert "the terminal is being tested" in text_of(shown["blocks"])
    assert actions_of(shown) == ["silence_held", "silence_end"]
    world.clicks(ADMIN, "silence_held", message=shown)
    assert "authorised 1.00 EUR" in text_of(world.slack.ephemerals(ADMIN)[-1]["blocks"])
    assert "authorised 2.00 EUR" in text_of(world.slack.ephemerals(ADMIN)[-1]["blocks"])

    world.clicks(ADMIN, "silence_end", message=shown)

    message = silence_message(world)
    assert "A silence has ended" in str(message["text"])
    assert "2 notices were held back" in str(message["text"])
    [lines] = world.slack.messages("C0ALERTS", message["ts"])[1:]
    assert "authorised 1.00 EUR" in text_of(lines["blocks"])
    assert "authorised 2.00 EUR" in text_of(lines["blocks"])
    purchases(world, "4.00")
    assert "4.00 EUR" in texts(world, "C0ALERTS")[-1]
    events = [(row.event, row.actor) for row in world.trail() if row.event.startswith("silence:")]
    assert events == [("silence:began", ONCALL), ("silence:read", ADMIN), ("silence:ended", ADMIN)]
    world.clicks(ADMIN, "silence_end", message=shown)
    assert "has already ended" in world.told(ADMIN)


def test_a_silence_ends_by_itself_and_says_how_many_it_held_back(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(ONCALL, "/cardops silence status=authorised merchant=“maxima lt” for 1h a known outage")
    purchases(world, "1.00", merchant="MAXIMA LT, X-123")
    purchases(world, "2.00", merchant="RIMI")
    assert ["2.00" in text for text in texts(world, "C0ALERTS")] == [False, True]
    with world.bot.database.reading() as session:
        rows = session.exec(select(Delivery).where(Delivery.status == "silenced")).all()
        assert len(rows) == 1
        assert rows[0].part_of

    world.clock.advance(timedelta(hours=1))
    fires(world)

    assert "1 notice was held back" in str(silence_message(world)["text"])
    ended = world.trail()[-1]
    assert (ended.event, ended.actor, json.loads(ended.facts)["held"]) == ("silence:ended", "time", 1)
    world.types(ONCALL, "/cardops silences")
    assert "Nothing is silenced" in world.told(ONCALL)


def test_money_and_security_cannot_be_silenced(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for what in ("unrecognised", "delivery_dead", "approval_request", "fallback_used", "balance_low"):
        world.types(ADMIN, f"/cardops silence kind={what} for 2h please")
        assert "can’t be silenced" in world.told(ADMIN)
    for status in ("declined", "Reversed"):
        world.types(ADMIN, f"/cardops silence status={status} for 2h please")
        assert "can’t be silenced" in world.told(ADMIN)
    world.types(ADMIN, "/cardops silence currency=EUR for 2h everything in euros")
    world.paytend.events.set_partner_balance("4000.00")
    world.clock.advance(world.bot.slack.context.balance.every)
    world.bot.jobs.fire("balance")
    world.paytend.events.set_partner_balance("900.00")
    world.clock.advance(world.bot.slack.context.balance.every)
    world.bot.jobs.fire("balance")
    world.asks("10.00")
    world.settles()
    world.paytend.events.decline(CARD, "3.00")
    world.hears_from_paytend()

    assert "3.00 EUR" in texts(world, "C0ONCALL")[-1], "N10: nor by a currency"

    told = [text for text in texts(world, "C0ALERTS") if "Partner balance" in text]
    assert sorted("has become worse" in text for text in told) == [False, True]
    assert len(world.slack.messages("C0APPROVALS")) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "What shall be silenced?"),
        ("card=1755902", "For how long?"),
        ("for 2h because", "at least one filter"),
        ("card= for 2h because", "with a value"),
        ("everything for 2h because", "“everything” isn’t a filter"),
        ("merchent=SHOP for 2h because", "Did you mean `merchant`?"),
        ("animal=cat for 2h because", "There are: kind, status"),
        ("kind=transactions for 2h because", "Did you mean `transaction`?"),
        ("card=1755902 for ever because", "is no duration"),
        ("card=1755902 for 8d because", "a week at the most"),
        ("card=1755902 for 2h", "Add a reason"),
    ],
)
def test_what_cannot_be_read_is_answered_with_the_right_form(
    sqlite_world: JourneyWorld, typed: str, says: str
) -> None:
    sqlite_world.types(ONCALL, f"/cardops silence {typed}")

    assert says in sqlite_world.told(ONCALL)
    sqlite_world.types(ONCALL, "/cardops silences")
    assert "Nothing is silenced" in sqlite_world.told(ONCALL)


@pytest.mark.parametrize("person", [SUPPORT, MANAGER])
def test_only_admins_and_on_call_silence(sqlite_world: JourneyWorld, person: str) -> None:
    world = sqlite_world
    world.types(person, f"/cardops silence card={CARD} for 2h because")
    assert "Only admin, oncall can do this" in world.told(person)
    world.types(ONCALL, f"/cardops silence card={CARD} for 2h because")

    world.clicks(person, "silence_end", message=world.slack.messages("C0ALERTS")[0])

    assert "Only admin, oncall can do this" in world.told(person)
    world.types(ONCALL, "/cardops silences")
    assert "Silences: 1" in world.told(ONCALL)


def test_a_silence_by_country_holds_back_what_comes_from_there() -> None:
    matcher = Matcher(kind="transaction", country="LT")

    assert matches(matcher, "transaction", {"country": "lt"})
    assert not matches(matcher, "transaction", {"country": "LV"})
    assert not matches(matcher, "transaction", {"country": None})
