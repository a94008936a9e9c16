"""Reads from an app's manifest what the workspace needs to know: its commands, shortcuts and scopes."""

from pathlib import Path
from typing import Any

import yaml

from sandbox.slack.shapes import Json


def load(source: Path | Json | None) -> Json:
    """Return a manifest (JSON or YAML) as a dict; an empty one for None."""
    if source is None:
        return {}
    if isinstance(source, dict):
        return source
    found: Any = yaml.safe_load(source.read_text(encoding="utf-8"))  # YAML reads JSON too
    return found if isinstance(found, dict) else {}


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
