"""Reads a CSV file of cards that an operator has: all of it or nothing, with every fault by its row."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from approvals.written_ids import normalize_id
from bot.database.card_index import CardFacts
from paytend.redaction import find_card_numbers

COLUMNS = ("card_id", "last_four", "holder_id", "name")
_MOST_FAULTS = 50
_LONGEST = {"card_id": 64, "holder_id": 64, "name": 200}


@dataclass(kw_only=True)
class CardFile:
    """What a file says, by card id; `faults` name the row as an editor counts it, and never what is in it."""

    cards: dict[str, CardFacts] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_cards(lines: Iterable[str]) -> CardFile:
    """Return the cards of a file with a head: `card_id` and any of `last_four`, `holder_id`, `name`."""
    table = csv.DictReader(lines, restkey="more", restval="")
    found = CardFile()
    head = [str(name).strip().lower() for name in table.fieldnames or ()]
    if "card_id" not in head or len(set(head)) != len(head) or not set(head) <= set(COLUMNS):
        found.faults.append(f"row 1: the columns are {', '.join(COLUMNS)}; card_id is needed")
        return found
    table.fieldnames = head
    try:
        for row in table:
            for fault in _read_row(row, found.cards):
                found.faults.append(f"row {table.line_num}: {fault}")
            if len(found.faults) >= _MOST_FAULTS:
                break
    except csv.Error:
        found.faults.append(f"row {table.line_num}: it cannot be read as CSV")
    return found


def _read_row(row: Mapping[str, object], cards: dict[str, CardFacts]) -> Iterator[str]:
    if "more" in row:
        yield "it has more cells than the head"
        return
    cells = {name: str(value or "").strip() for name, value in row.items()}
    faults = list(_find_faults(cells))
    card_id = normalize_id(cells["card_id"])
    if card_id in cards:
        faults.append("the card is there twice")
    if not faults:
        cards[card_id] = CardFacts(
            last_four=cells.get("last_four", ""),
            holder_id=normalize_id(cells.get("holder_id", "")),
            holder_name=cells.get("name", ""),
        )
    yield from faults


def _find_faults(cells: Mapping[str, str]) -> Iterator[str]:
    # First: what is said of the other cells must not repeat one.
    if any(find_card_numbers(text) for text in cells.values()):
        yield "a whole card number is in it: only the last four digits may be"
        return
    if not cells["card_id"]:
        yield "it has no card_id"
    four = cells.get("last_four", "")
    if four and not (len(four) == 4 and four.isascii() and four.isdecimal()):
        yield "last_four is not four digits"
    yield from (f"{name} is too long" for name, most in _LONGEST.items() if len(cells.get(name, "")) > most)


def split(cards: Mapping[str, CardFacts], *, size: int) -> Iterator[dict[str, CardFacts]]:
    """Return the cards in parts of this size, in the order of their ids."""
    ids: Sequence[str] = sorted(cards)
    for begin in range(0, len(ids), size):
        yield {card_id: cards[card_id] for card_id in ids[begin : begin + size]}
