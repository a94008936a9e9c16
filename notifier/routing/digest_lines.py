"""Notices as lines: one line for each, many lines to a message within Slack's limits (pure).

Lines are grouped by the minute of their arrival, which Slack shows in each reader's own time zone.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notifier.rendering.escaping import escape_text
from notifier.rendering.facts import TemplateFacts
from notifier.rendering.slack_limits import measure

LONGEST_LINE = 120  # UTF-16 units, escapes included
_LONGEST_MERCHANT = 24
_SECTION = 2_900  # Slack takes 3,000 in a section
_PAGE = 9_600  # and all texts of a message together are kept under 10,000
_MOST_SECTIONS = 45
_HEAD = 75  # a date markup and its line break


@dataclass(frozen=True, kw_only=True)
class NoticeLine:
    """A notice as a line, and when it was created."""

    at: datetime
    line: str


def write_line(kind: str, facts: Mapping[str, Any], *, at: datetime) -> str:
    """Return one notice as a line: the second, what happened, and to which card."""
    writer = _WRITERS.get(kind)
    parts = writer(facts) if writer else [kind.replace("_", " "), *(facts.get(name) for name in _SHOWN_FACTS)]
    return _shorten(" ".join([f":{at:%S}", *(str(part) for part in parts if part)]), LONGEST_LINE)


def _say_transaction(facts: Mapping[str, Any]) -> list[Any]:
    card = facts.get("last_four") or facts.get("card_id")
    merchant = _shorten(str(facts.get("merchant") or ""), _LONGEST_MERCHANT)
    amount, unclear = facts.get("amount"), facts.get("amount_unclear")
    elsewhere = [
        stage["amount"]
        for stage in facts.get("stages") or ()
        if stage["word"] == facts.get("status") and stage["amount"] not in {amount, None}
    ]
    as_sent = [f"{unclear} (unit unclear)" if unclear else None, facts.get("amount_unread")]
    amounts = " + ".join(filter(None, [amount, *elsewhere, *as_sent])) or "no amount"
    lost = "though reported lost" if facts.get("despite") else ""
    return [facts.get("status"), amounts, _say_card(card) if card else "", lost, merchant]


def _say_audit(facts: Mapping[str, Any]) -> list[Any]:
    return ["identity check of", facts.get("holder_id"), _say_status(facts), facts.get("reason")]


def _say_order(facts: Mapping[str, Any]) -> list[Any]:
    return ["card order", facts.get("reference"), _say_status(facts), facts.get("reason")]


def _say_card(card: object) -> str:
    """Return a card as notices write it: its last four digits, else its id."""
    return f"••••\N{NO-BREAK SPACE}{card}" if len(str(card)) == 4 else f"card {card}"


def _say_status(facts: Mapping[str, Any]) -> Any:
    """Return the words of a status without Paytend's code."""
    return facts.get("status") or facts.get("status_text")


_WRITERS: dict[str, Callable[[Mapping[str, Any]], list[Any]]] = {
    "transaction": _say_transaction,
    "transaction_changed": _say_transaction,
    "cardholder_audited": _say_audit,
    "card_applied": _say_order,
}
# What is said of any other kind, behind its name.
_SHOWN_FACTS = ("status_text", "level", "notify_type", "amount", "card_id", "holder_id", "reference", "digest")


@dataclass(kw_only=True)
class DigestSection:
    """The lines of one minute (ISO 8601)."""

    minute: str
    lines: list[str]


@dataclass(frozen=True, kw_only=True)
class StormLines(TemplateFacts, template="storm_lines"):
    """One reply of a digest; `size` and `last` are how long all its texts and its last section are."""

    sections: Sequence[DigestSection]
    count: int
    size: int
    last: int
    urgent: bool


@dataclass(kw_only=True)
class DigestPage:
    """The lines of one message, in sections; it takes lines until it is full."""

    sections: list[DigestSection] = field(default_factory=list)
    count: int = 0
    _size: int = 0
    _last: int = 0

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> "DigestPage":
        """Return the page from the stored facts of a reply."""
        return cls(
            sections=[
                DigestSection(minute=section["minute"], lines=list(section["lines"]))
                for section in facts["sections"]
            ],
            count=facts["count"],
            _size=facts["size"],
            _last=facts["last"],
        )

    def write(self, *, urgent: bool = False) -> StormLines:
        """Return the page as facts."""
        return StormLines(
            sections=self.sections, count=self.count, size=self._size, last=self._last, urgent=urgent
        )

    def add(self, line: str, *, at: datetime) -> bool:
        """Add a line; return False, and change nothing, when the page is full."""
        minute = at.replace(second=0, microsecond=0).isoformat()
        length = _length(line) + 1
        is_same = bool(self.sections) and self.sections[-1].minute == minute
        fits_section = is_same and self._last + length <= _SECTION
        added = length if fits_section else length + _HEAD
        if self._size + added > _PAGE or (not fits_section and len(self.sections) >= _MOST_SECTIONS):
            return False
        if fits_section:
            self.sections[-1].lines.append(line)
        else:
            self.sections.append(DigestSection(minute=minute, lines=[line]))
        self._last = self._last + length if fits_section else added
        self._size += added
        self.count += 1
        return True


def _length(text: str) -> int:
    """Return how long a text is once it is escaped, as Slack counts it."""
    return measure(json.loads(f'"{escape_text(text)}"'))


def _shorten(text: str, limit: int) -> str:
    """Return a text that is no longer than this once it is escaped."""
    if _length(text) <= limit:
        return text
    kept = text[:limit]
    while _length(kept) > limit - 1:
        kept = kept[: max(len(kept) * 3 // 4, len(kept) - 8)]
    return f"{kept.rstrip()}…"
