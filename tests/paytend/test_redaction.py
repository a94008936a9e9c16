"""What is a card number in a text, and what only looks like one."""

import pytest

from paytend.redaction import find_card_numbers, mask_text


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
