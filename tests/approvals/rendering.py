"""A minimal renderer of the templates, without the notifier: escapes every hole once."""

# ruff: noqa: S704 - what is marked as safe is JSON made two lines above

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parents[2] / "approvals" / "templates"


def _inside(text: str) -> Markup:
    return Markup(json.dumps(text)[1:-1])


def _finalize(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    assert not hasattr(value, "_undefined_hint") or str(value)
    return _inside(str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _moment(value: str) -> Markup:
    try:
        return Markup(f"<!date^{int(datetime.fromisoformat(value).timestamp())}^{{date}}|then>")
    except ValueError:
        return _finalize(value)


def render(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a template makes of facts."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters = {
        "mention": lambda value: Markup(f"<@{value}>"),
        "moment": _moment,
        "money": _finalize,
        "as_value": lambda value: _inside(json.dumps(value)),
        "join": lambda values, separator: Markup(separator).join(_finalize(value) for value in values),
    }
    document: dict[str, Any] = json.loads(
        environment.get_template(f"{name}.json.j2").render(json.loads(json.dumps(facts)))
    )
    return document
