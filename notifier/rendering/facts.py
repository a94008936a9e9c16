"""Facts of a template: the frozen dataclass that names what a template may use, and its plain JSON form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, ClassVar

from paytend import Money
from paytend.money_text import write_money
from storage.durations import say_duration


@dataclass(frozen=True, kw_only=True)
class TemplateFacts:
    """Base of every template's facts: `class CardInfo(TemplateFacts, template="card_info")`.

    A template can use the fields and nothing else (`tests/architecture/test_template_facts.py` compares them).
    """

    template: ClassVar[str] = ""

    def __init_subclass__(cls, *, template: str = "", **rest: Any) -> None:
        """Remember the name of the template, without its suffix."""
        super().__init_subclass__(**rest)
        if template:
            cls.template = template


def list_facts(facts: TemplateFacts | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts by name, with their values as they are: routes compare money and not its text."""
    return (
        facts
        if isinstance(facts, Mapping)
        else {field.name: getattr(facts, field.name) for field in fields(facts)}
    )


def make_plain(value: Any) -> Any:
    """Return the value as plain JSON: money as "12.50 EUR", times in ISO 8601; raises TypeError for others.

    A text of any subclass (a code, ready markup) becomes a bare text: nothing in facts is ever trusted markup.
    """
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value)
    if is_dataclass(value):
        return {field.name: make_plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be a fact")


def _plain_text(value: str) -> str:
    # Not str(value), which a subclass may answer with something of its own.
    return "".join(str.__iter__(value))


# In order: an Enum may be a str, and a datetime is a date.
_WRITERS: tuple[tuple[type[Any] | UnionType, Callable[[Any], Any]], ...] = (
    (bool | int | None, lambda value: value),
    (Enum, lambda value: make_plain(value.value)),
    (str, _plain_text),
    (Money, write_money),
    (Decimal, str),
    (datetime, lambda value: value.astimezone(UTC).isoformat()),
    (date, lambda value: value.isoformat()),
    (timedelta, say_duration),
    (Mapping, lambda value: {make_plain(name): make_plain(inner) for name, inner in value.items()}),
    (list | tuple | set | frozenset, lambda value: [make_plain(inner) for inner in value]),
)
