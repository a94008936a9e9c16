"""Every sensitive action: what it asks Paytend, whom it takes, and in which states of a card it makes sense."""

from typing import Any

import pytest

from approvals.actions.payloads import Payload
from approvals.actions.table import ACTIONS, UnknownAction, find_action
from paytend.operations.encoding import Address
from tests.approvals.actions.payloads import PAYLOADS, payload

REFERENCE = "01HREFERENCE"
ADDRESS = Address(
    line="Gedimino 1", line2="2", city_code="LT_VI", state="VI", postcode="LT-01103", country_code="LT"
)
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "card.top_up": ("topup", {"card_id": "1755902", "reference": REFERENCE, "money": "10.00 EUR"}),
    "card.found": ("cancelCardLost", {"card_id": "1755902"}),
    "card.activate": ("activeCard", {"card_id": "1755902", "holder_id": "101982"}),
    "card.replace": ("replaceCard", {"old_card_id": "1755902", "new_card_id": "1755910"}),
    "card.retrieve_password": ("retrievePassword", {"card_id": "1755902"}),
    "card.apply": (
        "applyCard",
        {
            "reference": REFERENCE,
            "holder_id": None,
            "card_scheme": "3",
            "card_type": "2",
            "sku": "SKU1",
            "remarks": "ring twice",
            "quantity": 3,
            "contact_name": "Ona",
            "contact_mobile": "+37061234567",
            "delivery_address": ADDRESS,
        },
    ),
    "cardholder.update": (
        "updateCardholder",
        {
            "holder_id": "101982",
            "birthday": "1980-02-03",
            "gender": "2",
            "nationality": "EE",
            "address": ADDRESS,
        },
    ),
}
LOOKUPS: dict[str, tuple[str, dict[str, Any]]] = {
    "card.top_up": ("getTopupResult", {"reference": REFERENCE}),
    "card.found": ("getCardInfo", {"card_id": "1755902"}),
    "card.activate": ("getCardInfo", {"card_id": "1755902"}),
    "card.apply": ("getApplyCardResult", {"reference": REFERENCE}),
    "cardholder.update": ("getHolder", {"holder_id": "101982"}),
}


def plain(value: object) -> object:
    return value if isinstance(value, Address | int | None) else str(value)


@pytest.mark.parametrize("name", PAYLOADS)
def test_an_action_asks_paytend_for_exactly_what_was_approved(name: str) -> None:
    call = ACTIONS[name].call(payload(name), REFERENCE)
    operation, values = CALLS[name]

    assert call.operation.name == operation
    assert call.operation.changes
    assert {key: plain(value) for key, value in call.values.items()} == values


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_became_of_it_is_asked_for_without_a_change(name: str) -> None:
    lookup = ACTIONS[name].lookup
    if name not in LOOKUPS:
        assert lookup is None, "two people settle it"
        assert ACTIONS[name].read_lookup is None
        return
    assert lookup is not None
    call = lookup(payload(name), REFERENCE)

    assert (call.operation.name, dict(call.values)) == LOOKUPS[name]
    assert not call.operation.changes


def test_an_update_without_an_address_sends_none() -> None:
    call = ACTIONS["cardholder.update"].call(payload("cardholder.update", address=None), REFERENCE)

    assert call.values["address"] is None


def test_the_states_of_a_card_in_which_each_action_makes_sense() -> None:
    assert {name: (action.usable, action.usable_second) for name, action in ACTIONS.items()} == {
        "card.top_up": (("5",), ()),
        "card.found": (("6",), ()),
        "card.activate": (("4",), ()),
        "card.replace": (("5", "6"), ("4",)),
        "card.retrieve_password": (("5",), ()),
        "card.apply": ((), ()),
        "cardholder.update": ((), ()),
    }


def test_policy_lifts_no_action_that_moves_money_or_opens_a_card() -> None:
    assert {name for name, action in ACTIONS.items() if action.always} == {
        "card.top_up",
        "card.found",
        "card.replace",
        "card.retrieve_password",
    }


def test_support_asks_for_everything_and_one_action_keeps_who_asked_from_deciding_later() -> None:
    assert {action.requesters for action in ACTIONS.values()} == {("support",)}
    assert [name for name, action in ACTIONS.items() if action.changes_cardholder] == ["cardholder.update"]
    assert [name for name, action in ACTIONS.items() if action.notes] == ["card.replace", "card.retrieve_password"]


def test_an_action_that_there_is_not_is_refused() -> None:
    assert find_action("card.top_up") is ACTIONS["card.top_up"]
    with pytest.raises(UnknownAction, match=r"card\.burn"):
        find_action("card.burn")
    assert all(isinstance(payload(name), Payload) for name in ACTIONS)
