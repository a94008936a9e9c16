"""Facts of a delivery at rest: sealed for its row."""

import json
from collections.abc import Mapping
from typing import Any

from notifier.rendering.facts import TemplateFacts, make_plain
from storage.vault import Vault

_TABLE, _COLUMN = "delivery", "facts"


def seal_facts(facts: TemplateFacts | Mapping[str, Any], *, vault: Vault, delivery_id: str) -> bytes:
    """Return the facts as they are stored in the row of this delivery."""
    text = json.dumps(make_plain(facts), ensure_ascii=False, separators=(",", ":"))
    return vault.seal(text.encode("utf-8", "replace"), table=_TABLE, row=delivery_id, column=_COLUMN)


def open_facts(sealed: bytes, *, vault: Vault, delivery_id: str) -> dict[str, Any]:
    """Return the facts of this delivery's row; raises vault.Unreadable."""
    facts: dict[str, Any] = json.loads(vault.open(sealed, table=_TABLE, row=delivery_id, column=_COLUMN))
    return facts
