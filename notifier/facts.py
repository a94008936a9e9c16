"""Facts of a notification: plain JSON values, whatever they were before, and their sealed form at rest."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from notifier.durations import say_duration
from notifier.money_text import write_money
from notifier.vault import Vault
from paytend import Money

_TABLE, _COLUMN = "delivery", "facts"


def make_plain(value: Any) -> Any:
    """Return the value as plain JSON: money as "12.50 EUR", times in ISO 8601; raises TypeError for others.

    A text of any subclass (a code, ready markup) becomes a bare text: nothing in facts is ever trusted markup.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return make_plain(value.value)
        case str():
            return "".join(str.__iter__(value))
        case Money():
            return write_money(value)
        case Decimal():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return say_duration(value)
        case Mapping():
            return {make_plain(name): make_plain(inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [make_plain(inner) for inner in value]
        case _:
            raise TypeError(f"{type(value).__name__} cannot be a fact")


def seal_facts(facts: Mapping[str, Any], *, vault: Vault, delivery_id: str) -> bytes:
    """Return the facts as they are stored in the row of this delivery."""
    text = json.dumps(make_plain(facts), ensure_ascii=False, separators=(",", ":"))
    return vault.seal(text.encode("utf-8", "replace"), table=_TABLE, row=delivery_id, column=_COLUMN)


def open_facts(sealed: bytes, *, vault: Vault, delivery_id: str) -> dict[str, Any]:
    """Return the facts of this delivery's row; raises vault.Unreadable."""
    facts: dict[str, Any] = json.loads(vault.open(sealed, table=_TABLE, row=delivery_id, column=_COLUMN))
    return facts
