"""What becomes of a notice: a message of its own, a line of a digest, held back; never nothing."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlmodel import select

from notifier.inbox.event_facts import TransactionNotice
from notifier.outbox.notice_facts import NoticeFacts
from notifier.outbox.tables import Delivery
from notifier.routing import storms
from notifier.routing.announcer import announce, find_destinations, list_budgets
from notifier.routing.notification import Notification
from notifier.routing.routes import RouteRule, Routes
from notifier.routing.storm_rules import StormRule
from notifier.routing.tables import Flow
from tests.notifier.conftest import NotifierWorld, run_together

CHANNELS = {"alerts": "C0ALERTS", "oncall": "C0OPS"}
RULES = (
    RouteRule(kind="transaction", to=("oncall",), when={"status": "declined"}, budget=2, mention="oncall"),
    RouteRule(kind="transaction", to=("alerts",)),
)
ROUTES = Routes(rules=RULES, channels=CHANNELS, mentions={"oncall": ["S0ONCALL"]}, storms=StormRule(budget=3))


PLAIN: dict[str, Any] = dict.fromkeys(
    (
        "status_code status_text type_code type_text source_text other_amount fee balance card_id holder_id "
        "trade_id happened happened_text late currency country related_id auth_code clock"
    ).split()
)


def tells(world: NotifierWorld, *numbers: int, **facts: Any) -> None:
    """Announce a transaction for each number."""
    with world.database.writing() as session:
        for number in numbers:
            told: dict[str, Any] = {
                "status": "settled",
                "amount": f"{number}.00 EUR",
                "merchant": "SHOP",
                "last_four": "4242",
            }
            announce(
                session,
                Notification(
                    kind="transaction",
                    facts=TransactionNotice(**PLAIN | told | facts),
                    urgent=facts.get("status") == "declined",
                ),
                routes=ROUTES,
                outbox=world.outbox,
                now=world.clock.now,
            )
        storms.update_digests(
            session, rules=list_budgets(ROUTES), usual=ROUTES.storms, outbox=world.outbox, now=world.clock.now
        )


def keeps(world: NotifierWorld) -> None:
    with world.database.writing() as session:
        storms.update_digests(
            session, rules=list_budgets(ROUTES), usual=ROUTES.storms, outbox=world.outbox, now=world.clock.now
        )


def replies(world: NotifierWorld, channel: str = "C0ALERTS") -> str:
    found = [
        message for message in world.slack.messages if message["channel"] == channel and message.get("thread_ts")
    ]
    return "\n".join(message["text"] for message in found)


def test_beyond_the_budget_there_is_one_digest_and_each_notice_is_a_line_in_its_thread(
    world: NotifierWorld,
) -> None:
    tells(world, 1, 2, 3)
    world.delivers_all(4)
    tells(world, 4, 5)
    world.delivers_all(6)
    tells(world, 6)
    world.delivers_all(6)

    roots = [message for message in world.slack.messages if not message.get("thread_ts")]
    assert len(roots) == 4
    assert "3 so far" in roots[-1]["text"]
    assert "15.00 EUR" in roots[-1]["text"], "4 + 5 + 6"
    assert [f"{number}.00 EUR" in replies(world) for number in (3, 4, 5, 6)] == [False, True, True, True]


def test_when_it_is_calm_again_the_digest_says_so_and_notices_stand_alone(world: NotifierWorld) -> None:
    tells(world, 1, 2, 3, 4)
    world.delivers_all(8)

    world.clock.passes(seconds=130)
    keeps(world)
    world.delivers_all(2)
    tells(world, 9)
    world.delivers_all(2)

    roots = [message["text"] for message in world.slack.messages if not message.get("thread_ts")]
    assert any("back to normal" in text for text in roots)
    assert "9.00 EUR" in roots[-1]
    with world.database.reading() as session:
        assert [flow.storm for flow in session.exec(select(Flow)).all()] == [None]


def test_each_route_has_its_own_budget_and_urgent_lines_go_first(world: NotifierWorld) -> None:
    tells(world, 1, 2, 3, status="declined")
    tells(world, 4)
    world.delivers_all(8)

    in_oncall = [message["text"] for message in world.slack.messages if message["channel"] == "C0OPS"]
    assert "Alert burst: 3 so far" in in_oncall[0], "none was begun, so all of them are in it"
    assert in_oncall[1].startswith("Urgent: 3 alerts")
    assert "4.00 EUR" in world.slack.texts("C0ALERTS")[0]


def test_the_mention_of_a_digest_that_waited_is_not_lost(world: NotifierWorld) -> None:
    tells(world, 1, 2, 3, status="declined")
    keeps(world)
    tells(world, 4, status="declined")
    world.delivers()

    assert world.slack.texts("C0OPS")[0].startswith("<!subteam^S0ONCALL>")


def test_a_storm_is_one_mention_and_the_next_trouble_another(world: NotifierWorld) -> None:
    tells(world, 1, status="declined")
    world.delivers_all(2)
    world.clock.passes(seconds=5)
    tells(world, 2, status="declined")
    world.delivers_all(2)
    tells(world, 3, 4, status="declined")
    world.delivers_all(8)

    assert ["S0ONCALL" in text for text in world.slack.texts("C0OPS")] == [True, False, False, False]

    world.clock.passes(seconds=130)
    keeps(world)
    tells(world, 5, status="declined")
    world.delivers_all(4)
    assert "<!subteam^S0ONCALL>" in world.slack.texts("C0OPS")[-1]


def test_what_waits_for_slack_becomes_a_part_of_the_digest(world: NotifierWorld) -> None:
    for number in range(1, 8):  # one a minute is no storm, but nobody wants them one by one after an outage
        tells(world, number)
        world.clock.passes(seconds=60)

    world.delivers_all(10)

    roots = [message["text"] for message in world.slack.messages if not message.get("thread_ts")]
    assert len(roots) == 1
    assert all(f"{number}.00 EUR" in replies(world) for number in range(1, 8))
    assert Counter(row.status for row in world.rows())["gathered"] == 7


def test_a_storm_goes_on_while_its_digest_cannot_be_posted(world: NotifierWorld) -> None:
    tells(world, 1, 2, 3, 4)
    for _ in range(5):
        world.clock.passes(minutes=2)
        keeps(world)
    tells(world, 5)

    world.delivers_all(10)

    roots = [message["text"] for message in world.slack.messages if not message.get("thread_ts")]
    assert len(roots) == 1
    assert "5 so far" in roots[0]


@pytest.mark.parametrize("replicas", [6])
def test_replicas_that_tell_at_once_make_one_digest_and_lose_no_line(world: NotifierWorld, replicas: int) -> None:
    run_together(replicas, lambda number: tells(world, *range(number * 10 + 1, number * 10 + 11)))
    keeps(world)

    world.delivers_all(15)

    with world.database.reading() as session:
        digests = session.exec(
            select(Delivery).where(Delivery.kind == "storm", Delivery.operation == "post")
        ).all()
    assert len(digests) == 1
    shown = "\n".join(world.slack.texts())
    for number in range(1, replicas * 10 + 1):
        assert shown.count(f" {number}.00 EUR") == 1, number


def test_a_storm_of_a_route_that_is_gone_ends_too(world: NotifierWorld) -> None:
    tells(world, 1, 2, 3, 4)
    world.delivers_all(8)
    world.clock.passes(minutes=3)

    with world.database.writing() as session:
        storms.update_digests(session, rules={}, usual=ROUTES.storms, outbox=world.outbox, now=world.clock.now)

    with world.database.reading() as session:
        assert session.exec(select(Flow)).one().storm is None


def test_n19_a_channel_that_several_routes_name_has_all_mentions_and_the_strictest_clock() -> None:
    given = [
        {"kind": "transaction", "to": ["oncall"], "also": True, "mention": "manager"},
        {
            "kind": "transaction",
            "to": ["oncall"],
            "mention": "oncall",
            "acknowledge_within": "10m",
            "then": ["alerts"],
            "also": True,
        },
        {"kind": "transaction", "to": ["oncall"], "acknowledge_within": "5m", "then": ["audit"]},
    ]
    routes = Routes(
        rules=tuple(TypeAdapter(list[RouteRule]).validate_python(given)),
        channels={"alerts": "C0ALERTS", "oncall": "C0ONCALL", "audit": "C0AUDIT"},
        mentions={"oncall": ["S0ONCALL"], "manager": ["S0MANAGER"]},
    )

    [place] = find_destinations("transaction", NoticeFacts(), routes=routes)

    assert sorted(place.route_channel.mentions) == ["S0MANAGER", "S0ONCALL"]
    assert (place.within, place.then) == (timedelta(minutes=5), ("audit", "alerts"))
