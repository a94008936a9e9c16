"""All that Paytend says about a card, with id numbers masked and the text cut into blocks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.holder.lookup import mask_id_number
from commands.slash_command import CallSender, Reply
from paytend import operations

_ID_NAMES = frozenset({"idno", "id_no", "idnumber"})
# A section takes 3,000 characters, counted after `&` has become `&amp;`; all blocks together take about 13,200.
_LONGEST_PART = 2500  # characters of one block
_MOST_PARTS = 3


@dataclass(frozen=True, kw_only=True)
class RawCardReply(Reply, template="card_raw"):
    """All that Paytend answers about a card, in parts that fit into a block; `holder_id` is for the trail."""

    card_id: str
    holder_id: str
    parts: Sequence[str]
    more: bool


def raw(card_id: str, *, ask: CallSender) -> RawCardReply:
    """Return everything that Paytend answers about a card, masked, for people who look for a field."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    # Three backticks in a value would end the code block, and the rest would be formatted as text.
    text = json.dumps(_mask(card.raw), indent=2, ensure_ascii=False, default=str).replace("`", "'")
    parts = _cut(text.splitlines())
    return RawCardReply(
        card_id=card_id,
        holder_id=card.holder_id or "",
        parts=parts[:_MOST_PARTS],
        more=len(parts) > _MOST_PARTS,
    )


def _mask(value: object, name: str = "") -> object:
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
