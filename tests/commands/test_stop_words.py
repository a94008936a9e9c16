"""What is stopped and what goes on, as people in a hurry write it."""

from datetime import date

import pytest

from approvals.stops.scope import EVERYTHING, StopKind, StopScope
from commands.cardops.stops import read_resume, read_stop
from commands.reading.arguments import Misread, TypedWords

TOP_UPS, CARD = StopScope(kind=StopKind.TOP_UPS), StopScope(kind=StopKind.CARD, card_id="1755902")


def typed(words: str) -> TypedWords:
    return TypedWords(words=words.split(), form="/cardops stop", today=date(2026, 11, 22))


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("top ups", TOP_UPS),
        ("Top-ups:", TOP_UPS),
        ("top up", TOP_UPS),
        ("card 1755902", CARD),
        ("Card: #1755902", CARD),
        ("cards 1755902", CARD),
        ("all", EVERYTHING),
    ],
)
def test_a12_a_scope_in_other_words_is_no_other_scope(words: str, scope: StopScope) -> None:
    """Resuming `top ups` resumed everything, as if no scope were named."""
    assert read_resume(typed(f"{words} portal checked")).scope == scope
    stop = read_stop(typed(f"{words} fraud suspected"))
    assert (stop.scope, stop.reason) == (scope, "fraud suspected")


@pytest.mark.parametrize("words", ["1755902", "#1755902", "№ 1755902 checked"])
def test_a12_a_number_alone_resumes_nothing(words: str) -> None:
    with pytest.raises(Misread, match="card 1755902"):
        read_resume(typed(words))


def test_a12_other_words_are_the_reason() -> None:
    assert read_resume(typed("checked in the portal")).scope is None
    assert read_stop(typed("top management asked for it")).scope == EVERYTHING
    assert read_stop(typed("1755902 was stolen")).scope == EVERYTHING
