import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from paytend import AmountUnit, Money, NotMoney, Refused
from paytend.money import PRECISION, read_amount, read_decimal, write_amount
from paytend.money_text import MoneyText

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
        ("1.2.3", "EUR"),
        (".", "EUR"),
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


@pytest.mark.parametrize("text", ["12.0", "1200.00", "0.0", "12."])
def test_n17_a_decimal_point_in_the_smallest_unit_is_never_guessed(text: str) -> None:
    with pytest.raises(NotMoney):
        read_amount(text, currency="EUR", unit=AmountUnit.MINOR)


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


@pytest.mark.parametrize(
    ("decimals", "currencies"),
    [(0, "JPY KRW ISK XAF"), (2, "USD GBP CHF PLN"), (3, "BHD IQD JOD KWD LYD OMR TND")],
)
def test_other_currencies_have_the_decimals_of_iso_4217(decimals: int, currencies: str) -> None:
    for currency in currencies.split():
        assert PRECISION[currency] == decimals
        assert Money.from_minor(1, currency).amount == Decimal(1).scaleb(-decimals)


def test_an_amount_is_below_ten_to_the_fifteenth_on_either_side() -> None:
    most = Decimal(10) ** 15
    for amount in (most - Decimal("0.01"), -most + Decimal("0.01")):
        assert Money(amount=amount, currency="EUR").amount == amount
    for amount in (most, -most):
        with pytest.raises(NotMoney, match="out of range"):
            Money(amount=amount, currency="EUR")


def test_a_text_has_at_most_forty_characters() -> None:
    assert read_decimal("0" * 38 + ".5") == Decimal("0.5")
    assert read_decimal("-" + "0" * 37 + ".5") == Decimal("-0.5")
    with pytest.raises(NotMoney):
        read_decimal("0" * 39 + ".5")


def test_money_of_settings_is_read_with_its_currency_and_written_the_same() -> None:
    setting = TypeAdapter(MoneyText)

    assert setting.validate_python(" 1,200.50 EUR ") == Money.parse("1200.50", "EUR")
    assert setting.validate_python("7  USDT") == Money.parse("7", "USDT")
    assert setting.validate_python(Money.parse("7", "EUR")) == Money.parse("7", "EUR")
    assert setting.dump_python(Money.parse("1200.5", "EUR")) == "1200.50 EUR"
    for wrong in ("7", "EUR", "EUR 7", 7, None, "7EUR"):
        with pytest.raises(ValidationError):
            setting.validate_python(wrong)


def test_the_schema_of_settings_says_how_money_is_written() -> None:
    schema = TypeAdapter(MoneyText).json_schema()
    [example] = schema["examples"]

    assert schema["type"] == "string"
    assert re.fullmatch(schema["pattern"], example)
    for wrong in ("7", "EUR", "7.EUR", "7 eur", ",7 EUR", "7 EUROS"):
        assert not re.fullmatch(schema["pattern"], wrong)
    for right in ("-7 EUR", "1,200.50 USDT"):
        assert re.fullmatch(schema["pattern"], right)


def test_a_refusal_says_its_code_and_its_reason_if_there_is_one() -> None:
    assert str(Refused(code="51", reason="no funds", verified=True)) == "no funds (Paytend 51)"
    assert str(Refused(code="51", reason="", verified=True)) == "Paytend said no (code 51)"
