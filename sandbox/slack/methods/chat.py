"""chat.*: docs.slack.dev/reference/methods/chat.postMessage and its family."""

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.methods.contents import TEXT_CUT, UPDATE_TEXT, content
from sandbox.slack.people import Channel
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json


def _thread(call: WebApiCall, channel: Channel) -> str | None:
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    parent = call.state.messages.get(channel.id, {}).get(thread_ts)
    if parent is None:
        raise SlackRefusal("thread_not_found")
    if "thread_ts" in parent:
        raise SlackRefusal("cannot_reply_to_message")
    return thread_ts


def _open_channel(call: WebApiCall) -> Channel:
    channel = call.own_channel()
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    return channel


def post_message(call: WebApiCall) -> Json:
    """Post to a channel, a thread or a person's DM with the app."""
    channel = _open_channel(call)
    said = content(call)
    thread_ts = _thread(call, channel)
    if thread_ts and call.flag("reply_broadcast"):
        said["subtype"] = "thread_broadcast"
    message = call.state.post(channel.id, said, by=call.state.team.bot_user_id, thread_ts=thread_ts)
    shown = call.state.shown(message)
    return {"channel": channel.id, "ts": message["ts"], "message": shown}


def update(call: WebApiCall) -> Json:
    """Replace the content of one of the app's messages; metadata stays unless given."""
    state = call.state
    channel = call.channel()
    message = state.message(channel.id, call.text("ts"))
    if state.team.bot_user_id not in channel.members:
        raise SlackRefusal("channel_not_found")
    if channel.is_archived:
        raise SlackRefusal("is_inactive")
    if message.get("bot_id") != state.team.bot_id:
        raise SlackRefusal("cant_update_message")
    said = state.with_block_ids(content(call, text_limit=UPDATE_TEXT))
    for dropped in ("blocks", "attachments"):
        message.pop(dropped, None)
    if said.get("metadata") == {}:
        message.pop("metadata", None)
        del said["metadata"]
    message |= said
    message["edited"] = {"user": state.team.bot_user_id, "ts": state.next_ts()}
    state.touch()
    shown = state.shown(message)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": shown}


def delete(call: WebApiCall) -> Json:
    """Delete a message of the app; a thread's parent leaves a tombstone."""
    state = call.state
    channel = call.channel()
    message = state.message(channel.id, call.text("ts"))
    if message.get("bot_id") != state.team.bot_id:
        raise SlackRefusal("cant_delete_message")
    state.delete(message)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(call: WebApiCall) -> Json:
    """Show something to one person in a channel where both the app and they are."""
    channel = _open_channel(call)
    person = call.state.person_named(call.text("user"))
    if person is None or person.id not in channel.members or person.deleted:
        raise SlackRefusal("user_not_in_channel")
    said = content(call, text_limit=TEXT_CUT)
    thread_ts = _thread(call, channel)
    if thread_ts:
        said["thread_ts"] = thread_ts
    said.pop("metadata", None)
    return {"message_ts": call.state.show_only_to(person.id, channel.id, said)["ts"]}


def get_permalink(call: WebApiCall) -> Json:
    """Return the address of a message."""
    channel = call.channel()
    message = call.state.message(channel.id, call.text("message_ts"))
    address = f"{call.base_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    if "thread_ts" in message:
        address += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


def add_reaction(call: WebApiCall) -> Json:
    """React to a message with an emoji (reactions.add)."""
    channel = call.own_channel()
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    message = call.state.message(channel.id, call.text("timestamp"))
    name = call.text("name").strip(":")
    if not name or not name.replace("-", "").replace("_", "").replace("+", "").isalnum():
        raise SlackRefusal("invalid_name")
    bot = call.state.team.bot_user_id
    reactions = message.setdefault("reactions", [])
    known = next((each for each in reactions if each["name"] == name), None)
    if known is None:
        reactions.append({"name": name, "users": [bot], "count": 1})
    elif bot in known["users"]:
        raise SlackRefusal("already_reacted")
    else:
        known["users"].append(bot)
        known["count"] += 1
    call.state.touch()
    return {}
