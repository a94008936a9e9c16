"""What is a card number in a text, and what only looks like one."""

import pytest

from paytend.redaction import find_card_numbers, mask_text, passes_luhn


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


@pytest.mark.parametrize("start", ["34", "36", "4", "51", "62", "2221", "2720", "2200", "9792"])
def test_every_scheme_is_found(start: str) -> None:
    body = f"{start}{'1' * (15 - len(start))}"
    number = next(f"{body}{digit}" for digit in range(10) if passes_luhn(f"{body}{digit}"))

    assert find_card_numbers(number) == [number]
