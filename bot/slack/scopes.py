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
