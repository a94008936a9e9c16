"""What a silence held is told at its end where it was for, and what no silence may hold (N10)."""

from datetime import timedelta

import pytest
from sqlmodel import select

from notifier.inbox.event_facts import TransactionNotice
from notifier.outbox.tables import Delivery
from notifier.routing import silences
from notifier.routing.announcer import announce
from notifier.routing.notification import Notification
from notifier.routing.routed_kinds import ALARMING
from notifier.routing.routes import RouteRule, Routes
from notifier.routing.silence_matcher import Matcher, matches
from tests.notifier.conftest import NotifierWorld
from tests.notifier.routing.test_announcer import PLAIN

RULES = (
    RouteRule(kind="transaction", to=("oncall",), when={"currency": "EUR"}),
    RouteRule(kind="transaction", to=("alerts",)),
)
NOWHERE = Routes(rules=RULES[:1], channels={"oncall": "C0OPS"})
BOTH = Routes(rules=RULES, channels={"oncall": "C0OPS", "alerts": "C0ALERTS"})


def tells(world: NotifierWorld, routes: Routes, *amounts: str) -> None:
    with world.database.writing() as session:
        for amount in amounts:
            told = {"status": "settled", "amount": amount, "merchant": "SHOP", "last_four": "4242"}
            facts = TransactionNotice(**PLAIN | told | {"currency": amount[-3:]})
            announce(
                session,
                Notification(kind="transaction", facts=facts),
                routes=routes,
                outbox=world.outbox,
                now=world.clock.now,
            )


def silence(world: NotifierWorld, routes: Routes) -> str:
    with world.database.writing() as session:
        begun = silences.begin(
            session,
            Matcher(merchant="SHOP"),
            owner="U0OLE",
            reason="a test",
            until=world.clock.now + timedelta(hours=1),
            routes=routes,
            outbox=world.outbox,
            now=world.clock.now,
        )
        return begun.id


def end(world: NotifierWorld, routes: Routes, silence_id: str) -> None:
    with world.database.writing() as session:
        silences.end(session, silence_id, by="time", routes=routes, outbox=world.outbox, now=world.clock.now)


@pytest.mark.parametrize("status", sorted(ALARMING))
def test_n10_no_matcher_holds_money_at_risk_back(status: str) -> None:
    facts = {"status": status, "currency": "EUR", "merchant": "SHOP", "level": "warn"}

    for matcher in (Matcher(currency="EUR"), Matcher(merchant="shop"), Matcher(status=status), Matcher()):
        assert not matches(matcher, "transaction", facts)
        assert not matches(matcher, "balance_low", facts)
        assert matches(matcher, "transaction", {**facts, "status": "settled"}) is (matcher.status is None)


def test_n10_without_a_default_channel_what_was_held_is_told_where_it_was_for(world: NotifierWorld) -> None:
    held_by = silence(world, NOWHERE)
    tells(world, NOWHERE, "1.00 EUR", "2.00 EUR")
    world.delivers_all(3)
    assert world.slack.messages == []

    end(world, NOWHERE, held_by)
    world.delivers_all(5)

    shown = world.slack.texts("C0OPS")
    assert "A silence has ended" in shown[0]
    assert "1.00 EUR" in shown[1]
    assert "2.00 EUR" in shown[1]


def test_n10_each_channel_hears_what_was_for_it_and_no_other(world: NotifierWorld) -> None:
    held_by = silence(world, BOTH)
    world.delivers()
    tells(world, BOTH, "1.00 EUR", "2.00 USD")

    end(world, BOTH, held_by)
    world.delivers_all(5)

    oncall, alerts = "\n".join(world.slack.texts("C0OPS")), "\n".join(world.slack.texts("C0ALERTS"))
    assert ("1.00 EUR" in oncall, "2.00 USD" in oncall) == (True, False)
    assert ("1.00 EUR" in alerts, "2.00 USD" in alerts) == (False, True)
    assert "A silence has ended" in alerts


def test_n10_what_was_held_back_too_late_is_told_too(world: NotifierWorld) -> None:
    held_by = silence(world, BOTH)
    tells(world, BOTH, "1.00 EUR")
    end(world, BOTH, held_by)
    world.delivers_all(5)
    with world.database.writing() as session:
        row = session.exec(select(Delivery).where(Delivery.kind == "transaction")).one()
        row.status, row.finished_at = "silenced", None  # as another replica may write it just after the end

    with world.database.writing() as session:
        assert silences.tell_left_over(session, routes=BOTH, outbox=world.outbox, now=world.clock.now) == 1
        assert silences.tell_left_over(session, routes=BOTH, outbox=world.outbox, now=world.clock.now) == 0
    world.delivers_all(5)

    assert "\n".join(world.slack.texts("C0OPS")).count("1.00 EUR") == 2
