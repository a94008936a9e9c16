"""Writes docs/words.md: all that people read, from each template filled with sample facts, and from each refusal.

`python -m tests.words > docs/words.md` renews the page; a test compares it.
"""

import dataclasses
import enum
import importlib
import pkgutil
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import approvals
import bot
import commands
import notifier
from approvals.refusals import Refusal
from bot.slack.error_replies import ANSWERS
from bot.slack.handlers.table import COMMANDS
from notifier.rendering.facts import TemplateFacts
from notifier.rendering.renderer import Renderer, RenderFailed
from paytend import Money
from tests import once

PACKAGES = (approvals, bot, commands, notifier)
MOMENT = datetime(2026, 11, 22, 13, 19, tzinfo=UTC)
# By the name of a field, whatever class it is in: what such a text looks like in real life.
TEXTS = {
    "account": "U0SAM",
    "action": "card.top_up",
    "amount": "120.50 EUR",
    "approvals": "1 of 1",
    "at_text": "",
    "balance": "64.10 EUR",
    "bars": "▆▅▄▃",
    "by": "U0MARA",
    "callback": "card_pick_info",
    "card": "1755902",
    "card_id": "1755902",
    "channel": "C0APPROVALS",
    "channels": "C0ALERTS",
    "code": "51",
    "count": "1 of 2",
    "country": "LT",
    "currency": "EUR",
    "day": "2026-11-21",
    "denial": "wrong amount",
    "denied_by": "U0MARA",
    "digest": "d1",
    "done": "120.50 EUR added to Rūta Kazlauskaitė’s card •••• 5097.",
    "email": "ruta@example.com",
    "ended": "",
    "exceeded": "",
    "expires": "2029-11",
    "fee": "0.50 EUR",
    "headline": "Can’t do that",
    "holder": "Rūta Kazlauskaitė",
    "holder_id": "101982",
    "holder_name": "Rūta Kazlauskaitė",
    "id": "r1",
    "id_number": "PS•••••67",
    "kind": "transaction",
    "kyc": "approved",
    "label": "Identity check",
    "last_four": "5097",
    "level": "low",
    "line": "Gedimino pr. 1",
    "link": "https://paytend.com",
    "mention": "U0OLGA",
    "mentions": "U0OLGA",
    "merchant": "MAXIMA LT",
    "mobile": "+370 612 34567",
    "money": "120.50 EUR",
    "name": "Rūta Kazlauskaitė",
    "needs": "1 approval",
    "next": "Try again in a minute.",
    "other": "130.00 USD",
    "over": "1,000.00 EUR",
    "owner": "U0OLGA",
    "partner": "enough",
    "partner_id": "P1000",
    "per": "card",
    "phrase": "dragon raven eagle",
    "question": "Approve 120.50 EUR for Rūta Kazlauskaitė?",
    "reason": "customer called",
    "reference": "01m8gy45sr1wr4at2hh987exy6",
    "requester": "U0SAM",
    "requester_name": "sam",
    "role": "manager",
    "roles": "manager",
    "rule": "top-ups",
    "scheme": "Mastercard",
    "secret": "1234",
    "short_reason": "customer called",
    "source": "POS",
    "state": "open",
    "status": "active",
    "status_words": "Needs 1 approval",
    "summary": "Top-up 120.50 EUR to Rūta Kazlauskaitė •••• 5097",
    "short_summary": "Top-up 120.50 EUR to Rūta",
    "approve_question": "Approve 120.50 EUR for Rūta Kazlauskaitė?",
    "text": "•••• 5097 (1755902), active",
    "title": "Top-up",
    "total": "1,355.00 EUR",
    "trade_id": "T100200",
    "trend": "−1,200.00 EUR in 7 days",
    "type": "personal physical",
    "typed": "top-ups",
    "unusual": "First top-up in 30 days",
    "verdict": "approve",
    "warn": "5,000.00 EUR",
    "was": "",
    "what": "top-ups",
    "who": "U0SAM",
    "why_you": "needs 1 manager, not the requester",
    "window": "24 h",
    "word": "info",
    "words": "Paytend confirmed it.",
    "requester_role": "support",
    "status_code": "5",
    "before": "64.10 EUR",
    "after": "184.60 EUR",
    "status_text": "settled",
    "type_text": "payment",
    "source_text": "POS",
    "happened_text": "",
    "other_amount": "",
    "amount_unclear": "",
    "type_code": "151",
    "note": "By the routes of cardops.yml as they are now",
}
# Templates that say different things in different states: what differs, by template.
STATES: dict[str, Sequence[Mapping[str, Any]]] = {
    "request_card": (
        {
            "status": "pending",
            "buttons": ["request_approve", "request_deny", "request_looking", "request_withdraw"],
            "done": None,
            "settlements": [],
            "stopped": [],
            "approved": None,
            "execute_by": None,
            "decisions": [],
        },
        {
            "status": "approved",
            "status_words": "Approved – sending to Paytend",
            "buttons": ["request_stop"],
            "done": None,
            "settlements": [],
        },
        {
            "status": "unknown",
            "status_words": "Outcome unclear – two people must check",
            "execute_by": None,
            "buttons": ["request_settle_happened", "request_settle_not"],
            "stopped": [],
        },
        {"status": "executed", "status_words": "Completed", "buttons": []},
        {
            "status": "expired",
            "status_words": "Expired",
            "buttons": [],
            "approved": None,
            "decisions": [],
            "ended_because": "Expired: nobody approved or denied it in time.",
        },
    ),
    "request_outcome": (
        {"status": "executed", "words": "Completed."},
        {"status": "failed", "moves_money": True, "words": "No funds."},
        {"status": "unknown", "words": "No reply came."},
        {"status": "denied"},
        {"status": "expired", "words": "Expired: nobody approved or denied it in time."},
    ),
    "card_lost_done": ({"card": {"status_code": "6", "status": "lost"}}, {}),
    "transaction": ({"status": "declined"}, {"status": "settled"}),
}


