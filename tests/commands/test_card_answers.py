"""What private answers about a card say when Paytend says little, and which card is meant."""

from typing import Any

import pytest
from pydantic import ValidationError

from commands.card import info, raw_answer
from paytend.models import CardInfo
from paytend.money import AmountUnit


def answering(answer: Any) -> Any:
    return lambda _call: answer


def test_a_card_without_a_holder_is_shown_without_asking_for_one() -> None:
    asked: list[str] = []

    def ask(call: Any) -> Any:
        asked.append(call.operation.name)
        return call.operation.answer.decode({"holderName": "Card Name"}, unit=AmountUnit.MINOR)

    found = info.info("1755902", ask=ask)

    assert "getHolder" not in asked
    assert (found.holder_id, found.holder_name, found.kyc) == ("", "Card Name", "")


def test_a_raw_answer_masks_id_numbers_under_each_of_their_names() -> None:
    names = ("idNo", "id_no", "idNumber")
    card = CardInfo.decode(dict.fromkeys(names, "PS1234567"), unit=AmountUnit.MINOR)

    found = raw_answer.raw("1755902", ask=answering(card))

    assert "".join(found.parts).count("PS•••••67") == len(names)
    assert found.holder_id == ""


@pytest.mark.parametrize(("lines", "parts", "more"), [(1, 1, False), (12, 3, False), (13, 3, True)])
def test_a_raw_answer_that_is_too_long_for_slack_says_that_there_is_more(
    lines: int, parts: int, more: bool
) -> None:
    """Four lines of 500 characters fit into a part."""
    fields = {f"field{number:02}": "x" * 486 for number in range(lines)}
    card = CardInfo.decode(fields, unit=AmountUnit.MINOR)

    found = raw_answer.raw("1755902", ask=answering(card))

    assert (len(found.parts), found.more) == (parts, more)


def test_a_card_of_nobody_has_no_name() -> None:
    found = info.info("1755902", ask=lambda call: call.operation.answer.decode({}, unit=AmountUnit.MINOR))
    assert found.holder_name == ""


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(CardInfo.decode({}, unit=AmountUnit.MINOR), "status", "5")  # noqa: B010 - mypy refuses the assignment
