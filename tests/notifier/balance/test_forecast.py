"""How long the partner balance lasts: reckoned from falls alone, and honest about too little history."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.balance.forecast import DAY, WEEK, Pace, Sample, measure, propose, say_lasts
from paytend import Money
from tests.notifier.conftest import START


def samples(*amounts: str, hours: float = 1) -> list[Sample]:
    """The amounts at equal distances, the last of them now."""
    count = len(amounts)
    return [
        (START - timedelta(hours=hours * (count - 1 - place)), Decimal(amount))
        for place, amount in enumerate(amounts)
    ]


def say(*amounts: str, hours: float, window: timedelta = DAY) -> str:
    pace = measure(samples(*amounts, hours=hours), window=window, now=START)
    return say_lasts(pace, balance=Money.read(f"{amounts[-1]} EUR"))


def test_only_falls_count_so_that_money_paid_in_hides_nothing() -> None:
    pace = measure(samples("1000", "700", "5000", "4900", hours=8), window=DAY, now=START)

    assert (pace.spent, pace.covered, pace.a_day) == (Decimal(400), timedelta(hours=24), Decimal(400))


def test_what_lies_before_the_window_does_not_count() -> None:
    pace = measure(samples("9000", "1000", "900", hours=20), window=DAY, now=START)

    assert (pace.spent, pace.covered) == (Decimal(100), timedelta(hours=20))


@pytest.mark.parametrize(
    ("amounts", "hours", "window", "words"),
    [
        (("1200", "1000"), 24, DAY, "About 5 days left at the pace of the past 24 h (200.00 EUR spent)"),
        (("1100", "100"), 24, DAY, "About 2 hours left at the pace of the past 24 h (1,000.00 EUR spent)"),
        (("1100", "10"), 24, DAY, "Less than an hour left at the pace of the past 24 h (1,090.00 EUR spent)"),
        (("1000000", "999999"), 24, DAY, "More than a year left at the pace of the past 24 h (1.00 EUR spent)"),
        (("500", "500"), 24, DAY, "Nothing spent in the last 24 h"),
        (("500", "900"), 24, DAY, "Nothing spent in the last 24 h"),
        (
            ("1200", "1000"),
            12,
            DAY,
            (
                "About 2 days 12 hours left at the pace of the past 24 h "
                "(200.00 EUR spent, watched for 12 hours of it)"
            ),
        ),
        (
            ("1200", "1000"),
            5,
            DAY,
            "Not enough history for a forecast by the last 24 h",
        ),
        (
            ("1200",),
            5,
            WEEK,
            "Not enough history for a forecast by the last 7 days",
        ),
    ],
)
def test_the_words_say_what_they_rest_on(
    amounts: tuple[str, ...], hours: float, window: timedelta, words: str
) -> None:
    assert say(*amounts, hours=hours, window=window) == words


@pytest.mark.parametrize(
    ("balance", "words"),
    [
        ("0.99", "less than an hour"),
        ("1", "about 1 hour"),
        ("1.5", "about 1 hour"),
        ("2", "about 2 hours"),
        ("71", "about 2 days 23 hours"),
        ("72", "about 3 days"),
        ("95", "about 3 days"),
        ("96", "about 4 days"),
        ("8736", "about 52 weeks"),
        ("8760", "more than a year"),
    ],
)
def test_whole_days_are_said_from_three_days_on_and_whole_hours_before(balance: str, words: str) -> None:
    pace = Pace(window=DAY, covered=DAY, spent=Decimal(24))  # one an hour

    said = say_lasts(pace, balance=Money.read(f"{balance} EUR"))
    assert said == f"{words.capitalize()} left at the pace of the past 24 h (24.00 EUR spent)"


@pytest.mark.parametrize("minutes", [59, 60, 359])
def test_a_pace_needs_a_quarter_of_its_window(minutes: int) -> None:
    pace = Pace(window=DAY, covered=timedelta(minutes=minutes), spent=Decimal(24))

    assert not pace.is_known
    assert say_lasts(pace, balance=Money.read("1 EUR")) == "Not enough history for a forecast by the last 24 h"
    assert Pace(window=DAY, covered=timedelta(hours=6), spent=Decimal(24)).is_known


def test_what_is_not_watched_for_a_tenth_of_the_window_is_said() -> None:
    def says(minutes: int) -> str:
        pace = Pace(window=DAY, covered=DAY - timedelta(minutes=minutes), spent=Decimal(0))
        return say_lasts(pace, balance=Money.read("1 EUR"))

    assert says(143) == "Nothing spent in the last 24 h"
    assert says(144) == "Nothing spent in the last 24 h, watched for 21 hours of it"


def test_a_window_of_another_length_is_said_in_words() -> None:
    pace = Pace(window=timedelta(hours=48), covered=timedelta(hours=48), spent=Decimal(0))

    assert say_lasts(pace, balance=Money.read("1 EUR")) == "Nothing spent in the last 2 days"


def test_a_sample_at_either_end_of_the_window_counts() -> None:
    ends = [(START - DAY, Decimal(30)), (START, Decimal(6)), (START + timedelta(seconds=1), Decimal(0))]

    assert measure(ends, window=DAY, now=START) == Pace(window=DAY, covered=DAY, spent=Decimal(24))


def test_no_sample_at_all_is_no_pace() -> None:
    pace = measure([], window=DAY, now=START)

    assert not pace.is_known
    assert pace.a_day == 0


def test_an_empty_balance_lasts_no_time() -> None:
    pace = measure(samples("100", "-20", hours=24), window=DAY, now=START)

    assert pace.lasts(Decimal(-20)) == timedelta(0)


def pace(spent: str, *, days: int = 1) -> Pace:
    return Pace(window=DAY, covered=timedelta(days=days), spent=Decimal(spent))


@pytest.mark.parametrize(
    ("balance", "paces", "amount"),
    [
        ("4000.00 EUR", [pace("1000")], "8000"),  # 5,000 and 7,000, less 4,000
        ("3999.99 EUR", [pace("1000")], "8100"),
        ("4000.00 EUR", [pace("9", days=0), pace("100")], "1700"),  # the first pace is not known
        ("4000.00 EUR", [], "6000"),  # twice the threshold
        ("90000.00 EUR", [pace("1000")], "0"),
        ("11999.50 EUR", [pace("1000")], "1"),
        ("-500.00 EUR", [pace("0")], "5500"),
    ],
)
def test_a_proposal_reaches_the_threshold_and_a_week_rounded_up(
    balance: str, paces: list[Pace], amount: str
) -> None:
    assert propose(Money.read(balance), warn=Decimal(5000), paces=paces).amount.amount == Decimal(amount)


@given(
    balance=st.decimals("-9999999", "9999999", places=2),
    spent=st.decimals(0, 999999, places=2),
    warn=st.decimals("0.01", 999999, places=2),
)
def test_a_proposal_is_never_less_than_needed_and_hardly_more(
    balance: Decimal, spent: Decimal, warn: Decimal
) -> None:
    paces = [Pace(window=DAY, covered=DAY, spent=spent)]

    found = propose(Money(amount=balance, currency="EUR"), warn=warn, paces=paces)

    needed = max(found.target.amount - balance, Decimal(0))
    assert needed <= found.amount.amount <= needed * Decimal("1.1") + 1
