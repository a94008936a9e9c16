"""Dates and ranges as people type them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.reading.arguments import Misread
from commands.reading.dates import LONGEST, read_period

TODAY = date(2026, 11, 22)  # a Sunday
FORM = "/card transactions <card> [from] [to] [status]"


def _read(text: str) -> tuple[date, date]:
    period, rest = read_period(text.split(), today=TODAY, form=FORM)
    assert rest == []
    return period.begin, period.end


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("", date(2026, 10, 24), TODAY),
        ("today", TODAY, TODAY),
        ("Yesterday", date(2026, 11, 21), date(2026, 11, 21)),
        ("yesterday today", date(2026, 11, 21), TODAY),
        ("2026-11-01", date(2026, 11, 1), TODAY),
        ("1.11.2026", date(2026, 11, 1), TODAY),
        ("1 Nov 2026 to 5. November 2026", date(2026, 11, 1), date(2026, 11, 5)),
        ("15/11/2026", date(2026, 11, 15), TODAY),
        ("11/13/2026", date(2026, 11, 13), TODAY),
        ("2026-11-01 2026-11-05", date(2026, 11, 1), date(2026, 11, 5)),
        ("2026-11-01..2026-11-05", date(2026, 11, 1), date(2026, 11, 5)),
        ("from 1.11.2026 until yesterday", date(2026, 11, 1), date(2026, 11, 21)),
        ("from 1.11.2026 yesterday", date(2026, 11, 1), date(2026, 11, 21)),
        ("since 2026-11-20", date(2026, 11, 20), TODAY),
        ("last 7 days", date(2026, 11, 16), TODAY),
        ("last 1 day", TODAY, TODAY),
        ("this week", date(2026, 11, 16), TODAY),
        ("last week", date(2026, 11, 9), date(2026, 11, 15)),
        ("this month", date(2026, 11, 1), TODAY),
        ("2026-11-20 2026-12-24", date(2026, 11, 20), TODAY),
    ],
)
def test_what_people_write_is_understood(text: str, begin: date, end: date) -> None:
    assert _read(text) == (begin, end)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-02-30", "no day of the calendar"),
        ("3/4/2026", "can be two days.*Did you mean `2026-04-03` or `2026-03-04`"),
        ("2026-11-05 2026-11-01", "Did you mean `2026-11-01 2026-11-05`"),
        ("2026-12-01", "future|after"),
        ("2026-12-01 2026-12-02", "in the future"),
        ("last 31 days", "at most 30"),
        ("last 0 days", "at least 1 day"),
        ("last moth", "Did you mean `month`"),
        ("last", "no range"),
        ("last month", "has 31 days.*Did you mean `2026-10-02 2026-10-31`"),
        ("from yesteday", "Did you mean `yesterday`"),
        ("2026-11-01 to", "missing"),
    ],
)
def test_a_miss_says_what_was_wrong_and_what_was_probably_meant(text: str, says: str) -> None:
    with pytest.raises(Misread, match=f"(?s){says}"):
        _read(text)


def test_the_words_behind_are_left_alone() -> None:
    period, rest = read_period(["last", "7", "days", "success"], today=TODAY, form=FORM)
    assert (period.days, rest) == (7, ["success"])


def test_today_is_an_argument() -> None:
    period, _ = read_period(["today"], today=date(2024, 2, 29), form=FORM)
    assert period.begin == date(2024, 2, 29)


_WORDS = st.sampled_from(
    [
        "today",
        "yesterday",
        "last",
        "this",
        "7",
        "days",
        "week",
        "month",
        "from",
        "to",
        "..",
        "1.11.2026",
        "Nov",
        "",
    ]
)


@given(st.lists(_WORDS | st.text(max_size=12), max_size=6))
def test_whatever_is_typed_gives_a_period_that_paytend_takes_or_a_refusal(words: list[str]) -> None:
    try:
        period, _ = read_period([word for word in words if word], today=TODAY, form=FORM)
    except Misread:
        return  # a refusal of another kind, or any other error, would be a mistake of ours
    assert 1 <= period.days <= LONGEST
    assert period.end <= TODAY


@given(
    st.dates(min_value=TODAY - timedelta(days=400), max_value=TODAY),
    st.integers(min_value=0, max_value=LONGEST - 1),
)
def test_every_way_of_writing_a_date_means_the_same_day(begin: date, length: int) -> None:
    end = min(begin + timedelta(days=length), TODAY)
    ways = (
        f"{begin} {end}",
        f"{begin.day}.{begin.month}.{begin.year} to {end:%d.%m.%Y}",
        f"{begin}..{end}",
        f"from {begin} until {end}",
    )
    assert {_read(way) for way in ways} == {(begin, end)}


def test_last_month_is_the_whole_month_before() -> None:
    period, _ = read_period(["last", "month"], today=date(2026, 12, 22), form=FORM)
    assert (period.begin, period.end) == (date(2026, 11, 1), date(2026, 11, 30))
