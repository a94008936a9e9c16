"""Facts of a notification: plain JSON values, whatever they were before, and their sealed form at rest."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any

from paytend import Money
from paytend.money_text import write_money
from storage.durations import say_duration
from storage.vault import Vault

_TABLE, _COLUMN = "delivery", "facts"


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


def make_plain(value: Any) -> Any:
    """Return the value as plain JSON: money as "12.50 EUR", times in ISO 8601; raises TypeError for others.

    A text of any subclass (a code, ready markup) becomes a bare text: nothing in facts is ever trusted markup.
    """
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value)
    raise TypeError(f"{type(value).__name__} cannot be a fact")


def seal_facts(facts: Mapping[str, Any], *, vault: Vault, delivery_id: str) -> bytes:
    """Return the facts as they are stored in the row of this delivery."""
    text = json.dumps(make_plain(facts), ensure_ascii=False, separators=(",", ":"))
    return vault.seal(text.encode("utf-8", "replace"), table=_TABLE, row=delivery_id, column=_COLUMN)


def open_facts(sealed: bytes, *, vault: Vault, delivery_id: str) -> dict[str, Any]:
    """Return the facts of this delivery's row; raises vault.Unreadable."""
    facts: dict[str, Any] = json.loads(vault.open(sealed, table=_TABLE, row=delivery_id, column=_COLUMN))
    return facts
