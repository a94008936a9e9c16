"""The card and its replies: what stands on them in every state, and that Slack takes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from approvals.messages.request_message import find_buttons
from approvals.statuses import Status
from paytend.errors import OutcomeUnknown
from tests.approvals.rendering import FOLDER, render
from tests.approvals.standins import CARD
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, limit, rule, snapshot

SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "slack-block-kit.schema.json"
HOSTILE = 'x <!channel> <@U0EVE> & "quote" \\ \n <https://evil|text> {{ 7*7 }} {% raw %}'


def _valid(document: dict[str, Any]) -> None:
    """Check a message or view against Slack's schema, where it is."""
    if not SCHEMA.exists():
        return
    schema = json.loads(SCHEMA.read_text())
    is_modal = document.get("type") == "modal"
    if is_modal:
        schema = {"$defs": schema["$defs"], "$ref": "#/$defs/modal_view"}
    errors = list(Draft202012Validator(schema).iter_errors(document if is_modal else document["blocks"]))
    assert not errors, [error.message[:300] for error in errors][:3]


def _all_told(world: ApprovalWorld) -> None:
    for told in world.outbox.told:
        message = render(told.kind, told.facts)
        assert message["text"]
        _valid(message)


def test_a_card_shows_what_an_approver_needs(small: ApprovalWorld) -> None:
    small.use(limits=(limit(), limit(per="requester", over="5.00 EUR", then={"quorum": 2})))
    request = small.asks("10.00 EUR", reason="lunch")
    facts = small.message_facts(request)

    assert facts["summary"] == "Top-up 10.00 EUR to Anna Kern •••• 4242"
    assert facts["money"]["balance"] == {"before": "20.00 EUR", "after": "30.00 EUR"}
    assert facts["money"]["partner_balance"] == {"before": "5,000.00 EUR", "after": "4,990.00 EUR"}
    assert facts["money"]["day"] == "10.00 EUR"
    assert [(row["per"], row["exceeded"]) for row in facts["money"]["limits"]] == [
        ("card", False),
        ("requester", True),
    ]
    assert (facts["card"]["kyc"], facts["card"]["status"]) == ("approved", "active")
    assert facts["card"]["earlier"][0]["money"] == "5.00 EUR"
    assert facts["why_you"] == "needs 2 managers, not the requester"
    assert facts["phrase"] == request.phrase
    assert facts["button_value"] == {"request": request.id, "digest": request.digest}
    assert json.loads(json.dumps(facts)) == facts


def test_open_requests_on_the_same_card_are_named(small: ApprovalWorld) -> None:
    small.use(rules=(rule(), rule(action="card.found", name="found")))
    first = small.asks()
    second = small.asks(action="card.found", payload={"card_id": CARD}, snapshot=snapshot(status="6"))
    assert [row["request"] for row in small.message_facts(second)["others"]] == [first.id]
    small.card = snapshot(card_id="2")
    third = small.asks(payload={"card_id": "2", "money": "10.00 EUR"})
    assert small.message_facts(third)["others"] == [], "it is about another card"
    small.withdraws(first)
    assert small.message_facts(second)["others"] == [], "it is over"
    _all_told(small)


def test_buttons_are_there_only_while_they_make_sense() -> None:
    for status in Status:
        for gave_up in (True, False):
            found = find_buttons(status, gave_up=gave_up)
            if status is Status.PENDING:
                assert {"request_approve", "request_deny", "request_withdraw"} <= set(found)
            elif status is Status.APPROVED:
                assert found == ["request_stop"]
            elif status is Status.UNKNOWN and gave_up:
                assert found == ["request_settle_happened", "request_settle_not"]
            else:
                assert found == []


