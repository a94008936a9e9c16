"""What is a card number in a text, and what only looks like one."""

from decimal import Decimal

import pytest

from paytend.redaction import (
    REMOVED,
    find_card_numbers,
    is_secret_name,
    mask_card_number,
    mask_text,
    passes_luhn,
    redact,
)


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "41111111 11111111",
        "3782 822463 10005",
        "2026-11-01 4111111111111111",
        "4111111111111111 2026-11-01",
    ],
)
def test_a_card_number_is_found_however_it_is_grouped(text: str) -> None:
    assert len(find_card_numbers(text)) == 1
    assert "******" in mask_text(text)


@pytest.mark.parametrize("month", range(1, 13))
def test_two_dates_are_no_card_number(month: int) -> None:
    for day in range(1, 29):
        text = f"1755902 2026-{month:02}-{day:02} 2026-{month:02}-28"
        assert find_card_numbers(text) == []
        assert mask_text(text) == text


def test_two_ids_are_no_card_number() -> None:
    for number in range(1755900, 1755999):
        for text in (f"{number} 1755910", f"{number} 101982"):
            assert find_card_numbers(text) == []


@pytest.mark.parametrize(
    "text",
    ["1764028800003", "2026112512345679", "20261125123456784", "1755902175590210", "LT121000011101001000"],
    ids=["milliseconds", "date and number", "date, time and number", "two ids in one", "IBAN"],
)
def test_what_no_card_begins_with_is_no_card_number(text: str) -> None:
    with_good_check_digit = next(
        f"{text[:-1]}{digit}"
        for digit in range(10)
        if passes_luhn("".join(filter(str.isdigit, f"{text[:-1]}{digit}")))
    )

    assert find_card_numbers(with_good_check_digit) == []
    assert mask_text(with_good_check_digit) == with_good_check_digit


@pytest.mark.parametrize(
    ("start", "length"),
    [
        ("34", 15),
        ("36", 14),
        ("36", 16),
        ("4", 16),
        ("51", 16),
        ("62", 16),
        ("62", 19),
        ("2221", 16),
        ("2720", 16),
        ("2200", 16),
        ("9792", 16),
        ("3530", 16),
        ("6011", 16),
        ("5018", 13),
    ],
)
def test_every_scheme_is_found(start: str, length: int) -> None:
    body = f"{start}{'1' * (length - 1 - len(start))}"
    number = next(f"{body}{digit}" for digit in range(10) if passes_luhn(f"{body}{digit}"))

    assert find_card_numbers(number) == [number]


def with_check_digit(digits: str) -> str:
    return next(f"{digits}{last}" for last in range(10) if passes_luhn(f"{digits}{last}"))


VISA, OF_13, OF_19 = "4111111111111111", with_check_digit("422222222222"), with_check_digit("630400000000000000")


def test_a_number_of_13_to_19_digits_is_found_and_no_other() -> None:
    assert passes_luhn(OF_13)
    assert passes_luhn(OF_19)
    assert find_card_numbers(f"{OF_13} and {OF_19}") == [OF_13, OF_19]
    shorter = next(f"42222222222{digit}" for digit in range(10) if passes_luhn(f"42222222222{digit}"))
    longer = next(
        f"{'6304' + '0' * 15}{digit}" for digit in range(10) if passes_luhn(f"{'6304' + '0' * 15}{digit}")
    )
    assert find_card_numbers(f"{shorter} and {longer}") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [(" ".join(VISA[place : place + size] for place in range(0, 16, size)), True) for size in (1, 2, 4, 8)]
    + [("411111 111 1111 111", True), ("41111 11111 111111", True), ("4111111 111111111", True)],
)
def test_people_write_groups_of_any_size(text: str, found: bool) -> None:
    assert bool(find_card_numbers(text)) is found


@pytest.mark.parametrize("sign", [" ", "-", "\u00a0", "\u2009", "\u202f", "\u2010", "\u2011", "\u2013"])
def test_groups_are_kept_apart_by_spaces_and_hyphens_of_any_kind(sign: str) -> None:
    assert find_card_numbers(sign.join(["4111", "1111", "1111", "1111"])) == [VISA]
    assert find_card_numbers((sign * 3).join(["4111", "1111", "1111", "1111"])) == [VISA]
    assert find_card_numbers((sign * 4).join(["4111", "1111", "1111", "1111"])) == []


@pytest.mark.parametrize("separator", ["", " ", "-"])
def test_a_mask_leaves_six_and_four_digits_and_nothing_in_between(separator: str) -> None:
    assert mask_card_number(separator.join(["4111", "1122", "2222", "3333"])) == "411111******3333"
    assert mask_card_number(f"{OF_13[:6]}{separator}{OF_13[6:]}") == f"422222******{OF_13[-4:]}"
    assert mask_card_number("1755902") == "1755902"


def test_text_around_masked_numbers_stays_as_it_was() -> None:
    text = f"first {VISA}, then {OF_19}; the end"

    assert mask_text(text) == f"first 411111******1111, then {OF_19[:6]}******{OF_19[-4:]}; the end"
    assert mask_text("nothing of the kind, 4111") == "nothing of the kind, 4111"


@pytest.mark.parametrize(
    "name",
    "cvv CVV2 cvc cvc2 pin pwd password acsPassword card_password cardPassword track2 pin-block PINBLOCK".split(),
)
def test_what_opens_a_card_is_known_by_its_name_however_it_is_spelt(name: str) -> None:
    assert is_secret_name(name)
    assert redact({"list": [{name: "4711"}]}) == {"list": [{name: REMOVED}]}
    assert redact({name: ""}) == {name: ""}, "nothing is nothing to hide"
    assert is_secret_name("-" * 100 + name)
    assert not is_secret_name(f"{name}Status")


def test_an_id_of_seven_digits_beside_a_card_number_hides_nothing_and_is_not_hidden() -> None:
    assert mask_text("4111 1111 1111 1111 1755902") == "411111******1111 1755902"
    assert mask_text("1755902 4111 1111 1111 1111") == "1755902 411111******1111"


def test_other_values_stay_as_they_are() -> None:
    value = {
        "id": 1755902,
        "big": 10**15,
        "number": int(VISA),
        "text": VISA,
        "rate": 1.5,
        "none": None,
        "yes": True,
    }

    assert redact(value) == value | {"number": "411111******1111", "text": "411111******1111"}
    assert redact(int(OF_13)) == mask_card_number(OF_13)


@pytest.mark.parametrize(
    "number", [float(VISA), -int(VISA), Decimal(VISA), Decimal(f"{VISA}.00"), Decimal("4.111111111111111E+15")]
)
def test_a8_a_card_number_that_came_as_a_number_is_masked_however_it_was_written(number: object) -> None:
    assert redact({"id": number}) == {"id": "411111******1111"}


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), float("inf"), Decimal(f"{VISA}.5"), -0.0])
def test_a8_a_number_that_is_no_card_number_stays_as_it_is(number: object) -> None:
    assert str(redact(number)) == str(number)


def test_a8_a_card_number_that_is_a_name_is_masked() -> None:
    assert redact({"rows": [{f"card {VISA}": 1}]}) == {"rows": [{"card 411111******1111": 1}]}


def test_a8_a_secret_is_known_by_a_name_in_wide_letters_too() -> None:
    assert redact({"\uff23\uff36\uff36": "123"}) == {"\uff23\uff36\uff36": REMOVED}
