"""The scopes that the app asks Slack for, each with the calls that need it."""

# A test compares this with what the code calls.
SCOPES: dict[str, tuple[str, ...]] = {
    "channels:history": ("conversations.history", "conversations.replies"),
    "channels:read": ("conversations.members", "conversations.info", "conversations.list"),
    "chat:write": ("chat.postMessage", "chat.update", "chat.postEphemeral"),
    "commands": (),
    "files:read": ("url_private",),  # no method: reading a file by the bot's token
    "files:write": ("files.delete", "files.getUploadURLExternal", "files.completeUploadExternal"),
    "groups:history": ("conversations.history", "conversations.replies"),
    "groups:read": ("conversations.members", "conversations.info", "conversations.list"),
    "im:history": ("conversations.history", "conversations.replies"),
    "im:write": ("conversations.open",),
    "pins:write": ("pins.add", "pins.remove"),
    "usergroups:read": ("usergroups.list",),
    "users:read": ("users.info", "users.list", "bots.info"),
}

# Those that a workspace may leave out when it installs the app, each with what it does without then.
_LOOKED_FOR = "where Slack did not say whether a message was posted {}, nobody can look, and it may be there twice"
OPTIONAL: dict[str, str] = {
    "channels:history": _LOOKED_FOR.format("in a public channel"),
    "files:read": "documents of cardholders cannot go through Slack (`documents: slack`)",
    "files:write": "a low balance is told without the picture of its trend, and no file is deleted from Slack",
    "groups:history": _LOOKED_FOR.format("in a private channel"),
    "im:history": _LOOKED_FOR.format("to a person"),
    "pins:write": "the lines of stops are not pinned",
}
REQUIRED = {name: calls for name, calls in SCOPES.items() if name not in OPTIONAL}