def test_every_state_of_a_request_is_a_valid_message(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2, mention=["U0LEAD", "S0TEAM"]),), limits=(limit(),))
    request = world.asks(reason=HOSTILE[:100])
    world.passes(hours=5)
    world.ticks()
    world.decides(request, MARA)
    world.decides(request, MILO)
    world.paytend.before = OutcomeUnknown(HOSTILE)
    world.executes(request)
    world.gives_up()
    world.settles(request, MARA, happened=True, reason=HOSTILE)
    world.settles(request, MILO, happened=False)
    world.settles(request, ADA, happened=True)
    denied = world.asks("20.00 EUR")
    world.decides(denied, deny=HOSTILE)
    world.passes(minutes=2)
    world.watches()  # Paytend has no such order, though it was settled as done
    kinds = {told.kind for told in world.outbox.told}

    assert kinds == {
        "request_alarm",
        "request_card",
        "request_outcome",
        "request_reminder",
        "request_settled",
        "request_unknown",
    }
    _all_told(world)


def test_everything_about_a_request_goes_to_everyone_who_follows_and_its_replies_into_its_thread(
    small: ApprovalWorld,
) -> None:
    small.paytend.before = OutcomeUnknown("lost")
    request = small.asks(follows=True)
    small.passes(hours=5)
    small.ticks()
    small.executes(small.decides(request))
    small.gives_up()
    small.settles(request, MARA, happened=True)
    posted = [told for told in small.outbox.told if not told.edit]

    # X8: other replies give way to requests that nobody has seen yet.
    assert all(told.urgent is (told.thread_of is None or told.broadcast) for told in posted)
    assert [told.recipient for told in posted] == ["C0APPROVALS", "U0SAM"] * (len(posted) // 2)
    messages, replies = posted[:2], posted[2:]
    assert {(told.kind, told.key, told.thread_of) for told in messages} == {
        ("request_card", f"request:{request.id}", None)
    }
    assert {(told.key, told.thread_of) for told in replies} == {(None, f"request:{request.id}")}
    assert {told.kind for told in replies if told.broadcast} == {"request_unknown"}
    assert all(told.facts["request"] == request.id for told in replies)
    assert all(told.facts["phrase"] == request.phrase for told in replies)


def test_hostile_names_ping_nobody_and_break_nothing(small: ApprovalWorld) -> None:
    small.card = snapshot(holder_name=HOSTILE)
    message = render("request_card", small.message_facts(small.asks(reason=HOSTILE)))
    text = json.dumps(message)
    assert "<!channel>" not in text
    assert "<@U0EVE>" not in text
    _valid(message)


@pytest.mark.parametrize(
    "name", ["request_deny.view", "request_settle.view", "request_show.view", "request_stop.view"]
)
def test_views_are_valid(small: ApprovalWorld, name: str) -> None:
    small.paytend.before = OutcomeUnknown("lost")
    request = small.executes(small.approved())
    small.gives_up()
    small.settles(request, MARA, happened=True)
    facts = small.message_facts(request)
    value = {**facts["button_value"], "happened": True}
    view = render(name, {**facts, "settle_value": value})

    assert json.loads(view["private_metadata"])["request"] == request.id
    assert len(view["title"]["text"]) <= 24
    _valid(view)


def test_every_template_is_used_or_asked_for() -> None:
    names = {path.name.removesuffix(".json.j2") for path in FOLDER.glob("*.json.j2")}
    assert names == {
        "request_alarm",
        "request_card",
        "request_decided",
        "request_deny.view",
        "request_figures",
        "request_looking",
        "request_outcome",
        "request_reminder",
        "request_secret",
        "request_settle.view",
        "request_settled",
        "request_show.view",
        "request_stop.view",
        "request_unknown",
        # Rendered in the journeys of books, stops and the trail, where every posted message is checked.
        "books_daily",
        "books_differ",
        "books_ended",
        "books_known.view",
        "books_many",
        "request_unproven",
        "stop_line",
        "passkey_news",
        "trail_shortened",
    }
    _valid(render("request_looking", {"by": "U0MARA", "at": "2026-11-20T09:00:00+00:00"}))


def test_facts_that_wait_since_an_older_version_are_rendered(small: ApprovalWorld) -> None:
    facts = small.message_facts(small.asks())
    older = {**facts, "execute_by": "", "ended_at": "", "asked_at": "2026-11-20T10:00:00+01:00"}

    assert render("request_card", older) == render("request_card", facts)
