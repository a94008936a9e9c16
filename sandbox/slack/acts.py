"""What people do that Slack reports to the app: each act is an envelope and the effect of its answer."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import answers, forms
from sandbox.slack.deliveries import Answer, Delivery, Envelope
from sandbox.slack.payloads import Payloads
from sandbox.slack.people import Channel, Person
from sandbox.slack.refusals import CannotAct
from sandbox.slack.shapes import Json
from sandbox.slack.state import State

NOT_RESPONDING = "This app is not responding"


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something done: `envelope` goes to the app and `settle` takes its answer; or it is `done` already."""

    envelope: Envelope | None = None
    settle: Callable[[Answer], Delivery] | None = None
    done: Delivery | None = None


def result(kind: str, envelope: Envelope, answer: Answer, **more: Any) -> Delivery:
    """Return what became of an act."""
    facts: dict[str, Any] = {"error": answer.error, **more}
    return Delivery(
        kind=kind,
        payload=envelope.payload,
        transport=answer.transport,
        status=answer.status,
        ms=answer.ms,
        response=answer.body,
        **facts,
    )


def event_act(envelope: Envelope) -> Act:
    """Return the act of telling the app of an event."""
    kind = str(envelope.payload["event"]["type"])
    return Act(envelope=envelope, settle=lambda answer: result(kind, envelope, answer))


