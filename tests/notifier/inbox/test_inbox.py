"""A webhook is taken in once, for ever, and told in the same transaction (F3, A6 to A8)."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlmodel import select

from notifier.inbox.inbox import make_row, take_in
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.tables import InboxEvent
from notifier.outbox.notice_facts import NoticeFacts
from notifier.routing.announcer import announce
from notifier.routing.notification import Notification
from notifier.routing.routes import RouteRule, Routes
from paytend.webhooks import Event
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm
from tests.notifier.conftest import NotifierWorld, run_together
from tests.notifier.stories import make_event, make_transaction

RULES = [
    {
        "kind": "transaction",
        "when": {"status": "declined"},
        "to": ["oncall", "alerts"],
        "mention": "oncall",
    }
]
ROUTES = Routes(
    rules=TypeAdapter(list[RouteRule]).validate_python(RULES),
    channels={"alerts": "C0ALERTS", "oncall": "C0OPS"},
    mentions={"oncall": ["S0ONCALL", "U0LEAD"]},
)


def row_of(world: NotifierWorld, event: Event, body: str) -> dict[str, Any]:
    webhook = Webhook(notify_type="1", content=json.loads(body), text=body, form=VerifiedForm.RAW, key=0)
    return make_row(webhook, event, now=world.clock.now, vault=world.vault, make_id=world.make_id)


def accept(world: NotifierWorld, event: Event, body: str) -> bool:
    row = row_of(world, event, body)
    with world.database.writing() as session:
        new = row["id"] in take_in(session, [row])
        if new:
            notification = make_notification(event, timezone=ZoneInfo("Europe/Vilnius"), now=world.clock.now)
            announce(session, notification, routes=ROUTES, outbox=world.outbox, now=world.clock.now)
        return new


def stored(world: NotifierWorld) -> list[InboxEvent]:
    with world.database.reading() as session:
        return list(session.exec(select(InboxEvent)).all())


def test_what_is_kept_is_what_was_handed_over(world: NotifierWorld) -> None:
    odd = "quote ' \" back\\slash {a,b} [1] %s :x \t\n\u2028 \\u0041 \N{SNOWMAN} \N{GRINNING FACE} NULL"
    rows = [
        {**row_of(world, *make_transaction(tradeId=f"T{number}")), "notify_type": text, "body": bytes(range(256))}
        for number, text in enumerate([odd, "null", "", "[]", "\\x00"])
    ]

    with world.database.writing() as session:
        new = take_in(session, rows)

    assert new == {row["id"] for row in rows}
    assert {row.id: row.model_dump(exclude={"seq"}) for row in stored(world)} == {row["id"]: row for row in rows}


def test_an_event_is_told_where_the_routes_say_with_its_mentions(world: NotifierWorld) -> None:
    event, body = make_transaction()

    assert accept(world, event, body)
    world.delivers_all(2)

    assert world.slack.texts("C0OPS")[0].startswith("<!subteam^S0ONCALL> <@U0LEAD> Declined: 12.50 EUR")
    assert world.slack.texts("C0ALERTS") == world.slack.texts("C0OPS")


def test_the_same_bytes_are_taken_in_once(world: NotifierWorld) -> None:
    event, body = make_transaction()

    assert [accept(world, event, body) for _ in range(3)] == [True, False, False]
    assert len(world.rows()) == 2


def test_the_same_content_in_other_bytes_is_taken_in_once(world: NotifierWorld) -> None:
    first, body = make_transaction()
    again, _ = make_event("1", **dict(reversed(json.loads(body).items())))
    assert (first.digest != again.digest, first.content_digest) == (True, again.content_digest)

    assert accept(world, first, body)
    assert not accept(world, again, body)


def test_n1_a_known_business_key_with_other_content_is_kept(world: NotifierWorld) -> None:
    first, body = make_transaction()
    update, other_body = make_transaction(remark="SHOP 2")
    assert first.business_key == update.business_key

    assert accept(world, first, body)
    assert accept(world, update, other_body)
    assert not accept(world, update, other_body)
    assert len(stored(world)) == 2


def test_the_next_stage_of_a_transaction_is_another_event(world: NotifierWorld) -> None:
    authorised, body = make_transaction(tradeStatus=1)
    settled, other_body = make_transaction(tradeStatus=1, tradeSrc="S")

    assert accept(world, authorised, body)
    assert accept(world, settled, other_body)


def test_f3_of_eight_at_once_exactly_one_is_new(world: NotifierWorld) -> None:
    events = [make_transaction(remark="SHOP") for _ in range(8)]

    results = run_together(8, lambda number: accept(world, *events[number]))

    assert sorted(results) == [False] * 7 + [True]
    assert len(stored(world)) == 1
    assert len(world.rows()) == 2


def test_a_rolled_back_event_is_as_if_it_never_came(world: NotifierWorld) -> None:
    event, body = make_transaction()
    with contextlib.suppress(RuntimeError), world.database.writing() as session:
        take_in(session, [row_of(world, event, body)])
        raise RuntimeError

    assert accept(world, event, body)


def test_the_content_is_kept_sealed_and_without_secrets(world: NotifierWorld) -> None:
    secrets: dict[str, Any] = {"cvv": "123", "pin": "9876", "remark": "4111 1111 1111 1111", "idNo": "PS1234567"}
    event, body = make_event("9", canary="sings", **secrets)

    accept(world, event, body)

    (row,) = stored(world)
    assert row.body is not None
    assert b"sings" not in row.body
    kept = json.loads(world.vault.open(row.body, table="inbox_event", row=row.id, column="body"))
    assert kept == {
        "canary": "sings",
        "cvv": "(removed)",
        "pin": "(removed)",
        "remark": "411111******1111",
        "idNo": "***567",
    }


def test_what_is_not_understood_is_kept_and_told(world: NotifierWorld) -> None:
    event, body = make_event("77", surprise="x" * 10_000)

    assert accept(world, event, body)
    world.delivers()

    assert "Unknown event from Paytend (type 77)" in world.slack.texts()[0]


@dataclass(frozen=True, kw_only=True)
class Words(NoticeFacts):
    """Facts of a notice that has no template of ours."""

    status: str


def test_later_news_of_one_subject_bring_its_message_up_to_date(world: NotifierWorld) -> None:
    first = Notification(kind="words", facts=Words(status="warn"), subject="s1")
    later = Notification(kind="words", facts=Words(status="critical"), subject="s1")

    with world.database.writing() as session:
        new = announce(session, first, routes=ROUTES, outbox=world.outbox, now=world.clock.now)
        again = announce(session, later, routes=ROUTES, outbox=world.outbox, now=world.clock.now)

    assert (len(new), again) == (1, [])
