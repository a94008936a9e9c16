"""Reads the dates and ranges that people type: forgiving in form, strict in meaning; a near miss gets a guess."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from commands.reading.arguments import guess, misread

LONGEST = 30  # days, both ends included: what Paytend answers for
_NAMED = {"today": 0, "yesterday": 1}
_BETWEEN = {"to", "-", "\u2013", "until", "till", ".."}
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_WORDS = (*_NAMED, "last", "this", "since", "from", *_BETWEEN)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days from `begin` to `end`, both included; at most LONGEST."""

    begin: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.begin).days + 1


def read_period(words: Sequence[str], *, today: date, form: str) -> tuple[Period, Sequence[str]]:
    """Return the days that stand first and the words after them; raises Misread.

    `today` is that of the zone in which the days are meant. Nothing typed: the last 30 days. `yesterday` is that
    day; a date alone is from there until today, as in the forms with `[from] [to]`.
    """
    plain = [word for joined in words for word in _split(joined)]
    begin, end, used = _read(plain, today=today, form=form)
    return _check(begin, end, today=today, form=form), plain[used:]


def read_day(text: str, *, today: date, form: str = "") -> date | None:
    """Return the day of one word, None when it is none; raises Misread for one that does not exist."""
    word = text.lower()
    if word in _NAMED:
        return today - timedelta(days=_NAMED[word])
    if found := _ISO.fullmatch(word):
        return _make(*(int(part) for part in found.groups()), text=text, form=form)
    if found := _DOTTED.fullmatch(word):
        day, month, year = (int(part) for part in found.groups())
        return _make(year, month, day, text=text, form=form)
    if found := _SLASHED.fullmatch(word):
        first, second, year = (int(part) for part in found.groups())
        # 3/4 is March in the United States and April in Europe.
        if first <= 12 and second <= 12 and first != second:
            guesses = f"Did you mean `{year}-{second:02}-{first:02}` or `{year}-{first:02}-{second:02}`?"
            raise misread(f"“{text[:20]}” can be two days.", form=form, guess=guesses)
        day, month = (first, second) if second <= 12 else (second, first)
        return _make(year, month, day, text=text, form=form)
    return None


def guess_date(word: str) -> str:
    """Return "Did you mean …?" for a word that is near one of a date."""
    return guess(word, _WORDS)


def _split(word: str) -> list[str]:
    """Take `2026-11-01..2026-11-05` and the like apart; a lone date stays whole."""
    parts = re.split(r"(\.\.|\u2013)", word)
    return [part for part in parts if part]


def _read(words: Sequence[str], *, today: date, form: str) -> tuple[date, date, int]:
    """Return first and last day, and how many words they took."""
    if not words:
        return today - timedelta(days=LONGEST - 1), today, 0
    first = words[0].lower()
    if first in {"last", "this"}:
        return _read_span(words, today=today, form=form)
    if first in {"from", "since"}:
        begin, used = _need_day(words[1:], today=today, form=form)
        return _read_end(words, begin, 1 + used, today=today, form=form)
    begin_or_none, used = _take_day(words, today=today, form=form)
    if begin_or_none is None:
        return today - timedelta(days=LONGEST - 1), today, 0
    begin, end, taken = _read_end(words, begin_or_none, used, today=today, form=form)
    # `yesterday` alone is that day, unlike a date alone: people do not mean "since yesterday".
    if taken == used and first in _NAMED:
        return begin, begin, used
    return begin, end, taken


def _read_end(words: Sequence[str], begin: date, used: int, *, today: date, form: str) -> tuple[date, date, int]:
    """Return the range when a second date follows, else the days until today."""
    rest = words[used:]
    if rest and rest[0].lower() in _BETWEEN:
        end, more = _need_day(rest[1:], today=today, form=form)
        return begin, end, used + 1 + more
    end_or_none, more = _take_day(rest, today=today, form=form)
    return (begin, today, used) if end_or_none is None else (begin, end_or_none, used + more)


def _take_day(words: Sequence[str], *, today: date, form: str) -> tuple[date | None, int]:
    """Return the day at the start, also as `1 Nov 2026`, and how many words it took."""
    if not words:
        return None, 0
    day = read_day(words[0], today=today, form=form)
    if day is not None:
        return day, 1
    if len(words) >= 3:
        number, month, year = words[0].rstrip("."), _MONTHS.get(words[1][:3].lower()), words[2]
        if month and re.fullmatch(r"[0-9]{1,2}", number) and re.fullmatch(r"[0-9]{4}", year):
            return _make(int(year), month, int(number), text=" ".join(words[:3]), form=form), 3
    return None, 0


def _need_day(words: Sequence[str], *, today: date, form: str) -> tuple[date, int]:
    day, used = _take_day(words, today=today, form=form)
    if day is None:
        said = f"“{words[0][:20]}” is no date" if words else "A date is missing"
        raise misread(
            f"{said}: write it as `2026-11-01`.", form=form, guess=guess(words[0], _WORDS) if words else ""
        )
    return day, used


def _read_span(words: Sequence[str], *, today: date, form: str) -> tuple[date, date, int]:
    """Read `last 7 days`, `last week`, `last month`, `this week`, `this month`."""
    which, rest = words[0].lower(), [word.lower() for word in words[1:3]]
    if which == "last" and rest and re.fullmatch(r"[0-9]{1,4}", rest[0]) and rest[1:2] in (["days"], ["day"]):
        count = int(rest[0])
        if count < 1:
            raise misread("Enter at least 1 day.", form=form)
        return today - timedelta(days=count - 1), today, 3
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    spans = {
        ("this", "week"): (monday, today),
        ("last", "week"): (monday - timedelta(days=7), monday - timedelta(days=1)),
        ("this", "month"): (month, today),
        ("last", "month"): ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
    }
    found = spans.get((which, rest[0])) if rest else None
    if found is None:
        near = guess(rest[0], ("week", "month", "days")) if rest else ""
        raise misread(f"“{' '.join(words[:3])[:40]}” is no range of days.", form=form, guess=near)
    return *found, 2


def _check(begin: date, end: date, *, today: date, form: str) -> Period:
    """Refuse what Paytend cannot answer; future days are left out, as nothing has happened on them."""
    if begin > end:
        raise misread(f"{begin} is after {end}.", form=form, guess=f"Did you mean `{end} {begin}`?")
    if begin > today:
        raise misread(f"{begin} is in the future.", form=form)
    period = Period(begin=begin, end=min(end, today))
    if period.days > LONGEST:
        nearest = period.end - timedelta(days=LONGEST - 1)
        raise misread(
            f"{period.begin} to {period.end} has {period.days} days, and Paytend answers for at most {LONGEST}.",
            form=form,
            guess=f"Did you mean `{nearest} {period.end}`?",
        )
    return period


def _make(year: int, month: int, day: int, *, text: str, form: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise misread(f"“{text[:20]}” is no day of the calendar.", form=form) from error
