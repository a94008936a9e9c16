"""What one person sees of the workspace, as the page draws it."""

import copy
from typing import Any

from sandbox.slack.people import Channel, Person
from sandbox.slack.shapes import Json
from sandbox.slack.state import State

SHOWN_MESSAGES = 200
SHOWN_TOASTS = 5


def people(state: State) -> list[Json]:
    """Return everybody, with what marks them."""
    return [_person(state, each) for each in state.people.values()]


def _person(state: State, person: Person) -> Json:
    marks = {
        "deactivated": person.deleted,
        "app": person.is_bot,
        "single-channel guest": person.is_ultra_restricted,
        "guest": person.is_restricted,
        "other workspace": person.is_stranger,
        "admin": person.is_admin,
    }
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "title": person.title,
        "tz": person.tz,
        "mark": next((mark for mark, is_so in marks.items() if is_so), ""),
        "can_act": not (person.deleted or person.is_bot),
        "groups": [group.id for group in state.groups.values() if person.id in group.people],
    }


def places(state: State, person_id: str) -> list[Json]:
    """Return the conversations of a person, with how much they have not read yet."""
    return [_place(state, person_id, each) for each in state.places_of(person_id)]


def _place(state: State, person_id: str, channel: Channel) -> Json:
    read = state.read.get((person_id, channel.id), "")
    groups = [group.id for group in state.groups.values() if person_id in group.people]
    names = [f"<@{person_id}>", *(f"<!subteam^{each}" for each in groups), "<!here>", "<!channel>"]
    new = [
        each for ts, each in state.messages.get(channel.id, {}).items() if ts > read and each["user"] != person_id
    ]
    hidden = [
        each
        for each in state.ephemerals
        if each["to"] == person_id and each["channel"] == channel.id and each["ts"] > read
    ]
    called = [each for each in new[-SHOWN_MESSAGES:] if channel.im_of or any(name in str(each) for name in names)]
    return {
        "id": channel.id,
        "name": channel.name,
        "is_im": channel.im_of is not None,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_shared": channel.is_shared,
        "topic": channel.topic,
        "members": len(channel.members),
        "unread": len(new) + len(hidden),
        "mentions": len(called),
    }


def said(state: State, person_id: str, channel_id: str, thread_ts: str | None = None) -> list[Json]:
    """Return the newest messages of a channel or thread with what only this person sees, oldest first."""
    shown = [state.shown(each) for each in state.timeline(channel_id, thread_ts)[-SHOWN_MESSAGES:]]
    hidden = [
        copy.deepcopy(each)
        for each in state.ephemerals
        if each["to"] == person_id and each["channel"] == channel_id and each.get("thread_ts") == thread_ts
    ]
    return sorted([*shown, *hidden], key=lambda each: str(each["ts"]))


def snapshot(state: State, person_id: str, *, channel_id: str, thread_ts: str) -> Json:
    """Return all that a person's window shows while it looks at a channel and perhaps a thread."""
    with state.lock:
        state.dm_of(person_id)
        seen = {each.id: each for each in state.places_of(person_id)}
        views = state.views
        shown: dict[str, Any] = {
            "version": state.version,
            "now": state.clock.now().timestamp(),
            "places": places(state, person_id),
            "read_to": state.read.get((person_id, channel_id), ""),
            "messages": [],
            "thread": [],
            "home": views.home(person_id),
            "modals": [views.by_id[each] for each in views.stacks.get(person_id, ())],
            "toasts": [each for each in state.toasts if each["to"] == person_id][-SHOWN_TOASTS:],
        }
        if channel_id in seen:
            shown["messages"] = said(state, person_id, channel_id)
            if thread_ts:
                shown["thread"] = said(state, person_id, channel_id, thread_ts)
            newest = [each["ts"] for each in (*shown["messages"], *shown["thread"])]
            if newest:
                state.read[person_id, channel_id] = max(newest)
                state.read_at[person_id, channel_id] = shown["now"]
            for place in shown["places"]:
                if place["id"] == channel_id:
                    place |= {"unread": 0, "mentions": 0}
        return copy.deepcopy(shown)
