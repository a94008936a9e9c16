"""Refusals are sentences."""

import pytest

from approvals.actions.table import ACTIONS, UnknownAction, find_action
from approvals.refusals import Refusal


def test_an_unknown_action_is_refused_by_name() -> None:
    with pytest.raises(UnknownAction, match=r"card\.explode can’t be requested"):
        find_action("card.explode")
    assert {"card.top_up", "card.found", "card.replace", "cardholder.update"} <= set(ACTIONS)


def test_every_refusal_is_a_sentence() -> None:
    def below(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(inner for child in kind.__subclasses__() for inner in below(child))]

    for kind in below(Refusal)[1:]:
        if not kind.__module__.startswith("approvals."):
            continue  # whatever else a test run has imported
        sentence = (kind.__doc__ or "").strip()
        assert sentence.endswith((".", "?")), kind
        assert sentence[0].isupper() or sentence[0] == "{", kind


def test_a_refusal_says_its_first_paragraph_only() -> None:
    class TooLate(Refusal):
        """It is
        too late.

        Why this is so is for developers.
        """

    assert str(TooLate()) == "It is too late."
