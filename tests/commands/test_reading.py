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


@pytest.mark.parametrize(
    "words",
    [
        "5€20",  # a currency as the decimal mark
        "5EUR20",
        "E50UR",
        "5'20",  # an apostrophe as the decimal mark
        "1200'50",
        "1'2'3",
        "12, 50",  # a space that a phone adds
        "12 ,50",
        "12 .50",
        "10 20",
        "10 20 EUR",
    ],
)
def test_o3_what_may_be_a_hundredth_of_it_is_asked_for(words: str) -> None:
    with pytest.raises(Misread):
        read_money(words.split(), form="/topup")


@pytest.mark.parametrize("words", ["€50 USDT", "50€ USDT", "50 ₮", "50 (USDT)", "50 usdt, please", "50 USDT EUR"])
def test_o3_a_second_currency_is_no_reason(words: str) -> None:
    try:
        money, _ = read_money(words.split(), form="/topup")
    except Misread:
        return
    assert str(money) == "50.000000 USDT"
    assert "EUR" not in words
    assert "€" not in words


def test_o3_a_currency_that_stands_twice_is_one() -> None:
    assert read_money(["50€", "EUR", "taxi"], form="/topup")[1] == ["taxi"]
    assert read_money(["50", "2", "taxis"], form="/topup")[1] == ["2", "taxis"]


def test_o3_the_question_names_what_is_an_amount() -> None:
    with pytest.raises(Misread, match="1000000"):
        read_money("1 000 000".split(), form="/topup")
    with pytest.raises(Misread, match=r"“1.2.3” isn’t an amount\."):
        read_money(["1.2.3"], form="")
