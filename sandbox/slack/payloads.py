"""Builds the payloads that Slack sends to the app; sends nothing, and changes nothing but tickets.

Shapes: docs.slack.dev/reference/interaction-payloads and /apis/events-api.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.slack.people import Channel, Person
from sandbox.slack.shapes import Json
from sandbox.slack.state import State

# Slack's deprecated verification token: still in every payload, and of no use to an app that verifies.
TOKEN = "deprecated-verification-token"  # noqa: S105 - no secret, see above


@dataclass(kw_only=True)
class Payloads:
    """Knows the workspace; `base_url` is where the app reaches it."""

    state: State
    base_url: str = ""

    def trigger(self, person: Person) -> str:
        """Hand out a trigger for a person."""
        return self.state.tickets.trigger(person.id, now=self.state.clock.now())

    def response_url(self, kind: str, person: Person, channel: Channel, **where: str | None) -> str:
        """Hand out a response address for a person in a channel."""
        path = self.state.tickets.address(
            kind,
            team_id=self.state.team.id,
            person_id=person.id,
            channel_id=channel.id,
            now=self.state.clock.now(),
            **where,
        )
        return self.base_url + path

    def common(self, person: Person) -> Json:
        """Return what all interactive payloads have; a stranger's `team_id` is that of their own team."""
        team = self.state.team
        enterprise = None
        if team.enterprise_id:
            enterprise = {"id": team.enterprise_id, "name": team.enterprise_name}
        return {
            "team": {"id": self.state.happens_in(person), "domain": team.domain},
            "enterprise": enterprise,
            "is_enterprise_install": False,
            "user": {
                "id": self.state.written(person),
                "username": person.name,
                "name": person.name,
                "team_id": person.team_id,
            },
            "api_app_id": team.app_id,
            "token": TOKEN,
        }

    def command(self, person: Person, channel: Channel, *, command: str, text: str) -> Json:
        """Return the form of a slash command."""
        team = self.state.team
        fields: Json = {
            "token": TOKEN,
            "team_id": team.id,
            "team_domain": team.domain,
            "channel_id": channel.id,
            "channel_name": channel.shown_name,
            "user_id": self.state.written(person),
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": team.app_id,
            "is_enterprise_install": "false",
            "response_url": self.response_url("commands", person, channel),
            "trigger_id": self.trigger(person),
        }
        if team.enterprise_id:
            fields |= {"enterprise_id": team.enterprise_id, "enterprise_name": team.enterprise_name or ""}
        return fields

    def message_actions(self, person: Person, message: Json, action: Json, *, values: Json) -> Json:
        """Return the payload of a click in a message; an ephemeral one is not sent along."""
        channel = self.state.channels[message["channel"]]
        is_ephemeral = bool(message.get("is_ephemeral"))
        container: Json = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": is_ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        where = {"source_ts": message["ts"], "thread_ts": message.get("thread_ts")}
        payload = {
            "type": "block_actions",
            **self.common(person),
            "container": container,
            "trigger_id": self.trigger(person),
            "channel": {"id": channel.id, "name": channel.shown_name},
            "state": {"values": values},
            "response_url": self.response_url("actions", person, channel, **where),
            "actions": [action | {"action_ts": self.state.next_ts()}],
        }
        if not is_ephemeral:
            payload["message"] = {key: each for key, each in message.items() if key not in {"channel", "to"}}
        return payload

    def view_actions(self, person: Person, view: Json, action: Json, *, values: Json) -> Json:
        """Return the payload of a click in a modal or the Home tab."""
        return {
            "type": "block_actions",
            **self.common(person),
            "container": {"type": "view", "view_id": view["id"]},
            "trigger_id": self.trigger(person),
            "view": view | {"state": {"values": values}},
            "actions": [action | {"action_ts": self.state.next_ts()}],
        }

    def submission(self, person: Person, view: Json, *, values: Json) -> Json:
        """Return the payload of a submitted modal."""
        return {
            "type": "view_submission",
            **self.common(person),
            "trigger_id": self.trigger(person),
            "view": view | {"state": {"values": values}},
            "response_urls": [],
        }

    def closed(self, person: Person, view: Json, *, is_cleared: bool) -> Json:
        """Return the payload of a closed modal."""
        return {"type": "view_closed", **self.common(person), "view": view, "is_cleared": is_cleared}

    def suggestion(self, person: Person, element: Json, *, query: str, place: Json) -> Json:
        """Return the payload that asks for the options of an external select; `place` is view or message."""
        asked = {"action_id": element["action_id"], "block_id": element["block_id"], "value": query}
        payload = {"type": "block_suggestion", **self.common(person), **asked}
        if "message" not in place:
            return payload | place | {"container": {"type": "view", "view_id": place["view"]["id"]}}
        message = place["message"]
        container = {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]}
        return payload | {"container": container, "channel": {"id": message["channel"]}, "message": message}

    def shortcut(self, person: Person, callback_id: str, *, message: Json | None = None) -> Json:
        """Return the payload of a global shortcut, or of one on a message."""
        payload = {
            "type": "shortcut" if message is None else "message_action",
            **self.common(person),
            "callback_id": callback_id,
            "action_ts": self.state.next_ts(),
            "trigger_id": self.trigger(person),
        }
        if message is not None:
            channel = self.state.channels[message["channel"]]
            payload |= {
                "channel": {"id": channel.id, "name": channel.shown_name},
                "message_ts": message["ts"],
                "message": {key: each for key, each in message.items() if key != "channel"},
                "response_url": self.response_url("app", person, channel, source_ts=message["ts"]),
            }
        return payload

    def event(self, event: Json) -> Json:
        """Return the envelope of the Events API around an event."""
        state = self.state
        team = state.team
        authorised: Json = {"enterprise_id": team.enterprise_id, "team_id": team.id}
        authorised |= {"user_id": team.bot_user_id, "is_bot": True, "is_enterprise_install": False}
        inner: dict[str, Any] = {"event_ts": state.next_ts(), **event}
        return {
            "token": TOKEN,
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": team.enterprise_id,
            "api_app_id": team.app_id,
            "event": inner,
            "type": "event_callback",
            "event_id": f"Ev0{state.serial():08d}",
            "event_time": int(state.clock.now().timestamp()),
            "authorizations": [authorised],
            "is_ext_shared_channel": False,
            "event_context": f"4-{team.id}",
        }
