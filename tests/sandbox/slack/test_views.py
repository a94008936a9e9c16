"""Modals and the Home tab: triggers, hashes, the stack of three, what was entered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from sandbox.clock import Clock
from sandbox.slack import CannotAct, SlackWorkspace
from tests.sandbox.slack.samples import HOME, MODAL, field, option, plain
from tests.sandbox.slack.test_web_api import refusal

Json = dict[str, Any]


def modal(*blocks: Json, **more: Any) -> Json:
    given = blocks or (field("name", "Name", {"type": "plain_text_input", "action_id": "v"}),)
    return {"type": "modal", "title": plain("Hello"), "submit": plain("Go"), "blocks": list(given), **more}


@contextmanager
def answering(clock: Clock, answer: Json) -> Iterator[tuple[SlackWorkspace, WebClient]]:
    def door(_method: str, _path: str, _headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        return 200, {}, json.dumps(answer).encode() if b"view_submission" in body else b""

    ws = SlackWorkspace(clock=clock, delivery=door, rate_limits=False)
    with ws.serving():
        yield ws, WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[])


def trigger(ws: SlackWorkspace, person: str = "U0SAM") -> str:
    return str(ws.types(person, "/x", channel="C0SUPPORT").payload["trigger_id"])


def test_a_trigger_lives_three_seconds(ws: SlackWorkspace, client: WebClient, clock: Clock) -> None:
    late = trigger(ws)
    clock.advance(timedelta(seconds=3, milliseconds=1))

    assert refusal(lambda: client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert refusal(lambda: client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


def test_a_trigger_works_once(ws: SlackWorkspace, client: WebClient) -> None:
    once = trigger(ws)
    client.views_open(trigger_id=once, view=modal())

    assert refusal(lambda: client.views_open(trigger_id=once, view=modal())) == "exchanged_trigger_id"


def test_views_that_slack_does_not_take(ws: SlackWorkspace, client: WebClient) -> None:
    def opening(view: Json) -> str:
        return refusal(lambda: client.views_open(trigger_id=trigger(ws), view=view))

    assert opening(HOME) == "invalid_arguments"
    assert opening(modal(title=plain("x" * 25))) == "invalid_arguments"
    assert opening(modal(private_metadata="x" * 3001)) == "invalid_arguments"
    assert opening({**modal(), "submit": None}) == "invalid_arguments"
    assert opening(modal(private_metadata="x" * 250_001)) == "view_too_large"
    client.views_open(trigger_id=trigger(ws), view=modal(external_id="one"))
    assert opening(modal(external_id="one")) == "duplicate_external_id"


def test_a_stack_holds_three(ws: SlackWorkspace, client: WebClient) -> None:
    assert refusal(lambda: client.views_push(trigger_id=trigger(ws), view=modal())) == "not_found"
    first = client.views_open(trigger_id=trigger(ws), view=modal())["view"]
    client.views_push(trigger_id=trigger(ws), view=modal())
    third = client.views_push(trigger_id=trigger(ws), view=modal())["view"]

    assert third["root_view_id"] == first["id"]
    assert refusal(lambda: client.views_push(trigger_id=trigger(ws), view=modal())) == "push_limit_reached"
    ws.closes("U0SAM")
    assert ws.modal("U0SAM") != third
    ws.closes("U0SAM", all_of_them=True)
    assert ws.modal("U0SAM") is None
    with pytest.raises(CannotAct):
        ws.closes("U0SAM")


def test_an_update_needs_the_current_hash(ws: SlackWorkspace, client: WebClient) -> None:
    view = client.views_open(trigger_id=trigger(ws), view=modal(external_id="mine"))["view"]
    client.views_update(view_id=view["id"], hash=view["hash"], view=modal(title=plain("Second")))

    def again(**more: Any) -> str:
        return refusal(lambda: client.views_update(view=modal(), **more))

    assert again(view_id=view["id"], hash=view["hash"]) == "hash_conflict"
    assert again(view_id="V0") == "not_found"
    assert again(external_id="mine") == "not_found"
    shown = ws.modal("U0SAM")
    assert shown is not None
    assert shown["title"]["text"] == "Second"


def test_an_update_keeps_what_was_entered(ws: SlackWorkspace, client: WebClient) -> None:
    choice = {"type": "static_select", "action_id": "v", "options": [option("a"), option("b")]}
    blocks = (
        field("kind", "Kind", choice, dispatch_action=True),
        field("n", "N", {"type": "plain_text_input"}),
    )
    view = client.views_open(trigger_id=trigger(ws), view=modal(*blocks))["view"]

    clicked = ws.clicks("U0SAM", action_id="v", value="b", values={"n": "typed"})
    client.views_update(view_id=view["id"], view=modal(blocks[0], title=plain("Next")))

    assert clicked.payload["actions"][0]["selected_option"]["value"] == "b"
    assert clicked.payload["view"]["state"]["values"]["kind"]["v"]["selected_option"]["value"] == "b"
    sent = ws.submits("U0SAM").payload["view"]["state"]["values"]
    assert sent == {"kind": {"v": {"type": "static_select", "selected_option": option("b")}}}


def test_the_client_finds_what_it_can_by_itself(ws: SlackWorkspace, client: WebClient) -> None:
    client.views_open(trigger_id=trigger(ws), view=MODAL)

    wrong = ws.submits("U0SAM", {"amount": "1e3", "reason": "hm", "mail": "nobody", "kind": "plastic"})

    assert not wrong.was_sent
    assert wrong.errors == {
        "amount": "Please enter a number.",
        "reason": "Please enter at least 5 characters.",
        "design": "Please complete this required field.",
        "city": "Please complete this required field.",
        "mail": "Please enter a valid email address.",
    }


def test_a_submission_carries_every_kind_of_value(ws: SlackWorkspace, client: WebClient) -> None:
    client.views_open(trigger_id=trigger(ws), view=MODAL)
    file = ws.uploads("U0SAM", "id.pdf", b"%PDF")

    sent = ws.submits(
        "U0SAM",
        {
            "amount": "10.50",
            "reason": "Customer waits",
            "design": "gold",
            "city": option("VNO", "Vilnius"),
            "born": "1990-05-01",
            "who": "U0MARA",
            "tags": ["vip", "staff"],
            "checks": ["id"],
            "kind": "virtual",
            "document": [file],
        },
    ).payload["view"]["state"]["values"]

    assert sent["amount"]["v"] == {"type": "number_input", "value": "10.50"}
    assert sent["city"]["city"]["selected_option"]["value"] == "VNO"
    assert sent["born"]["v"]["selected_date"] == "1990-05-01"
    assert sent["who"]["v"]["selected_user"] == "U0MARA"
    assert [each["value"] for each in sent["tags"]["v"]["selected_options"]] == ["vip", "staff"]
    assert [each["value"] for each in sent["checks"]["v"]["selected_options"]] == ["id"]
    assert sent["kind"]["v"]["selected_option"]["value"] == "virtual"
    assert sent["document"]["v"]["files"][0]["name"] == "id.pdf"
    assert sent["at"]["v"] == {"type": "timepicker", "selected_time": None}
    assert client.files_info(file=file)["file"]["user"] == "U0SAM"
    with pytest.raises(CannotAct):
        ws.submits("U0SAM", {"design": "copper"})


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, "must name blocks"),
        ({"response_action": "errors", "errors": {}}, "must name blocks"),
        ({"response_action": "explode"}, "invalid_response_action"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
    ],
)
def test_answers_to_a_submission_that_slack_does_not_take(clock: Clock, answer: Json, trouble: str) -> None:
    with answering(clock, answer) as (ws, client):
        client.views_open(trigger_id=trigger(ws), view=modal())

        submitted = ws.submits("U0SAM", {"name": "x"})

        assert trouble in submitted.error
        assert submitted.shown == "We had some trouble connecting. Try again?"
        assert ws.modal("U0SAM") is not None


def test_a_submission_can_be_answered_with_another_view(clock: Clock) -> None:
    answer: Json = {"response_action": "push", "view": modal(title=plain("On top"))}
    with answering(clock, answer) as (ws, client):
        client.views_open(trigger_id=trigger(ws), view=modal())
        assert ws.submits("U0SAM", {"name": "x"}).is_fine
        assert _title(ws) == "On top"

        answer.update(response_action="update", view=modal(title=plain("Instead")))
        assert ws.submits("U0SAM", {"name": "x"}).is_fine
        assert _title(ws) == "Instead"

        answer.update(response_action="clear")
        assert ws.submits("U0SAM", {"name": "x"}).is_fine
        assert ws.modal("U0SAM") is None


def _title(ws: SlackWorkspace) -> str:
    shown = ws.modal("U0SAM")
    assert shown is not None
    return str(shown["title"]["text"])


def test_home_is_published_for_one_person(ws: SlackWorkspace, client: WebClient) -> None:
    first = client.views_publish(user_id="U0SAM", view=HOME)["view"]
    client.views_publish(user_id="U0SAM", view=HOME, hash=first["hash"])

    def again(**more: Any) -> str:
        return refusal(lambda: client.views_publish(view=HOME, **more))

    assert again(user_id="U0SAM", hash=first["hash"]) == "hash_conflict"
    assert again(user_id="U0STRANGER") == "invalid_arguments"
    assert ws.home("U0MARA") is None
    clicked = ws.clicks("U0SAM", home=True, action_id="new")
    assert clicked.payload["container"] == {"type": "view", "view_id": first["id"]}
    assert "response_url" not in clicked.payload
