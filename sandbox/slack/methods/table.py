"""Which methods there are: what each needs, how often it may be called, and what answers it."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.methods import chat, conversations, directory, modals, pins, uploads
from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.shapes import Json


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of the Web API; any one of `scopes` will do, `tier` is Slack's rate tier."""

    answer: Callable[[WebApiCall], Json]
    required: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    tier: int = 3
    for_app: bool = False


READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
WRITE, USERS, GROUPS = ("chat:write",), ("users:read",), ("usergroups:read",)

METHODS: dict[str, Method] = {
    "apps.connections.open": Method(answer=directory.connections_open, for_app=True),
    "auth.test": Method(answer=directory.auth_test, tier=5),
    "bots.info": Method(answer=directory.bots_info, scopes=USERS),
    "chat.delete": Method(answer=chat.delete, required=("channel", "ts"), scopes=WRITE),
    "chat.getPermalink": Method(answer=chat.get_permalink, required=("channel", "message_ts"), tier=5),
    "chat.postEphemeral": Method(answer=chat.post_ephemeral, required=("channel", "user"), scopes=WRITE, tier=4),
    "chat.postMessage": Method(answer=chat.post_message, required=("channel",), scopes=WRITE, tier=5),
    "chat.update": Method(answer=chat.update, required=("channel", "ts"), scopes=WRITE),
    "conversations.history": Method(answer=conversations.history, required=("channel",), scopes=HISTORY),
    "conversations.info": Method(answer=conversations.info, required=("channel",), scopes=READ),
    "conversations.join": Method(answer=conversations.join, required=("channel",), scopes=("channels:join",)),
    "conversations.list": Method(answer=conversations.list_them, scopes=("channels:read", "groups:read"), tier=2),
    "conversations.members": Method(answer=conversations.members, required=("channel",), scopes=READ, tier=4),
    "conversations.open": Method(answer=conversations.open_dm, scopes=("im:write",)),
    "conversations.replies": Method(answer=conversations.replies, required=("channel", "ts"), scopes=HISTORY),
    "files.completeUploadExternal": Method(
        answer=uploads.complete_upload, required=("files",), scopes=("files:write",), tier=4
    ),
    "files.delete": Method(answer=uploads.delete, required=("file",), scopes=("files:write",)),
    "files.getUploadURLExternal": Method(
        answer=uploads.get_upload_url, required=("filename", "length"), scopes=("files:write",), tier=4
    ),
    "files.info": Method(answer=uploads.info, required=("file",), scopes=("files:read",), tier=4),
    "pins.add": Method(answer=pins.add, required=("channel",), scopes=("pins:write",), tier=2),
    "pins.remove": Method(answer=pins.remove, required=("channel",), scopes=("pins:write",), tier=2),
    "reactions.add": Method(
        answer=chat.add_reaction, required=("channel", "name", "timestamp"), scopes=("reactions:write",)
    ),
    "team.info": Method(answer=directory.team_info, scopes=("team:read",)),
    "usergroups.list": Method(answer=directory.usergroups_list, scopes=GROUPS, tier=2),
    "usergroups.users.list": Method(
        answer=directory.usergroup_people, required=("usergroup",), scopes=GROUPS, tier=2
    ),
    "users.info": Method(answer=directory.users_info, required=("user",), scopes=USERS, tier=4),
    "users.list": Method(answer=directory.users_list, scopes=USERS, tier=2),
    "users.lookupByEmail": Method(
        answer=directory.lookup_by_email, required=("email",), scopes=("users:read.email",)
    ),
    "views.open": Method(answer=modals.open_modal, required=("view",), tier=4),
    "views.publish": Method(answer=modals.publish, required=("user_id", "view"), tier=4),
    "views.push": Method(answer=modals.push, required=("view",), tier=4),
    "views.update": Method(answer=modals.update, required=("view",), tier=4),
}

RETIRED = frozenset({"files.upload"})  # gone since 2025-11-12
