"""Amounts in both units, exactly, and the form that Hutool gives to JSON."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.paytend import PaytendStandIn
from sandbox.paytend.amounts import fee_of, major, read_amount
from sandbox.paytend.refusals import PaytendRefusal
from sandbox.paytend.reserialised import hutool_form, loosened
from sandbox.running import Running
from tests import once
from tests.sandbox.paytend.client import Partner
from tests.sandbox.paytend.conftest import NOON


@given(st.integers(1, 10**12), st.sampled_from(["EUR", "USDT", "JPY", "KWD"]))
def test_no_unit_is_lost_between_the_two_forms(minor: int, currency: str) -> None:
    assert read_amount(major(minor, currency=currency), currency=currency, unit="major") == minor
    assert read_amount(str(minor), currency=currency, unit="minor") == minor
    assert major(-minor, currency=currency) == "-" + major(minor, currency=currency)


@pytest.mark.parametrize(
    "text", ["0", "0.00", "1.001", "01", "1.", ".5", "-1", "1e2", "1,00", "", "NaN", "9" * 16]
)
def test_what_is_no_decimal_amount_is_refused(text: str) -> None:
    with pytest.raises(PaytendRefusal, match="2301"):
        read_amount(text, currency="EUR", unit="major")


@pytest.mark.parametrize(
    ("amount", "fee"), [(1, 10), (1049, 10), (1050, 11), (10000, 100), (10049, 100), (10050, 101)]
)
def test_a_fee_is_rounded_half_up(amount: int, fee: int) -> None:
    assert fee_of(amount, currency="EUR") == fee


@pytest.fixture
def speaker_of_major() -> Iterator[Partner]:
    stand_in = PaytendStandIn(clock=Clock(start=NOON), unit="major", pairs=once.pairs())
    with Running(stand_in.app) as server:
        partner = Partner(stand_in, server.url)
        yield partner
        partner.close()


def test_in_major_units_amounts_are_decimal_texts(speaker_of_major: Partner) -> None:
    partner = speaker_of_major
    order = {"cardId": "1755902", "orderNo": "TOPUP00000001", "currency": "EUR"}
    done = partner.data("topup", **order, amount="11.5")
    assert (done["amount"], done["fee"]) == ("11.50", "0.12")
    assert partner.data("getCardBalance", cardId="1755902")["accountList"] == [
        {"currency": "EUR", "balance": "75.60", "digital": 2}
    ]
    assert partner.refused("topup", **{**order, "orderNo": "TOPUP00000002"}, amount="11.505") == "2301"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"b": 1.10, "a": 0.00}', '{"b":1.1,"a":0}'),
        ('{"a": 1e3, "b": -2.50, "c": 100}', '{"a":1000,"b":-2.5,"c":100}'),
        ('{"a": 9223372036854775808}', '{"a":"9223372036854775808"}'),
        ('{"a": null, "b": [true, false, {}]}', '{"a":null,"b":[true,false,{}]}'),
        ('{"a": "\\u0105\\/\\u2028\\u0085\\u0001\\n\\"\\\\"}', '{"a":"ą/\\u2028\\u0085\\u0001\\n\\"\\\\"}'),
    ],
)
def test_the_hutool_form(text: str, form: str) -> None:
    assert hutool_form(text) == form


def test_a_loosened_text_differs_from_its_form() -> None:
    for content in ({}, {"a": "ą/b"}):
        text = loosened(content)
        assert hutool_form(text) != text
        assert hutool_form(hutool_form(text)) == hutool_form(text)
