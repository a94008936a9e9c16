"""Reads from an app's manifest what the workspace needs to know: its commands, shortcuts and scopes.

Lengths are those of slackapi/manifest-schema 2.0.0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sandbox.slack.shapes import Json

MOST_COMMANDS = 50
# Where, from how many to how many letters.
_LENGTHS: tuple[tuple[str, str, int, int], ...] = (
    ("display_information", "name", 1, 35),
    ("display_information", "description", 0, 140),
    ("display_information", "long_description", 175, 4000),
    ("bot_user", "display_name", 1, 80),
    ("slash_commands", "command", 2, 32),
    ("slash_commands", "description", 1, 2000),
    ("slash_commands", "usage_hint", 0, 1000),
)


class ManifestRefused(ValueError):
    """Slack would not make an app from this manifest."""


def load(source: Path | Json | None) -> Json:
    """Return a manifest (JSON or YAML) as a dict, an empty one for None; raises ManifestRefused."""
    if source is None:
        return {}
    found: Any = source
    if isinstance(source, Path):
        found = yaml.safe_load(source.read_text(encoding="utf-8"))  # YAML reads JSON too
    if not isinstance(found, dict):
        return {}
    wrong = list(_problems(found))
    if wrong:
        raise ManifestRefused("; ".join(wrong))
    return found


def _problems(manifest: Json) -> Iterator[str]:
    features = manifest.get("features", {})
    commands = features.get("slash_commands", [])
    parts: dict[str, list[Json]] = {
        "display_information": [manifest.get("display_information", {})],
        "bot_user": [features.get("bot_user", {})],
        "slash_commands": commands,
    }
    for where, name, least, most in _LENGTHS:
        for part in parts[where]:
            if name in part and not least <= len(part[name]) <= most:
                yield f"{where}.{name}: {least} to {most} letters"
    if len(commands) > MOST_COMMANDS:
        yield f"slash_commands: no more than {MOST_COMMANDS}"
    if not all(each["command"].startswith("/") for each in commands):
        yield "slash_commands.command: begins with /"


def takes_messages(manifest: Json) -> bool:
    """Whether people can write to the app; Slack says "turned off" where its messages tab is read-only."""
    return not manifest.get("features", {}).get("app_home", {}).get("messages_tab_read_only_enabled", False)


def commands(manifest: Json) -> dict[str, Json]:
    """Return the slash commands by name, with description and usage hint."""
    found = manifest.get("features", {}).get("slash_commands", [])
    return {
        each["command"]: {
            "command": each["command"],
            "description": each.get("description", ""),
            "usage_hint": each.get("usage_hint", ""),
        }
        for each in found
    }


def shortcuts(manifest: Json) -> list[Json]:
    """Return the shortcuts: name, callback_id and type (global or message)."""
    return list(manifest.get("features", {}).get("shortcuts", []))


def scopes(manifest: Json) -> frozenset[str] | None:
    """Return the bot scopes that the manifest asks for, or None when it does not say."""
    asked = manifest.get("oauth_config", {}).get("scopes", {}).get("bot")
    return frozenset(asked) if asked is not None else None
