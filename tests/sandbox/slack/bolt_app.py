"""A small real Bolt app, so that the stand-in is driven by Slack's own SDK."""

from typing import Any

from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient

Json = dict[str, Any]

FORM: Json = {
    "type": "modal",
    "callback_id": "topup",
    "title": {"type": "plain_text", "text": "Top up a card"},
    "submit": {"type": "plain_text", "text": "Ask"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "amount",
            "label": {"type": "plain_text", "text": "Amount"},
            "element": {"type": "number_input", "action_id": "value", "is_decimal_allowed": True},
        },
        {
            "type": "input",
            "block_id": "card",
            "optional": True,
            "label": {"type": "plain_text", "text": "Card"},
            "element": {"type": "external_select", "action_id": "card", "min_query_length": 2},
        },
    ],
}


def card(amount: str, *, by: str | None = None) -> list[Json]:
    """Return the blocks of an approval card."""
    blocks: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*Top up* {amount}"}}]
    if by is not None:
        return [*blocks, {"type": "context", "elements": [{"type": "mrkdwn", "text": f"by <@{by}>"}]}]
    approve = {
        "type": "button",
        "action_id": "approve",
        "text": {"type": "plain_text", "text": "Approve"},
        "value": amount,
    }
    return [*blocks, {"type": "actions", "block_id": "decide", "elements": [approve]}]


def make_app(*, api_url: str, token: str, signing_secret: str, seen: list[Json]) -> App:
    """Return an app with a command, a modal, a select, a button and events; `seen` gets what it heard."""
    app = App(
        client=WebClient(token=token, base_url=api_url),
        signing_secret=signing_secret,
        process_before_response=True,
    )

    @app.command("/topup")
    def topup(ack: Ack, body: Json, client: WebClient) -> None:
        seen.append(body)
        if body["text"]:
            ack(f"You said {body['text']}")
            return
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.options("card")
    def cards(ack: Ack, body: Json) -> None:
        seen.append(body)
        ack(options=[{"text": {"type": "plain_text", "text": f"Card {body['value']}"}, "value": "1755902"}])

    @app.view("topup")
    def submitted(ack: Ack, body: Json, client: WebClient) -> None:
        seen.append(body)
        amount = body["view"]["state"]["values"]["amount"]["value"]["value"]
        if amount == "0":
            ack(response_action="errors", errors={"amount": "More than nothing, please."})
            return
        ack()
        client.chat_postMessage(
            channel="C0APPROVALS",
            text=f"Top up {amount}",
            blocks=card(amount),
            metadata={"event_type": "request", "event_payload": {"id": "7"}},
        )

    @app.view_closed("topup")
    def closed(ack: Ack, body: Json) -> None:
        seen.append(body)
        ack()

    @app.action("approve")
    def approve(ack: Ack, body: Json, client: WebClient) -> None:
        seen.append(body)
        ack()
        person = body["user"]["id"]
        where = {"channel": body["channel"]["id"]}
        amount = body["actions"][0]["value"]
        client.chat_update(**where, ts=body["message"]["ts"], text="Approved", blocks=card(amount, by=person))
        client.chat_postMessage(**where, thread_ts=body["message"]["ts"], text=f"<@{person}> approved")

    @app.event("app_home_opened")
    def home(body: Json, client: WebClient) -> None:
        seen.append(body)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Nothing waits for you*"}}
        client.views_publish(user_id=body["event"]["user"], view={"type": "home", "blocks": [section]})

    return app


def door_of(app: App) -> Any:
    """Return a callable that hands deliveries to the app in this process."""

    def deliver(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
        assert (method, path) == ("POST", "/slack/events")
        answer = app.dispatch(BoltRequest(body=body.decode(), headers={k: [v] for k, v in headers.items()}))
        return answer.status, answer.first_headers(), answer.body.encode()

    return deliver
