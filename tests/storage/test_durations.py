"""Durations as people write them in settings and as they read them."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from storage.durations import LONGEST, Duration, NotADuration, parse_duration, say_duration, write_duration

WRITTEN = [
    ("1s", timedelta(seconds=1), "1 second"),
    ("90s", timedelta(seconds=90), "1 minute 30 seconds"),
    ("30m", timedelta(minutes=30), "30 minutes"),
    ("1h30m", timedelta(hours=1, minutes=30), "1 hour 30 minutes"),
    ("4h", timedelta(hours=4), "4 hours"),
    ("1d", timedelta(days=1), "1 day"),
    ("8d", timedelta(days=8), "8 days"),
    ("1w", timedelta(days=7), "1 week"),
    ("2w", timedelta(days=14), "2 weeks"),
    ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4), "1 day 2 hours"),
    (" 1H ", timedelta(hours=1), "1 hour"),
]


@pytest.mark.parametrize(("text", "duration", "words"), WRITTEN)
def test_a_duration_is_read_and_said(text: str, duration: timedelta, words: str) -> None:
    assert parse_duration(text) == duration
    assert say_duration(duration) == words


@pytest.mark.parametrize("text", ["1s", "1m30s", "30m", "1h30m", "1d", "8d", "1w", "2w", "1d2h3m4s", "366d"])
def test_what_was_read_is_written_the_same(text: str) -> None:
    assert write_duration(parse_duration(text)) == text


def test_weeks_are_written_only_when_they_are_whole() -> None:
    assert write_duration(timedelta(days=14)) == "2w"
    assert write_duration(timedelta(days=15)) == "15d"


@pytest.mark.parametrize(
    "text", ["", "4", "h", "4 h", "4x", "-4h", "1.5h", "4h!", "0s", "0h0m", "367d", "1234567s"]
)
def test_what_is_no_duration_is_refused_with_how_it_is_written(text: str) -> None:
    with pytest.raises(NotADuration, match="written as a number and a unit"):
        parse_duration(text)


def test_a_year_is_the_longest() -> None:
    assert parse_duration("366d") == LONGEST == timedelta(days=366)


def test_words_stop_after_the_largest_units() -> None:
    duration = timedelta(days=1, hours=2, minutes=3)

    assert say_duration(duration, parts=1) == "1 day"
    assert say_duration(duration, parts=3) == "1 day 2 hours 3 minutes"
    assert say_duration(timedelta(milliseconds=300)) == "0 seconds"
    assert write_duration(timedelta(0)) == "0s"


def test_settings_take_a_text_or_a_duration_and_write_a_text() -> None:
    setting = TypeAdapter(Duration)

    assert (
        setting.validate_python("30m") == setting.validate_python(timedelta(minutes=30)) == timedelta(minutes=30)
    )
    assert setting.dump_python(timedelta(minutes=30)) == "30m"
    for wrong in (30, None, "soon"):
        with pytest.raises(ValidationError):
            setting.validate_python(wrong)


def test_the_schema_of_settings_says_how_a_duration_is_written() -> None:
    schema = TypeAdapter(Duration).json_schema()

    assert schema["type"] == "string"
    assert schema["pattern"] == "^([0-9]{1,6}[wdhms])+$"
    assert schema["examples"]
