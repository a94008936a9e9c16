"""What a tired person reads of every notice: what it is about, without codes, and one row of buttons."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from notifier.rendering.facts import TemplateFacts
from notifier.rendering.renderer import Rendered
from tests import once
from tests.every_notice import GROUPS, Sample, draw
from tests.words import all_classes, read_texts, show

SAMPLES = [sample for group in GROUPS.values() for sample in group]
# Drawn below another notice or into one, and never by themselves.
PARTS = {"notice_acknowledge", "notice_why", "request_figures"}
KINDS = {kind.template for kind in all_classes(TemplateFacts) if kind.template}
# The answers of commands, which only the person who typed sees.
ANSWERS = ("bot.slack.", "commands.")


def read(sample: Sample) -> tuple[Rendered, list[str]]:
    rendered = draw(once.renderer(), sample)
    return rendered, [show(text) for text in (rendered.text, *read_texts(rendered.blocks))]


def named(name: str) -> str:
    sample = next(each for each in SAMPLES if each.name == name)
    return " ".join(read(sample)[1]).replace("\N{NO-BREAK SPACE}", " ")


def rows_of_buttons(rendered: Rendered) -> Iterator[dict[str, Any]]:
    return (block for block in rendered.blocks if block["type"] == "actions")


def test_there_is_a_sample_of_every_notice() -> None:
    wanted = {
        kind.template
        for kind in all_classes(TemplateFacts)
        if kind.template and not kind.template.endswith(".view") and not kind.__module__.startswith(ANSWERS)
    }
    assert {sample.facts.template for sample in SAMPLES} == wanted - PARTS


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_notice_has_no_code_words_no_json_and_one_row_of_buttons(sample: Sample) -> None:
    rendered, texts = read(sample)
    said = re.sub("`[^`]*`", "(code)", " ".join(texts))  # what is typed is as it is typed

    assert not KINDS & set(re.findall(r"\w+_\w+", said)), "the name of a template is no word for people"
    assert not re.search(r'[{\[]"', said), "JSON"
    assert not re.search(r"\b[a-z]+ \(\d\)", said), "a code of Paytend beside its words"
    assert not re.search(r"\b1 (tries|notices|alerts|approvals|cards|times)\b", said)
    assert not re.search(r"None|undefined|unknown unknown|\s[.,;]|[^.]\.\.(?!\.)", said)
    assert len(list(rows_of_buttons(rendered))) <= 1


def test_what_cannot_be_read_of_a_purchase_is_not_marked_as_fine() -> None:
    for name in ("the unit is unclear", "no amount"):
        assert ":white_check_mark:" not in named(name)
        assert ":warning:" in named(name)


def test_a_fee_is_charged_by_no_merchant() -> None:
    assert "Fee *18.45 EUR* · Monthly fee · Rūta Kazlauskaitė" in named("a fee")


def test_a_card_that_was_reported_and_works_is_reported_again() -> None:
    assert "[Report lost again]" in named("lost, yet it went through")
    assert "[Report lost again]" not in named("declined, nobody knows why")


def test_an_order_says_what_came_of_it_first_and_its_reference_below() -> None:
    assert named("cards ordered, done").startswith("Card order done: •••• 5210, •••• 5211, •••• 5212.")
    assert named("an order failed").startswith(
        "Card order failed or waiting for shipment: 1 card. Paytend says: Out"
    )
    assert "Paytend status 2" in named("an order failed")


def test_a_dead_letter_says_in_words_what_was_lost_and_how_often_it_was_tried() -> None:
    assert "gave up after 1 try)" in named("a dead letter after one try")
    assert "approval request" in named("a dead letter after one try")
    assert "This is told once" not in named("a detour")


def test_a_low_balance_says_each_figure_once() -> None:
    said = named("critical balance")
    assert said.count("900.00 EUR") == 2, "once in the notification, once in the message"
    assert "still low" in named("low, still")


def test_n10_what_a_storm_counts_are_words_and_a_card_id_is_no_last_four() -> None:
    assert "•••• 1755907" not in named("a storm")
    assert "card 1755907" in named("a storm")
    assert "*2* identity checks" in named("a storm")


def test_a_form_refused_names_the_file_to_look_at() -> None:
    assert "`transaction.json.j2`" in named("a form refused")


def test_a7_an_alarm_says_which_request_and_calls_people() -> None:
    for name in ("contradicted", "unproven"):
        assert "Top-up 120.50 EUR to Rūta Kazlauskaitė •••• 5097" in named(name)
        assert "subteam^S0ONCALL" in named(name)
    assert "subteam^S0ONCALL" in named("trail shortened")


def test_a_word_on_a_difference_ends_before_the_next_begins() -> None:
    assert "its own cards A second" not in named("a difference is said")