@dataclass(kw_only=True)
class Acts:
    """Prepares acts; `commands` are those of the app's manifest (empty: any command is sent).

    An app that takes no messages cannot be written to in its DM.
    """

    state: State
    payloads: Payloads
    commands: dict[str, Json] = field(default_factory=dict)
    takes_messages: bool = True
    found: dict[str, list[Json]] = field(default_factory=dict)

    def person(self, person_id: str, *, is_stale: bool = False) -> Person:
        """Return who acts; a deactivated person only can by a client that does not know it yet."""
        person = self.state.people.get(person_id)
        if person is None:
            raise CannotAct(f"there is no {person_id}")
        if person.deleted and not is_stale:
            raise CannotAct(f"{person_id} is deactivated")
        if person.is_bot:
            raise CannotAct(f"{person_id} is a bot")
        return person

    def place(self, person: Person, channel_id: str, *, is_stale: bool = False) -> Channel:
        """Return a conversation that a person is in; raises CannotAct."""
        channel = self.state.channel_named(channel_id)
        if channel is None or (person.id not in channel.members and not is_stale):
            raise CannotAct(f"{person.id} is not in {channel_id}")
        return channel

    def type(self, person_id: str, text: str, *, channel_id: str, thread_ts: str | None = None) -> Act:
        """Type a message, or a slash command."""
        person = self.person(person_id)
        channel = self.place(person, channel_id)
        if channel.im_of is not None and not self.takes_messages:
            raise CannotAct("sending messages to this app has been turned off")
        if not text.startswith("/"):
            if channel.is_archived:
                raise CannotAct(f"{channel_id} is archived")
            message = self.state.post(channel.id, {"text": text}, by=person.id, thread_ts=thread_ts)
            return Act(done=Delivery(kind="message", payload=message, was_sent=False))
        command, _, rest = text.partition(" ")
        words = ""
        if person.is_stranger:
            raise CannotAct("people of another workspace cannot use this one's commands")
        if self.commands and command not in self.commands:
            words = f"{command} is not a valid command."
        elif thread_ts is not None:
            words = f"{command} is not supported in threads. Sorry!"
        if words:
            self.state.toast(person.id, words)
            error = "invalid_command"
            return Act(done=Delivery(kind="slash_commands", error=error, shown=words, was_sent=False))
        payload = self.payloads.command(person, channel, command=command, text=rest.strip())
        envelope = Envelope(kind="slash_commands", payload=payload)

        def settle(answer: Answer) -> Delivery:
            shown = answers.after_command(self.state, answer, payload=payload)
            return result("slash_commands", envelope, answer, shown=shown)

        return Act(envelope=envelope, settle=settle)

    def click(
        self,
        person_id: str,
        *,
        action_id: str,
        message: Json | None = None,
        view: Json | None = None,
        block_id: str | None = None,
        value: Any = None,
        values: Json | None = None,
        is_stale: bool = False,
    ) -> Act:
        """Press a button or choose in a select of a message (as the person's client has it) or a view."""
        person = self.person(person_id, is_stale=is_stale)
        place = message if message is not None else view
        if place is None:
            raise CannotAct("nothing to click in")
        if message is not None:
            self.place(person, message["channel"], is_stale=is_stale)
            if message.get("to", person.id) != person.id:
                raise CannotAct(f"{person.id} does not see this message")
        blocks = place.get("blocks") or []
        element = answers.find_element(blocks, action_id, block_id)
        if element is None:
            raise CannotAct(f"there is no {action_id} here")
        entered = place.get("state", {}).get("values", {})
        action = self._action(element, value)
        if element["type"] != "button":
            values = {**(values or {}), element["block_id"]: {action_id: value}}
        state = forms.filled(blocks, entered, values or {}, found=self.found)
        if message is not None:
            payload = self.payloads.message_actions(person, message, action, values=state)
        else:
            payload = self.payloads.view_actions(person, place, action, values=state)
            self._remember(place["id"], state)
        envelope = Envelope(kind="interactive", payload=payload)

        def settle(answer: Answer) -> Delivery:
            shown = NOT_RESPONDING if answer.error else ""
            if shown:
                self.state.toast(person.id, f"{shown} ({answer.error})")
            return result("block_actions", envelope, answer, shown=shown)

        return Act(envelope=envelope, settle=settle)

    def _action(self, element: Json, value: Any) -> Json:
        named = {"action_id": element["action_id"], "block_id": element["block_id"]}
        if element["type"] != "button":
            return {**named, **forms.entry(element, value, found=self.found.get(element["action_id"]))}
        given = element.get("value") if value is None else value
        shown: Json = {key: element[key] for key in ("text", "style", "url") if key in element}
        pressed: Json = {**named, "type": "button", **shown}
        return pressed if given is None else pressed | {"value": given}

    def _remember(self, view_id: str, values: Json) -> None:
        with self.state.lock:
            view = self.state.views.by_id.get(view_id)
            if view is not None:
                view["state"] = {"values": values}

    def to_type(self, view: Json, values: Json) -> list[tuple[str, str]]:
        """Return the external selects of a view, with values that were not offered in them yet."""
        return forms.unfound(view["blocks"], values, found=self.found)

    def submit(self, person_id: str, *, view: Json, values: Json) -> Act:
        """Submit a modal; what Slack's client finds wrong is said without asking the app."""
        person = self.person(person_id)
        state = forms.filled(view["blocks"], view["state"]["values"], values, found=self.found)
        self._remember(view["id"], state)
        wrong = forms.mistakes(view["blocks"], state)
        if wrong:
            return Act(done=Delivery(kind="view_submission", errors=wrong, was_sent=False))
        state = copy.deepcopy(state)
        for files in (forms.content(each) for block in state.values() for each in block.values()):
            if isinstance(files, list):
                self._expand_files(files)
        payload = self.payloads.submission(person, view, values=state)
        envelope = Envelope(kind="interactive", payload=payload)

        def settle(answer: Answer) -> Delivery:
            try:
                errors = answers.after_submission(self.state, answer, person_id=person.id, view=view)
            except answers.NotUnderstood as why:
                error = answer.error or f"invalid_response: {why}"
                return result("view_submission", envelope, answer, error=error, shown=answers.TROUBLE)
            return result("view_submission", envelope, answer, errors=errors)

        return Act(envelope=envelope, settle=settle)

    def _expand_files(self, files: list[Any]) -> None:
        base_url, team_id = self.payloads.base_url, self.state.team.id
        for place, each in enumerate(files):
            if isinstance(each, str) and each in self.state.files.by_id:
                file = self.state.files.get(each)
                files[place] = file.as_json(base_url=base_url, team_id=team_id)

    def close(self, person_id: str, *, all_of_them: bool = False) -> list[Act]:
        """Close the modal on top, or the whole stack; the app is notified of those with notify_on_close."""
        person = self.person(person_id)
        gone: list[Json] = []
        with self.state.lock:
            if self.state.views.top(person_id) is None:
                raise CannotAct(f"{person_id} has no modal open")
            while self.state.views.top(person_id) is not None and (all_of_them or not gone):
                top = self.state.views.pop(person_id)
                gone.append(top)
                if top["clear_on_close"]:
                    all_of_them = True
        self.state.touch()
        told = [view for view in gone if view["notify_on_close"]]
        return [self._closed(person, view, is_cleared=all_of_them) for view in told]

    def _closed(self, person: Person, view: Json, *, is_cleared: bool) -> Act:
        payload = self.payloads.closed(person, view, is_cleared=is_cleared)
        envelope = Envelope(kind="interactive", payload=payload)
        return Act(envelope=envelope, settle=lambda answer: result("view_closed", envelope, answer))

    def search(
        self,
        person_id: str,
        query: str,
        *,
        action_id: str,
        message: Json | None = None,
        view: Json | None = None,
        block_id: str | None = None,
    ) -> Act:
        """Type into an external select; nothing is asked of the app below `min_query_length`."""
        person = self.person(person_id)
        place = message if message is not None else view
        blocks = (place or {}).get("blocks") or []
        element = answers.find_element(blocks, action_id, block_id)
        if place is None or element is None or not element["type"].endswith("external_select"):
            raise CannotAct(f"there is no select {action_id} to search in here")
        if len(query) < element.get("min_query_length", 3):
            return Act(done=Delivery(kind="block_suggestion", was_sent=False))
        where = {"message": place} if message is not None else {"view": place}
        payload = self.payloads.suggestion(person, element, query=query, place=where)
        envelope = Envelope(kind="interactive", payload=payload)

        def settle(answer: Answer) -> Delivery:
            try:
                options = answers.options_of(answer)
            except answers.NotUnderstood as why:
                error = answer.error or f"invalid_options: {why}"
                shown = "Result not available"
                return result("block_suggestion", envelope, answer, error=error, shown=shown)
            known = self.found.setdefault(action_id, [])
            known.extend(each for each in options if each not in known)
            return result("block_suggestion", envelope, answer, options=options)

        return Act(envelope=envelope, settle=settle)

    def use_shortcut(self, person_id: str, callback_id: str, *, message: Json | None = None) -> Act:
        """Use a global shortcut, or one on a message."""
        person = self.person(person_id)
        if message is not None:
            self.place(person, message["channel"])
        payload = self.payloads.shortcut(person, callback_id, message=message)
        envelope = Envelope(kind="interactive", payload=payload)

        def settle(answer: Answer) -> Delivery:
            shown = NOT_RESPONDING if answer.error else ""
            return result(payload["type"], envelope, answer, shown=shown)

        return Act(envelope=envelope, settle=settle)

    def event(self, event: Json) -> Act:
        """Tell the app of an event."""
        payload = self.payloads.event(event)
        return event_act(Envelope(kind="events_api", payload=payload, accepts_answer=False))

    def open_home(self, person_id: str) -> Act:
        """Open the app's Home tab."""
        person = self.person(person_id)
        event: Json = {"type": "app_home_opened", "user": self.state.written(person), "tab": "home"}
        event["channel"] = self.state.dm_of(person.id).id
        view = self.state.views.home(person.id)
        return self.event(event | ({"view": view} if view is not None else {}))

    def join(self, person_id: str, channel_id: str) -> Act:
        """Join a channel."""
        person = self.person(person_id)
        channel = self.state.channels[channel_id]
        self.state.change_channel(channel_id, members=channel.members | {person.id})
        event = {"type": "member_joined_channel", "user": person.id, "channel": channel_id}
        kind = "G" if channel.is_private else "C"
        return self.event(event | {"channel_type": kind, "team": person.team_id})
