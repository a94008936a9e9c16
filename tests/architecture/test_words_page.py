"""docs/words.md has all that people read, and each button is read aloud with the words that it shows."""

import re
from pathlib import Path

import pytest

from tests import words

PAGE = Path(__file__).parents[2] / "docs" / "words.md"
BUTTON = re.compile(r"^- \[(.*?)…?\](?: \(read as “(.*)”\))?$", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    return words.write()


def test_the_page_of_words_is_renewed(page: str) -> None:
    assert page == PAGE.read_text(encoding="utf-8"), "run: python -m tests.words > docs/words.md"


def test_what_is_read_aloud_of_a_button_begins_with_what_it_shows(page: str) -> None:
    buttons = BUTTON.findall(page)

    assert len(buttons) > 40
    assert [(shown, aloud) for shown, aloud in buttons if aloud and not aloud.startswith(shown)] == []


def test_nothing_on_the_page_is_empty(page: str) -> None:
    """A message without its text, or bold marks around nothing, is a hole that nothing fills."""
    assert [line for line in page.splitlines() if re.search(r"\*\*|\(\)|“”", line)] == []
