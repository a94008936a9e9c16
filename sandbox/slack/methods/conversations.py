"""conversations.*: docs.slack.dev/reference/methods/conversations.history and its family."""

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.people import Channel
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json


def open_dm(call: WebApiCall) -> Json:
    """Open the direct conversation with one person."""
    wanted = [each.strip() for each in call.text("users").split(",") if each.strip()]
    if not wanted and call.text("channel"):
        return {"channel": {"id": call.channel().id}}
    if not wanted:
        raise SlackRefusal("users_list_not_supplied")
    if len(wanted) > 1:
        raise SlackRefusal("too_many_users")  # group conversations are not part of the stand-in
    person = call.state.person_named(wanted[0])
    if person is None:
        raise SlackRefusal("user_not_found")
    if person.deleted:
        raise SlackRefusal("user_disabled")
    if person.is_bot:
        raise SlackRefusal("cannot_dm_bot")
    is_new = f"D0{person.id[2:]}" not in call.state.channels
    channel = call.state.dm_of(person.id)
    call.state.touch()
    shown: Json = {"id": channel.id}
    if call.flag("return_im"):
        shown |= channel.as_json(bot_user_id=call.state.team.bot_user_id)
    return {"channel": shown, **({} if is_new else {"no_op": True, "already_open": True})}


def info(call: WebApiCall) -> Json:
    """Return a conversation."""
    channel = call.channel()
    call.needs_for(channel, "read")
    return {"channel": _shown(call, channel)}


def _shown(call: WebApiCall, channel: Channel) -> Json:
    count = call.flag("include_num_members")
    return channel.as_json(bot_user_id=call.state.team.bot_user_id, with_count=count)


def list_them(call: WebApiCall) -> Json:
    """Return the channels of the wanted types, in pages; of private ones those in which the app is."""
    wanted = {each.strip() for each in (call.text("types") or "public_channel").split(",")}
    needed = {"public_channel": "channels:read", "private_channel": "groups:read"}
    for kind in sorted(wanted):
        if kind not in {*needed, "im", "mpim"}:
            raise SlackRefusal("invalid_types")
        if kind in needed and needed[kind] not in call.scopes:
            raise SlackRefusal("missing_scope", needed=needed[kind], provided=",".join(sorted(call.scopes)))
    bot = call.state.team.bot_user_id
    seen = [
        channel
        for channel in call.state.channels.values()
        if not channel.im_of
        and ("private_channel" if channel.is_private else "public_channel") in wanted
        and (bot in channel.members or not channel.is_private)
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    part, more = call.page(seen, default=100, most=1000)
    return {"channels": [channel.as_json(bot_user_id=bot, with_count=True) for channel in part], **more}


def members(call: WebApiCall) -> Json:
    """Return who is in a conversation, in pages."""
    channel = call.channel()
    call.needs_for(channel, "read")
    people, more = call.page(sorted(channel.members), default=100, most=1000)
    return {"members": people, **more}


def join(call: WebApiCall) -> Json:
    """Let the app join a public channel."""
    channel = call.channel()
    if channel.im_of or channel.is_private:
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    bot = call.state.team.bot_user_id
    already = {"warning": "already_in_channel"} if bot in channel.members else {}
    channel = call.state.change_channel(channel.id, members=channel.members | {bot})
    return {"channel": _shown(call, channel), **already}


def _within(call: WebApiCall, messages: list[Json]) -> list[Json]:
    oldest, latest = call.text("oldest") or "0", call.text("latest") or "9999999999"
    for value, name in ((oldest, "oldest"), (latest, "latest")):
        if not value.replace(".", "", 1).isdecimal():
            raise SlackRefusal(f"invalid_ts_{name}")
    low, high = float(oldest), float(latest)
    if call.flag("inclusive"):
        return [each for each in messages if low <= float(each["ts"]) <= high]
    return [each for each in messages if low < float(each["ts"]) < high]


def _said(call: WebApiCall, messages: list[Json]) -> list[Json]:
    with_metadata = call.flag("include_all_metadata")
    shown = [call.state.shown(each, with_metadata=with_metadata) for each in messages]
    for each in shown:
        del each["channel"]
    return shown


def history(call: WebApiCall) -> Json:
    """Return what was said in a channel, newest first, in pages."""
    channel = call.own_channel()
    call.needs_for(channel, "history")
    said = list(reversed(_within(call, call.state.timeline(channel.id))))
    part, more = call.page(said, default=100, most=999)
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": _said(call, part), "has_more": has_more, "pin_count": 0, **(more if has_more else {})}


def replies(call: WebApiCall) -> Json:
    """Return a thread with its parent, oldest first, in pages."""
    channel = call.own_channel()
    call.needs_for(channel, "history")
    thread_ts = call.text("ts")
    parent = call.state.messages.get(channel.id, {}).get(thread_ts)
    if parent is None:
        raise SlackRefusal("thread_not_found")
    thread_ts = parent.get("thread_ts", thread_ts)
    thread = call.state.timeline(channel.id, thread_ts)
    part, more = call.page([thread[0], *_within(call, thread[1:])], default=1000, most=1000)
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": _said(call, part), "has_more": has_more, **(more if has_more else {})}
