"""An operator's own notice templates: each is tried with hostile facts before it takes the place of ours."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from notifier.inbox.event_facts import (
    CardAppliedNotice,
    CardholderAuditedNotice,
    TransactionNotice,
    UnrecognisedNotice,
)
from notifier.outbox.notice_facts import ACKNOWLEDGE, WHY, NoticeFacts
from notifier.rendering.renderer import SUFFIX, Renderer, RenderFailed

_HOSTILE = ('<!channel> "}]} \\ & {{ 7 * 7 }}\n\N{RIGHT-TO-LEFT OVERRIDE}x', "M" * 5000, "", "<@U0VICTIM>")
_LISTS = {"mentions": 10, "cards": 10, "fields": 40, "stages": 10}  # facts that are lists, and their most items
_IDS = frozenset({"card_id", "holder_id"})  # short, and not in the sender's hands

_BELOW = frozenset({ACKNOWLEDGE, WHY})  # shown below a notice whatever its template, so not for a template to use


def _list_names(facts: type[NoticeFacts]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(facts) if field.name not in _BELOW)


# What a notice of each kind has; an operator's template may use these and no others.
FACTS: Mapping[str, tuple[str, ...]] = {
    facts.template: _list_names(facts)
    for facts in (TransactionNotice, CardholderAuditedNotice, CardAppliedNotice, UnrecognisedNotice)
}


@dataclass(frozen=True, kw_only=True)
class FaultyTemplate:
    """A template of the operator's that is not used, and why (without any value)."""

    name: str
    reason: str


def override(renderer: Renderer, folder: Path | None, *, log: logging.Logger) -> list[FaultyTemplate]:
    """Let the templates of a folder take the place of ours where they pass the trial; log and return the others.

    Only `<kind>.json.j2` of the kinds in FACTS are taken. They may import our `_parts.j2`.
    """
    faulty = []
    for name, source in _read(folder):
        try:
            _try(renderer, name, source)
        # RecursionError: one that is nested too deeply to be parsed must not end the start (A25).
        except (RenderFailed, TemplateError, RecursionError) as error:
            faulty.append(FaultyTemplate(name=f"{name}{SUFFIX}", reason=_say(error)))
            log.warning("template.faulty", extra={"template": f"{name}{SUFFIX}", "reason": _say(error)})
    if folder is not None and not folder.is_dir():
        faulty.append(FaultyTemplate(name=str(folder), reason="there is no such folder"))
        log.warning("template.no_folder", extra={"folder": str(folder)})
    return faulty


def _try(renderer: Renderer, name: str, source: str | None) -> None:
    if source is None:
        raise RenderFailed("the file cannot be read as text")
    if name not in FACTS:
        raise RenderFailed(f"only these can be overridden: {', '.join(FACTS)}")
    lists = {fact: most for fact, most in _LISTS.items() if fact in FACTS[name]}
    renderer.override(name, source, lists=lists, trials=make_trials(name))


def make_trials(kind: str) -> list[dict[str, Any]]:
    """Return the facts with which a template is tried: everything hostile, everything long, everything missing."""
    return [
        *({name: _fill(name, value) for name in FACTS[kind]} for value in _HOSTILE),
        {name: _fill(name, None) for name in FACTS[kind]},
    ]


def _fill(name: str, value: str | None) -> Any:
    lists: Mapping[str, Sequence[Any]] = {
        "mentions": [value],
        "cards": [{"card_id": value and value[:100], "last_four": value}] * 10,
        "fields": [{"name": value, "value": value}] * 40,
        "stages": [{"word": value, "amount": value, "at": value}] * 10,
    }
    if name == "reason":
        return value and {"kind": "lost", **dict.fromkeys(("by", "at", "status", "balance", "asked"), value)}
    if name in lists:
        return [] if value is None else lists[name]
    return value[:100] if value and name in _IDS else value


def _read(folder: Path | None) -> list[tuple[str, str | None]]:
    if folder is None or not folder.is_dir():
        return []
    found: list[tuple[str, str | None]] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            found.append((path.name.removesuffix(SUFFIX), path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            found.append((path.name.removesuffix(SUFFIX), None))
    return found


def _say(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    text = str(getattr(error, "message", None) or error)
    return f"line {line}: {text}" if line else text
