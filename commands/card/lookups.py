"""What is read of a card beside its state: balance, overdue fees, orders, designs, and the raw answer."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from commands.holder.lookup import mask_id_number
from commands.lists import pages as lists
from commands.reading.arguments import no_more, read_card_id, read_reference
from commands.slash_command import Ask, Reply
from paytend import Refused, operations
from paytend.models import Balance

BALANCE_FORM, FEES_FORM = "/card balance <card>", "/card fees <card>"
ORDER_FORM, DESIGNS_FORM = "/card order <reference>", "/card designs"
_ID_NAMES = frozenset({"idno", "id_no", "idnumber"})
_LONGEST_PART = 2500  # characters of one block
_MOST_PARTS = 3


def read_one_card(words: Sequence[str], *, form: str) -> str:
    """Return the card id that stands alone; raises Misread."""
    card_id, rest = read_card_id(words, form=form)
    no_more(rest, form=form)
    return card_id


def read_order(words: Sequence[str]) -> str:
    """Return the reference of `/card order`; raises Misread."""
    return read_reference(words, form=ORDER_FORM)


def balance(card_id: str, *, ask: Ask) -> Reply:
    """Return what is on a card."""
    rows = ask(operations.GET_CARD_BALANCE(card_id=card_id)).balances
    return Reply(template="card_balance", facts={"card_id": card_id, "balances": _balances(rows)})


def fees(card_id: str, *, ask: Ask) -> Reply:
    """Return the monthly fees that are overdue."""
    rows = ask(operations.GET_OVERDUE_MONTHLY_FEE(card_id=card_id)).balances
    due = [row for row in rows if row.money is None or row.money.amount]
    return Reply(template="card_fees", facts={"card_id": card_id, "fees": _balances(due), "told": bool(rows)})


def order(reference: str, *, ask: Ask) -> Reply:
    """Return what became of a card order; one that Paytend does not know is an answer as well."""
    try:
        found = ask(operations.GET_APPLY_RESULT(reference=reference))
    except Refused as refused:
        return Reply(template="card_order_unknown", facts={"reference": reference, "reason": refused.reason})
    cards = [{"card_id": card.card_id, "last_four": (card.card_number or "")[-4:]} for card in found.cards]
    return Reply(
        template="card_order",
        facts={
            "reference": found.reference or reference,
            "status": lists.in_words(found.status) or "not told by Paytend",
            "message": found.message or "",
            "cards": cards[:20],
            "more": max(len(cards) - 20, 0),
        },
    )


def designs(*, start: int, ask: Ask) -> Reply:
    """Return one page of the card designs that can be ordered."""
    found = ask(operations.GET_DESIGNS()).rows
    rows = [
        {
            "sku": row.sku or "",
            "name": row.name or "",
            "type": lists.in_words(row.type),
            "scheme": lists.in_words(row.scheme),
        }
        for row in found[start : start + lists.ROWS]
    ]
    page = lists.page_facts(shown=len(rows), start=start, total=len(found), value={})
    return Reply(template="card_designs", facts={"rows": rows, **page})


def raw(card_id: str, *, ask: Ask) -> Reply:
    """Return everything that Paytend answers about a card, masked, for whoever looks for a field."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    text = json.dumps(_mask(card.raw), indent=2, ensure_ascii=False, default=str).replace("`", "'")
    parts = _cut(text.splitlines())
    facts = {"card_id": card_id, "parts": parts[:_MOST_PARTS], "more": len(parts) > _MOST_PARTS}
    return Reply(template="card_raw", facts={**facts, "holder_id": card.holder_id or ""})


def _balances(rows: Sequence[Balance]) -> list[dict[str, str]]:
    return [
        {
            "money": str(row.money) if row.money else f"{row.currency or 'a currency'}: amount not readable",
            "blocked": str(row.blocked) if row.blocked and row.blocked.amount else "",
            "available": str(row.available) if row.available and row.available != row.money else "",
        }
        for row in rows
    ]


def _mask(value: Any, name: str = "") -> Any:
    """Mask id numbers; card numbers and secrets are taken out by the client already."""
    match value:
        case Mapping():
            return {key: _mask(inner, key.lower()) for key, inner in value.items()}
        case list():
            return [_mask(inner, name) for inner in value]
        case str() if name in _ID_NAMES:
            return mask_id_number(value)
        case _:
            return value


def _cut(lines: Sequence[str]) -> list[str]:
    """Put lines together to parts that fit into a block."""
    parts: list[str] = [""]
    for line in (line[:500] for line in lines):
        if len(parts[-1]) + len(line) > _LONGEST_PART:
            parts.append("")
        parts[-1] += f"{line}\n"
    return parts
