"""Durations and money in settings are read exactly, and wrong ones say how they are written."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from notifier.balance.levels import BalanceRule, Thresholds
from notifier.routing.routes import Conditions, RouteRule
from notifier.routing.silence_matcher import Matcher
from notifier.routing.storm_rules import StormRule
from paytend import Money
from paytend.money_text import MoneyText
from storage.durations import Duration, parse_duration, say_duration, write_duration


class Sample(BaseModel):
    wait: Duration = timedelta(hours=1)
    over: MoneyText = Money.read("1.00 EUR")


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("90s", timedelta(seconds=90), "1 minute 30 seconds"),
        ("5m", timedelta(minutes=5), "5 minutes"),
        ("1h", timedelta(hours=1), "1 hour"),
        ("1h30m", timedelta(minutes=90), "1 hour 30 minutes"),
        ("1d", timedelta(days=1), "1 day"),
        ("8d", timedelta(days=8), "8 days"),
        ("2w", timedelta(weeks=2), "2 weeks"),
        (" 4H ", timedelta(hours=4), "4 hours"),
    ],
)
def test_durations_are_read_and_said(text: str, expected: timedelta, words: str) -> None:
    assert parse_duration(text) == expected
    assert say_duration(expected) == words


@pytest.mark.parametrize("value", ["", "4", "h", "4 hours", "-1h", "0m", "9999w", "1.5h", 4, None])
def test_what_is_no_duration_is_refused_with_the_right_form(value: Any) -> None:
    with pytest.raises(ValidationError, match="such as 30m, 4h"):
        Sample.model_validate({"wait": value})


@given(st.integers(1, 366 * 24 * 3600))
def test_a_written_duration_reads_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert parse_duration(write_duration(duration)) == duration


def test_money_is_read_from_its_text_and_written_back() -> None:
    sample = Sample.model_validate({"wait": "30m", "over": "1,500.00 EUR"})

    assert sample.over == Money.read("1500.00 EUR")
    assert sample.model_dump(mode="json") == {"wait": "30m", "over": "1500.00 EUR"}
    assert Sample.model_json_schema()["properties"]["over"]["type"] == "string"


@pytest.mark.parametrize("value", ["500", "500 EURO", "500.001 EUR", 500, "EUR 500", ""])
def test_what_is_no_money_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"over": value})


@pytest.mark.parametrize("section", [BalanceRule, Conditions, Matcher, RouteRule, StormRule, Thresholds])
def test_a_section_of_the_settings_takes_no_unknown_key_and_never_changes(section: type[BaseModel]) -> None:
    assert section.model_config == {"frozen": True, "extra": "forbid"}


def test_a_matcher_is_written_as_it_is_typed() -> None:
    assert str(Matcher(status="declined", merchant="CAFÉ NERO")) == 'status=declined merchant="CAFÉ NERO"'


@pytest.mark.parametrize("section", [StormRule, RouteRule])
def test_a_budget_is_from_1_to_500_notices(section: type[BaseModel]) -> None:
    route = {"kind": "transaction", "to": ["alerts"]} if section is RouteRule else {}

    for budget in (1, 500):
        assert section.model_validate({**route, "budget": budget}).model_dump()["budget"] == budget
    for budget in (0, 501):
        with pytest.raises(ValidationError, match="budget"):
            section.model_validate({**route, "budget": budget})
