"""A card is compared with what the approvers were shown, just before anything is sent."""

from typing import Any

import pytest

from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import ACTIONS
from approvals.actions.usability import CardUnusable, SecondTaken, SecondUnusable, refuse_unusable
from approvals.execution.preflight import CardChanged, preflight
from tests.approvals.world import snapshot

REPLACE, TOP_UP, UPDATE = ACTIONS["card.replace"], ACTIONS["card.top_up"], ACTIONS["cardholder.update"]


def second(**changes: Any) -> SecondCard:
    return SecondCard.model_validate({"card_id": "2", "status": "4", "holder_id": "H1", **changes})


def with_second(**changes: Any) -> Snapshot:
    return snapshot(second=second(**changes))


def test_what_is_as_it_was_shown_may_be_sent() -> None:
    preflight(TOP_UP, snapshot(), snapshot())
    preflight(TOP_UP, snapshot(last_four=""), snapshot())
    preflight(TOP_UP, snapshot(), snapshot(last_four=""))
    preflight(TOP_UP, snapshot(), snapshot(balance="1.00 EUR", holder_name="Anna Other"))
    preflight(REPLACE, with_second(), with_second())
    preflight(UPDATE, snapshot(status="6"), snapshot(status="7"))
    preflight(TOP_UP, with_second(), snapshot())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"card_id": "9"}, "Paytend answered about another card"),
        ({"subject": "9"}, "Paytend answered about another card"),
        ({"status": "8"}, "the card changed from active to frozen since the request"),
        ({"holder_id": "H2"}, "the card now belongs to another cardholder"),
        ({"last_four": "1111"}, "the card now has another number"),
        (
            {"holder_id": "H2", "last_four": "1111"},
            "the card now belongs to another cardholder; the card now has another number",
        ),
    ],
)
def test_what_has_changed_is_said(changes: dict[str, str], words: str) -> None:
    with pytest.raises(CardChanged) as refusal:
        preflight(TOP_UP, snapshot(), snapshot(**changes))

    assert str(refusal.value) == f"Stopped before sending: {words}."


@pytest.mark.parametrize(
    ("shown", "current", "words"),
    [
        (None, second(), "the new card is not the one that was shown"),
        (second(), None, "the new card is not the one that was shown"),
        (second(), second(card_id="3"), "the new card is not the one that was shown"),
        (second(), second(status="5"), "the new card changed from inactive to active since the request"),
        (second(), second(holder_id="H2"), "the new card now belongs to another cardholder"),
    ],
)
def test_what_has_changed_of_the_new_card_is_said(
    shown: SecondCard | None, current: SecondCard | None, words: str
) -> None:
    with pytest.raises(CardChanged, match=words):
        preflight(REPLACE, snapshot(second=shown), snapshot(second=current))


def test_a_card_is_used_only_in_a_state_in_which_it_makes_sense() -> None:
    refuse_unusable(TOP_UP, snapshot(status="5"))
    refuse_unusable(UPDATE, snapshot(status="7"))
    with pytest.raises(CardUnusable, match="This card is lost"):
        refuse_unusable(TOP_UP, snapshot(status="6"))


def test_a_card_is_replaced_by_a_new_one_of_nobody_else() -> None:
    for holder in ("", "H1"):
        refuse_unusable(REPLACE, with_second(holder_id=holder))
    with pytest.raises(SecondTaken):
        refuse_unusable(REPLACE, with_second(holder_id="H2"))
    with pytest.raises(SecondUnusable, match="The new card is active"):
        refuse_unusable(REPLACE, with_second(status="5"))
    with pytest.raises(SecondUnusable, match="not known"):
        refuse_unusable(REPLACE, snapshot())