def all_classes(base: type[Any]) -> Iterator[type[Any]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", ".env")):
                importlib.import_module(module.name)
    waiting: list[type[Any]] = list(base.__subclasses__())
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if not found.__module__.startswith("tests."):
            yield found


def sample(kind: Any, *, name: str, full: bool) -> Any:
    """Return a value of a type: with everything there is, or without what may be missing; never without text."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        others = [each for each in inner if each is not types.NoneType]
        return None if types.NoneType in inner and not full else sample(others[0], name=name, full=full)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"request": "r1"}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [sample(inner[0], name=name, full=full)] if full else []
    if origin is typing.Literal:
        return inner[0]
    if dataclasses.is_dataclass(kind) and kind is not Money:
        return fill(typing.cast("type[Any]", kind), full=full)
    return _simple(kind, name=name, full=full)


def _simple(kind: Any, *, name: str, full: bool) -> Any:
    plain: Mapping[Any, Any] = {
        bool: full and name != "void",
        int: 3,
        float: 3.0,
        datetime: MOMENT,
        date: MOMENT.date(),
        timedelta: timedelta(hours=24),
        Decimal: Decimal("120.50"),
        Money: Money.read("120.50 EUR"),
        Any: "",
        object: "",
    }
    if kind is str:
        return TEXTS.get(name, f"({name.replace('_', ' ')})")
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    if kind in plain:
        return plain[kind]
    if hasattr(kind, "model_fields"):
        hints = {field: info.annotation for field, info in kind.model_fields.items()}
        return kind.model_construct(
            **{field: sample(hint, name=field, full=full) for field, hint in hints.items()}
        )
    raise TypeError(f"{name}: no sample of {kind}")


def fill(kind: type[Any], *, full: bool, **given: Any) -> Any:
    """Return facts with a sample in each field; those `given` may be parts of a nested one."""
    hints = typing.get_type_hints(kind)
    values = {
        field.name: sample(hints[field.name], name=field.name, full=full) for field in dataclasses.fields(kind)
    }
    for name, value in given.items():
        if name in values:
            nested = isinstance(value, Mapping) and dataclasses.is_dataclass(values[name])
            values[name] = dataclasses.replace(values[name], **value) if nested else value
    return kind(**values)


def read_texts(document: Any) -> Iterator[str]:
    """Yield what is read of a message or view, in its order; buttons in brackets, with what is read aloud."""
    match document:
        case {"type": "button", "text": {"text": str(text)}}:
            label = document.get("accessibility_label", "")
            yield f"[{text}]" + (f" (read as “{label}”)" if label and label != text else "")
            yield from read_texts(document.get("confirm"))
        case {"type": "plain_text" | "mrkdwn", "text": str(text)}:
            yield text
        case dict():
            for name, value in document.items():
                if name not in {
                    "type",
                    "action_id",
                    "block_id",
                    "value",
                    "private_metadata",
                    "callback_id",
                    "style",
                }:
                    yield from read_texts(value) if not (name == "text" and isinstance(value, str)) else [value]
        case list():
            for each in document:
                yield from read_texts(each)


def show(text: str) -> str:
    """Return a text as people see it: times and mentions in words, one line."""
    text = re.sub(r"<!date\^[^|]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<[@#]([A-Z0-9]+)>", r"@\1", text)
    return text.replace("\n", " ⏎ ").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").strip()


def render(renderer: Renderer, template: str, facts: TemplateFacts) -> list[str]:
    if template.endswith(".view"):
        texts = read_texts(renderer.view(template, facts))
    else:
        message = renderer.message(template, facts)
        texts = iter([message.text, *read_texts(message.blocks)])
    return list(dict.fromkeys(filter(None, map(show, texts))))


def of_template(renderer: Renderer, kind: type[TemplateFacts]) -> list[str]:
    """Return the lines of one template: in its states, or with everything and with as little as it takes."""
    states = STATES.get(kind.template)
    if states:
        fillings = [fill(kind, full=True, **state) for state in states]
    else:
        fillings = [fill(kind, full=True), fill(kind, full=False)]
    lines = [f"### {kind.template}", "", *(f"- {line}" for line in render(renderer, kind.template, fillings[0]))]
    seen = set(lines)
    for filling in fillings[1:]:
        try:
            more = [f"- {line}" for line in render(renderer, kind.template, filling)]
        except RenderFailed:  # it is never that empty
            continue
        fresh = [line for line in more if line not in seen]
        if fresh:
            lines += ["", "or:", "", *fresh]
            seen.update(fresh)
    return [*lines, ""]


def write() -> str:
    """Return the page."""
    renderer = once.renderer()
    lines = [
        "# Words",
        "",
        "Everything that people read, in one place: `python -m tests.words > docs/words.md` writes it from the",
        "templates, each filled with sample facts, from the refusals and from the commands; a test compares it.",
        "`⏎` is a line break, `(name)` a text from elsewhere. The house words are in the [glossary](glossary.md).",
        "",
        "## Messages, answers and forms",
        "",
    ]
    found = {kind.template: kind for kind in all_classes(TemplateFacts) if kind.template}
    for name in sorted(found):
        lines += of_template(renderer, found[name])
    lines += ["## Refusals", ""]
    refusals = {kind.__name__: kind for kind in all_classes(Refusal)}
    lines += [f"- {name}: {_sentence(kind)}" for name, kind in sorted(refusals.items())]
    lines += ["", "## When something goes wrong", ""]
    for error, said in ANSWERS:
        words = " · ".join(filter(None, (said.headline, "(the sentence)" if said.told else "", said.next)))
        lines.append(f"- {error.__name__}: {words}")
    lines += ["", "## Commands", ""]
    for command in COMMANDS:
        lines.append(f"- `{command.name}`: {command.does}")
        lines += [f"  - `{command.line(form)}`: {form.does}" for form in command.forms]
    return "\n".join(lines).rstrip() + "\n"


def _sentence(kind: type[Refusal]) -> str:
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(write())
