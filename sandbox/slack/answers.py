"""What the app's answers do: to a command, a submitted modal, a search, a response address."""

from typing import Any

from sandbox.slack.blocks import interactive
from sandbox.slack.deliveries import Answer
from sandbox.slack.elements import OPTION_GROUP, option
from sandbox.slack.methods.contents import checked_blocks
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json, array
from sandbox.slack.state import State
from sandbox.slack.tickets import ResponseAddress

TROUBLE = "We had some trouble connecting. Try again?"
RESPONSE_ACTIONS = frozenset({"errors", "update", "push", "clear"})


class NotUnderstood(Exception):
    """The app answered something that Slack does not take."""


def said(body: Any) -> Json | None:
    """Return text and blocks of an immediate answer or of a post to a response address; None for nothing."""
    if body in (None, "", {}):
        return None
    if isinstance(body, str):
        return {"text": body}
    content: Json = {"text": str(body.get("text") or "")}
    blocks = checked_blocks(body.get("blocks"))
    if blocks:
        content["blocks"] = blocks
    if body.get("attachments"):
        content["attachments"] = body["attachments"]
    if not (content["text"] or blocks or body.get("attachments")):
        raise SlackRefusal("no_text")
    return content


def after_command(state: State, answer: Answer, *, payload: Json) -> str:
    """Show what a command was answered at once; return the words for a failure, else ""."""
    person_id, channel_id, command = payload["user_id"], payload["channel_id"], payload["command"]
    words = ""
    if answer.error:
        words = f'{command} failed with the error "{answer.error}"'
    else:
        try:
            content = said(answer.body)
        except SlackRefusal as refused:
            words = f'{command} failed with the error "invalid_command_response" ({refused.code})'
            content = None
        if content is not None:
            is_open = isinstance(answer.body, dict) and answer.body.get("response_type") == "in_channel"
            _show(state, content, person_id=person_id, channel_id=channel_id, is_open=is_open)
    if words:
        state.toast(person_id, words)
    return words


def _show(
    state: State,
    content: Json,
    *,
    person_id: str,
    channel_id: str,
    is_open: bool,
    thread_ts: str | None = None,
) -> None:
    if is_open:
        state.post(channel_id, content, by=state.team.bot_user_id, thread_ts=thread_ts)
    else:
        where = {"thread_ts": thread_ts} if thread_ts else {}
        state.show_only_to(person_id, channel_id, content | where)


def use_response_address(state: State, path: str, body: Any) -> None:
    """Do what a post to a response address asks for; raises SlackRefusal."""
    if not isinstance(body, dict):
        raise SlackRefusal("invalid_payload")
    with state.lock:
        address = state.tickets.use_address(path, now=state.clock.now())
        source = _source(state, address)
        if body.get("delete_original"):
            if source is not None:
                _remove(state, source)
            return
        content = said(body)
        if content is None:
            raise SlackRefusal("no_text")
        if body.get("replace_original") and source is not None:
            for dropped in ("blocks", "attachments"):
                source.pop(dropped, None)
            source |= state.with_block_ids(content)
            source["edited"] = {"user": state.team.bot_user_id, "ts": state.next_ts()}
            state.touch()
            return
        _show(
            state,
            content,
            person_id=address.person_id,
            channel_id=address.channel_id,
            is_open=body.get("response_type") == "in_channel",
            # Only what the app says: Slack does not put an answer into the thread of the click by itself
            # (docs.slack.dev/interactivity/handling-user-interaction, "message responses": `thread_ts`).
            thread_ts=body.get("thread_ts"),
        )


def _source(state: State, address: ResponseAddress) -> Json | None:
    ts = address.source_ts
    if ts is None:
        return None
    hidden = (each for each in state.ephemerals if each["ts"] == ts and each["to"] == address.person_id)
    return state.messages.get(address.channel_id, {}).get(ts) or next(hidden, None)


def _remove(state: State, message: Json) -> None:
    if message.get("is_ephemeral"):
        state.ephemerals.remove(message)
        state.touch()
    else:
        state.delete(message)


def after_submission(state: State, answer: Answer, *, person_id: str, view: Json) -> dict[str, str]:
    """Do with the modal what the app answered and return errors by block_id; raises NotUnderstood."""
    if answer.error:
        raise NotUnderstood(answer.error)
    body = answer.body
    if body in (None, "", {}):
        with state.lock:
            if state.views.owner(view["id"]) == person_id:
                state.views.pop(person_id)
        state.touch()
        return {}
    if not isinstance(body, dict) or body.get("response_action") not in RESPONSE_ACTIONS:
        raise NotUnderstood("invalid_response_action")
    return _respond(state, body, person_id=person_id, view=view)


def _respond(state: State, body: Json, *, person_id: str, view: Json) -> dict[str, str]:
    action = body["response_action"]
    if action == "errors":
        errors = body.get("errors")
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
            raise NotUnderstood("errors must name blocks of type input")
        return {block_id: str(words) for block_id, words in errors.items()}
    with state.lock:
        views = state.views
        try:
            if action == "clear":
                views.clear(person_id)
            elif action == "update":
                views.update(view["id"], body.get("view"), hash_=None, name=state.serial)
            else:
                views.push(body.get("view"), person_id=person_id, name=state.serial)
        except SlackRefusal as refused:
            raise NotUnderstood(f"{refused.code} {refused.fields or ''}") from refused
    state.touch()
    return {}


def options_of(answer: Answer) -> list[Json]:
    """Return the options that the app offers; raises NotUnderstood when Slack would not take them."""
    if answer.error:
        raise NotUnderstood(answer.error)
    body = answer.body if isinstance(answer.body, dict) else {}
    if "option_groups" in body:
        problems = list(array(OPTION_GROUP, least=0, most=100)(body["option_groups"], "/option_groups"))
        found = [] if problems else [each for group in body["option_groups"] for each in group["options"]]
    else:
        problems = list(array(option(), least=0, most=100)(body.get("options"), "/options"))
        found = [] if problems else body["options"]
    if problems:
        raise NotUnderstood("; ".join(problems))
    return found


def find_element(blocks: list[Json], action_id: str, block_id: str | None) -> Json | None:
    """Return a copy of an element with its block_id, or None when it is not there."""
    for block in blocks:
        for element in interactive(block):
            if element.get("action_id") == action_id and block_id in {None, block["block_id"]}:
                return element | {"block_id": block["block_id"]}
    return None
