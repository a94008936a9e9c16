from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paytend import AmountUnit, Money, NotMoney
from paytend.money import PRECISION, read_amount, write_amount

CURRENCIES = st.sampled_from(["EUR", "USDT", "JPY", "BHD"])
UNITS = st.sampled_from(list(AmountUnit))


@given(minor=st.integers(min_value=-(10**14), max_value=10**14), currency=CURRENCIES, unit=UNITS)
def test_money_never_loses_a_unit(minor: int, currency: str, unit: AmountUnit) -> None:
    money = Money.from_minor(minor, currency)

    assert money.minor == minor
    assert read_amount(write_amount(money, unit=unit), currency=currency, unit=unit) == money
    assert Money.parse(str(money.amount), currency) == money


@given(left=st.integers(-(10**12), 10**12), right=st.integers(-(10**12), 10**12), currency=CURRENCIES)
def test_sums_are_exact(left: int, right: int, currency: str) -> None:
    one, other = Money.from_minor(left, currency), Money.from_minor(right, currency)

    assert (one + other).minor == left + right
    assert (one - other).minor == left - right
    assert (one < other) == (left < right)
    assert (one <= other) == (left <= right)


def test_the_units_are_those_of_the_setting() -> None:
    eleven = Money.parse("11", "EUR")

    assert write_amount(eleven, unit=AmountUnit.MINOR) == "1100"
    assert write_amount(eleven, unit=AmountUnit.MAJOR) == "11.00"
    assert write_amount(Money.parse("1.5", "USDT"), unit=AmountUnit.MINOR) == "1500000"
    assert read_amount("1100", currency="EUR", unit=AmountUnit.MINOR) == eleven
    assert read_amount("1100.0", currency="EUR", unit=AmountUnit.MINOR) == eleven
    assert read_amount("11.00", currency="EUR", unit=AmountUnit.MAJOR) == eleven
    assert read_amount("110000", currency="EUR", unit=AmountUnit.MINOR, precision=4) == eleven


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "EUR"),
        ("1.5", "JPY"),
        ("0.0000001", "USDT"),
        ("1e5", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("", "EUR"),
        ("1,5", "EUR"),
        ("--1", "EUR"),
        ("१", "EUR"),
        ("9" * 41, "EUR"),
        ("9" * 16, "EUR"),
        ("1", "XXX"),
        ("1", ""),
    ],
)
def test_what_is_no_exact_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(NotMoney):
        Money.parse(text, currency)


def test_a_fraction_of_the_smallest_unit_is_refused_not_guessed() -> None:
    with pytest.raises(NotMoney, match="fraction"):
        read_amount("12.5", currency="EUR", unit=AmountUnit.MINOR)


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(NotMoney, match="cannot be compared or added"):
        _ = Money.parse("1", "EUR") + Money.parse("1", "USDT")
    with pytest.raises(NotMoney):
        _ = Money.parse("1", "EUR") < Money.parse("1", "USDT")


def test_money_reads_well() -> None:
    assert str(Money.parse("1234567.5", "EUR")) == "1,234,567.50 EUR"
    assert str(Money.parse("-0", "EUR")) == "0.00 EUR"
    assert str(Money.from_minor(5, "JPY")) == "5 JPY"


def test_infinite_amounts_are_refused() -> None:
    with pytest.raises(NotMoney):
        Money(amount=Decimal("Infinity"), currency="EUR")


def test_the_currencies_of_the_provider_have_their_precision() -> None:
    assert (PRECISION["EUR"], PRECISION["USDT"]) == (2, 6)
