"""files.*: the three steps of an upload, and what became of a file."""

from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json

ALT_CHARACTERS = 1000


def get_upload_url(call: WebApiCall) -> Json:
    """Make room for a file and say where its bytes go."""
    length = call.number("length", 0)
    if length <= 0:
        raise Invalid(["[ERROR] must be greater than 0 [json-pointer:/length]"])
    now = int(call.state.clock.now().timestamp())
    owner = call.state.team.bot_user_id
    alt = call.text("alt_txt")
    if len(alt) > ALT_CHARACTERS:
        raise SlackRefusal("alt_txt_too_large")
    file = call.state.files.add(call.text("filename"), owner=owner, created=now, length=length)
    file.alt = alt
    return {"upload_url": f"{call.base_url}/upload/v1/{file.ticket}", "file_id": file.id}


def complete_upload(call: WebApiCall) -> Json:
    """Finish uploads and share them in a channel or thread."""
    state = call.state
    wanted = call.decoded("files")
    if not isinstance(wanted, list) or not all(isinstance(each, dict) and "id" in each for each in wanted):
        raise Invalid(["[ERROR] must be an array of objects with an id [json-pointer:/files]"])
    files = [state.files.get(each["id"]) for each in wanted]
    if any(file.owner != state.team.bot_user_id or not file.content or file.is_ready for file in files):
        raise SlackRefusal("file_not_found")
    channel_id = call.text("channel_id") or call.text("channels").split(",")[0]
    channel = None
    if channel_id:
        channel = state.channel_named(channel_id)
        if channel is None:
            raise SlackRefusal("channel_not_found")
        if state.team.bot_user_id not in channel.members:
            raise SlackRefusal("not_in_channel")
        if channel.is_archived:
            raise SlackRefusal("is_archived")
        if (thread_ts := call.text("thread_ts")) and thread_ts not in state.messages.get(channel.id, {}):
            raise SlackRefusal("thread_not_found")
    for file, each in zip(files, wanted, strict=True):
        file.is_ready, file.title = True, str(each.get("title") or "")
        file.channels = [channel.id] if channel else []
    shown = [file.as_json(base_url=call.base_url, team_id=state.team.id) for file in files]
    if channel is not None:
        said = {"text": call.text("initial_comment"), "subtype": "file_share", "files": shown}
        state.post(channel.id, said, by=state.team.bot_user_id, thread_ts=call.text("thread_ts") or None)
    return {"files": shown}


def info(call: WebApiCall) -> Json:
    """Return the record of a file."""
    file = call.state.files.get(call.text("file"))
    return {"file": file.as_json(base_url=call.base_url, team_id=call.state.team.id)}


def delete(call: WebApiCall) -> Json:
    """Delete a file of the app's own; its bytes are gone. What a person uploaded, only the person can delete."""
    file = call.state.files.get(call.text("file"))
    if file.owner != call.state.team.bot_user_id:
        raise SlackRefusal("cant_delete_file")
    file.is_deleted, file.content = True, b""
    call.state.touch()
    return {}
