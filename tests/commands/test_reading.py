"""Amounts and fields as people type them."""

import pytest

from commands.card.changes import read_password_fields
from commands.reading.amounts import read_money
from commands.reading.arguments import Misread


@pytest.mark.parametrize("words", ["10EUR", "10eur", "€10", "10€", "10 EUR", "10"])
def test_a_currency_may_touch_its_amount(words: str) -> None:
    assert str(read_money(words.split(), form="/topup")[0]) == "10.00 EUR"


def test_a_tether_has_a_sign_too() -> None:
    assert str(read_money(["₮10"], form="/topup")[0]) == "10.000000 USDT"


@pytest.mark.parametrize("word", ["1.20.300", "1,200", "1.200", "-5", "0", "1e3"])
def test_an_amount_that_can_mean_two_things_or_none_is_refused(word: str) -> None:
    with pytest.raises(Misread):
        read_money([word], form="/topup")


def test_the_reason_of_a_password_may_be_left_out() -> None:
    fields, wrong = read_password_fields({"card": "1755902", "identified": "video"})
    assert (fields["reason"], wrong) == ("", {})
    assert read_password_fields({"reason": " lost phone "})[0]["reason"] == "lost phone"


def test_thousands_may_be_set_apart() -> None:
    assert str(read_money(["1'200.50"], form="/topup")[0]) == "1,200.50 EUR"
