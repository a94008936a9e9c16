"""An id has one spelling, whoever types it and however (case A11)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from approvals.actions.payloads import ActivatePayload, ReplacePayload, TopUpPayload
from approvals.written_ids import has_leading_zero, normalize_id
from commands import topup
from commands.approvals import read_show
from commands.card import activation_form, changes, info, order_form
from commands.cardops import silences
from commands.holder import lookup
from commands.lists import movements
from commands.reading.arguments import Misread, TypedWords, read_one_card, read_reference

CARD = "1755902"
SPELLINGS = [
    CARD,
    f"#{CARD}",
    f"# {CARD}",
    f"№{CARD}",
    f" {CARD}\u00a0",
    f"\u200b{CARD}\ufeff",
    CARD.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
    CARD.translate({ord("0") + digit: 0x660 + digit for digit in range(10)}),
    CARD.translate({ord("0") + digit: 0x966 + digit for digit in range(10)}),
]


def typed(text: str) -> TypedWords:
    return TypedWords(words=text.split(), form="/card …", today=date(2026, 11, 28))


READERS: list[Callable[[str], Any]] = [
    lambda text: read_one_card(typed(text)),
    lambda text: info.read_info(typed(text))[0],
    lambda text: topup.read_top_up(typed(f"{text} 10")).card_id,
    lambda text: movements.read_query(movements.CARD, typed(f"{text} yesterday")).card_id,
    lambda text: changes.read_found(typed(f"{text} why"))["card_id"],
    lambda text: changes.read_activate(typed(f"{text} 101982"))["card_id"],
    lambda text: changes.read_activate(typed(f"17 {text}"))["holder_id"],
    lambda text: changes.read_replace(typed(f"{text} 17"))["card_id"],
    lambda text: changes.read_replace(typed(f"17 {text}"))["new_card_id"],
    lambda text: changes.read_password(typed(text))["card"],
    lambda text: lookup.read_status(typed(text))["holder_id"],
    lambda text: lookup.read_holder(typed(text))["holder"],
]
INPUTS: list[Callable[[str], tuple[Any, dict[str, str]]]] = [
    lambda text: read_fields(
        topup.read_fields({"card": text, "amount": "10", "currency": "EUR", "reason": ""}), "card_id"
    ),
    lambda text: read_fields(changes.read_password_fields({"card": text, "identified": "video"}), "card_id"),
    lambda text: read_fields(activation_form.read_activate_fields({"card": text, "holder": "1"}), "card_id"),
    lambda text: read_fields(activation_form.read_activate_fields({"card": "1", "holder": text}), "holder_id"),
]


def read_fields(read: tuple[Any, dict[str, str]], name: str) -> tuple[Any, dict[str, str]]:
    found, wrong = read
    return (found.get(name) if isinstance(found, dict) else getattr(found, name, None)), wrong


@pytest.mark.parametrize("text", SPELLINGS)
def test_a11_every_spelling_is_read_as_one_id(text: str) -> None:
    assert [read(text) for read in READERS] == [CARD] * len(READERS)
    assert [read(text) for read in INPUTS] == [(CARD, {})] * len(INPUTS)
    assert read_reference(typed(text)) == CARD
    assert read_show(typed(text)) == CARD
    assert order_form.read_order({"holder": text})[1].get("holder") is None
    silence = silences.read_silence(typed(f"card={''.join(text.split())} for 1h moving"))
    assert silence.matcher.card == CARD


@pytest.mark.parametrize("text", ["01755902", "#01755902", "00", "0", "٠١٧٥٥٩٠٢"])
def test_a11_a_leading_zero_is_refused_with_words(text: str) -> None:
    for read in READERS:
        with pytest.raises(Misread, match="begins with a zero"):
            read(text)
    for read_input in INPUTS:
        (words,) = read_input(text)[1].values()
        assert "begins with a zero" in words
    assert "begins with a zero" in order_form.read_order({"holder": text})[1]["holder"]


def test_a11_the_refusal_says_what_to_write() -> None:
    with pytest.raises(Misread) as refused:
        read_one_card(typed("01755902"))
    words = str(refused.value)
    assert words.startswith("“01755902” begins with a zero, and no card ID does. Write `/card …`.")
    assert words.endswith("If you mean card 1755902, write 1755902.")


@pytest.mark.parametrize("text", ["-1755902", "_1755902", "+1755902", "1755902.", "17559\u03bf2", "1755902\u0430"])
def test_a11_what_only_looks_like_the_id_is_no_id(text: str) -> None:
    for read in READERS:
        with pytest.raises(Misread):
            read(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda text: TopUpPayload.model_validate({"card_id": text, "money": "1.00 EUR"}),
        lambda text: ActivatePayload(card_id="1755902", holder_id=text),
        lambda text: ReplacePayload(card_id="1755902", new_card_id=text),
    ],
)
@pytest.mark.parametrize("text", ["01755902", "-1755902", " 1755902", "\uff11"])
def test_a11_no_payload_holds_a_second_spelling_whoever_made_it(make: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValidationError):
        make(text)


def test_a11_an_id_with_letters_and_zeros_stays_as_it_is() -> None:
    assert normalize_id("A0017-b") == "A0017-b"
    assert not has_leading_zero("0A17")
    assert read_one_card(typed("0A17")) == "0A17"
    assert lookup.read_status(typed("passport 00123"))["id_number"] == "00123", "documents have zeros"
