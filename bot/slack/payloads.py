"""What Slack delivers, as one value: a command, a click, a submitted modal, or the asking for options."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from commands.holder.document import AttachedFile

# What a button's value or a modal's metadata says: it comes back from Slack, so every part is checked when read.
SentValue = Mapping[str, object]
# A modal as Slack has it, with its blocks and what was typed.
SlackView = Mapping[str, Any]


class PayloadKind(StrEnum):
    """What was delivered."""

    COMMAND = "command"
    CLICK = "click"
    SUBMISSION = "submission"
    CLOSED = "closed"
    OPTIONS = "options"
    EVENT = "event"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One delivery. `name` is the command, action id, callback id or event type; `key` the same for a repeat.

    `team` is the workspace where it happened, `account_team` one of the person's, where Slack names it; on
    Enterprise Grid they may be other workspaces of the organisation `enterprise` than that of our token.
    `thread` is that of the reply in which was clicked; in other messages it is empty.
    `text` is what was typed, searched for or chosen; `view` the modal as it was then. `correlation` is the id by
    which the log tells what belongs to it: of the request that it is about, else one of its own.
    """

    kind: PayloadKind
    name: str
    account: str
    team: str
    account_team: str
    key: str
    enterprise: str = ""
    app: str = ""
    channel: str = ""
    thread: str = ""
    text: str = ""
    trigger: str = ""
    response_url: str = ""
    value: SentValue = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[AttachedFile, ...]] = field(default_factory=dict)
    view: SlackView = field(default_factory=dict)
    view_id: str = ""
    is_ephemeral: bool = False
    correlation: str = ""


def read_incoming(body: Mapping[str, Any]) -> Incoming:
    """Return the delivery of a verified payload; what we do not know is of the kind OTHER."""
    if "command" in body:
        return _read_command(body)
    match body.get("type"):
        case "block_actions":
            return _read_click(body)
        case "block_suggestion":
            return _read_search(body)
        case "view_submission" | "view_closed":
            return _read_view(body)
        case "event_callback":
            return _read_event(body)
        case other:
            return _make(body, kind=PayloadKind.OTHER, name=str(other or ""), key="")


def _make(body: Mapping[str, Any], *, kind: PayloadKind, name: str, key: str, **more: Any) -> Incoming:
    user = body.get("user") or {}
    team, view = body.get("team") or {}, body.get("view") or {}
    return Incoming(
        kind=kind,
        name=name,
        account=user.get("id", "") or body.get("user_id", ""),
        # A view says in which workspace the app is installed that opened it (slack_bolt.request.internals).
        team=view.get("app_installed_team_id") or team.get("id") or body.get("team_id") or "",
        account_team=user.get("team_id") or "",
        enterprise=(body.get("enterprise") or {}).get("id") or body.get("enterprise_id") or "",
        key=key,
        app=body.get("api_app_id", ""),
        trigger=body.get("trigger_id", ""),
        **more,
    )


def _read_command(body: Mapping[str, Any]) -> Incoming:
    return _make(
        body,
        kind=PayloadKind.COMMAND,
        name=body["command"],
        # A command has no id of its own; a repeated delivery has the same trigger (F23).
        key=f"command:{body.get('trigger_id', '')}",
        channel=body.get("channel_id", ""),
        text=body.get("text") or "",
        response_url=body.get("response_url", ""),
    )


def _read_click(body: Mapping[str, Any]) -> Incoming:
    action = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    view = body.get("view") or {}
    chosen = action.get("selected_option") or {}
    # The Home tab is not a modal: a click there cannot be answered in its view.
    is_modal = view.get("type") == "modal"
    return _make(
        body,
        kind=PayloadKind.CLICK,
        # A suffix behind a colon only makes ids unique in their block.
        name=action.get("action_id", "").partition(":")[0],
        key=f"click:{body.get('trigger_id', '')}:{action.get('action_ts', '')}",
        channel=(body.get("channel") or {}).get("id", ""),
        thread=_read_thread(container),
        response_url=body.get("response_url", ""),
        text=chosen.get("value") or "",
        value=read_value(action.get("value") or chosen.get("value")),
        fields=_read_fields(view),
        view=view if is_modal else {},
        view_id=view.get("id", "") if is_modal else "",
        is_ephemeral=bool(container.get("is_ephemeral")),
    )


def _read_thread(container: Mapping[str, Any]) -> str:
    """Return the thread of a reply. A root message has its own time there, and is looked at in the channel."""
    thread = container.get("thread_ts") or ""
    return "" if thread == container.get("message_ts") else str(thread)


def _read_view(body: Mapping[str, Any]) -> Incoming:
    view = body.get("view") or {}
    return _make(
        body,
        kind=PayloadKind.SUBMISSION if body["type"] == "view_submission" else PayloadKind.CLOSED,
        name=view.get("callback_id", ""),
        key=f"view:{view.get('id', '')}:{view.get('hash', '')}:{body.get('trigger_id', '')}",
        value=read_value(view.get("private_metadata")),
        fields=_read_fields(view),
        files=_read_files(view),
        view=view,
        view_id=view.get("id", ""),
    )


def _read_search(body: Mapping[str, Any]) -> Incoming:
    return _make(
        body, kind=PayloadKind.OPTIONS, name=body.get("action_id", ""), key="", text=str(body.get("value") or "")
    )


def _read_event(body: Mapping[str, Any]) -> Incoming:
    event = body.get("event") or {}
    # In a channel that workspaces share, `team_id` is any of them; the first authorization is ours.
    ours: Mapping[str, Any] = next(iter(body.get("authorizations") or ()), {})
    return Incoming(
        kind=PayloadKind.EVENT,
        name=event.get("type", ""),
        account=event.get("user", "") if isinstance(event.get("user"), str) else "",
        team=ours.get("team_id") or body.get("team_id") or "",
        account_team="",
        enterprise=ours.get("enterprise_id") or body.get("context_enterprise_id") or "",
        key=f"event:{body.get('event_id', '')}",
        app=body.get("api_app_id", ""),
        text=str(event.get("tab") or ""),
    )


def read_value(text: object) -> SentValue:
    """Return the object in a button's value or a modal's metadata; empty for anything else."""
    try:
        value = json.loads(text) if isinstance(text, str) and text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _states(view: SlackView) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block, actions in ((view.get("state") or {}).get("values") or {}).items():
        for state in actions.values():
            yield block, state


def _read_fields(view: SlackView) -> dict[str, str]:
    """Return the inputs of a modal by block id: what was typed, or the value that was chosen."""
    fields = {}
    for block, state in _states(view):
        chosen = state.get("selected_option") or {}
        found = state.get("value") or state.get("selected_date") or chosen.get("value") or ""
        fields[block] = found if isinstance(found, str) else ""
    return fields


def _read_files(view: SlackView) -> dict[str, tuple[AttachedFile, ...]]:
    """Return the files that were put into a modal, by block id."""
    return {
        block: tuple(_read_file(file) for file in state["files"] if isinstance(file, dict))
        for block, state in _states(view)
        if isinstance(state.get("files"), list)
    }


def _read_file(file: Mapping[str, Any]) -> AttachedFile:
    size = file.get("size")
    return AttachedFile(
        id=str(file.get("id") or ""),
        name=str(file.get("name") or ""),
        size=size if isinstance(size, int) else 0,
        url=str(file.get("url_private") or ""),
    )
