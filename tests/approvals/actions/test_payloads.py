"""What may be asked for: the bounds of every field, and what people are shown of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from approvals.actions.payloads import ApplyPayload, UpdatePayload
from paytend.money import Money
from tests.approvals.actions.payloads import ADDRESS, PAYLOADS, payload

CARD_NUMBER = "4111 1111 1111 1111"
FITS: list[tuple[str, dict[str, Any]]] = [
    ("card.top_up", {"card_id": "x" * 64}),
    ("card.top_up", {"card_id": "A_b-9"}),
    ("card.top_up", {"money": "0.01 EUR"}),
    ("card.top_up", {"reason": "x" * 500}),
    *(
        ("card.retrieve_password", {"identified": way})
        for way in ("called_back", "video", "in_person", "questions")
    ),
    ("card.apply", {"quantity": 1}),
    ("card.apply", {"quantity": 100}),
    ("card.apply", {"quantity": 1, "holder_id": "101982"}),
    ("card.apply", {"quantity": 1, "holder_id": "101982", "card_type": "1"}),
    ("card.apply", {"card_type": "123", "card_scheme": "123"}),
    ("card.apply", {"contact_name": "x" * 128}),
    ("card.apply", {"contact_mobile": "+123456"}),
    ("card.apply", {"contact_mobile": "+123456789012345"}),
    ("card.apply", {"delivery_address": {**ADDRESS, "line2": "x" * 128, "state": "x" * 48, "postcode": "x" * 12}}),
    ("card.apply", {"delivery_address": {**ADDRESS, "city_code": "x" * 80, "line": "x" * 128}}),
    ("card.apply", {"remarks": "x" * 500}),
    ("cardholder.update", {"gender": "12"}),
]
DOES_NOT_FIT: list[tuple[str, dict[str, Any]]] = [
    ("card.top_up", {"card_id": "x" * 65}),
    ("card.top_up", {"money": "0.00 EUR"}),
    ("card.top_up", {"money": "-0.01 EUR"}),
    ("card.top_up", {"reason": "x" * 501}),
    ("card.top_up", {"reason": CARD_NUMBER}),
    ("card.top_up", {"cvv": "123"}),
    ("card.replace", {"new_card_id": "1755902"}),
    ("card.retrieve_password", {"identified": ""}),
    ("card.retrieve_password", {"identified": "trust me"}),
    ("card.apply", {"quantity": 0}),
    ("card.apply", {"quantity": 101}),
    ("card.apply", {"quantity": 2, "holder_id": "101982"}),
    ("card.apply", {"quantity": 1, "card_type": "1"}),
    ("card.apply", {"card_type": "1234"}),
    ("card.apply", {"card_scheme": "1234"}),
    ("card.apply", {"card_scheme": ""}),
    ("card.apply", {"contact_name": ""}),
    ("card.apply", {"contact_name": "x" * 129}),
    ("card.apply", {"contact_name": CARD_NUMBER}),
    ("card.apply", {"contact_mobile": "+12345"}),
    ("card.apply", {"contact_mobile": "+1234567890123456"}),
    ("card.apply", {"contact_mobile": "0037061234567"}),
    ("card.apply", {"remarks": "x" * 501}),
    *(
        ("card.apply", {"delivery_address": {**ADDRESS, **wrong}})
        for wrong in (
            {"line": ""},
            {"line": "x" * 129},
            {"line": CARD_NUMBER},
            {"line2": "x" * 129},
            {"line2": CARD_NUMBER},
            {"city_code": "x" * 81},
            {"city_code": ""},
            {"city_code": "a b"},
            {"state": "x" * 49},
            {"state": CARD_NUMBER},
            {"postcode": ""},
            {"postcode": "x" * 13},
            {"country_code": "lt"},
            {"country_code": "LTU"},
            {"floor": "3"},
        )
    ),
    ("cardholder.update", {"gender": "123"}),
    ("cardholder.update", {"gender": ""}),
    ("cardholder.update", {"nationality": "Estonia"}),
    ("cardholder.update", {"birthday": "yesterday"}),
    ("cardholder.update", dict.fromkeys(("birthday", "gender", "nationality", "address"))),
]


@pytest.mark.parametrize(("action", "values"), FITS)
def test_what_fits_is_taken(action: str, values: dict[str, Any]) -> None:
    assert payload(action, **values).subject


@pytest.mark.parametrize(("action", "values"), DOES_NOT_FIT)
def test_what_does_not_fit_is_refused(action: str, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        payload(action, **values)


def test_a_payload_does_not_change_after_it_was_approved() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        payload("card.top_up").reason = "another"  # type: ignore[misc]  # the point


@pytest.mark.parametrize(
    ("action", "subject", "cards", "money"),
    [
        ("card.top_up", "1755902", ("1755902",), "10.00 EUR"),
        ("card.found", "1755902", ("1755902",), None),
        ("card.activate", "1755902", ("1755902",), None),
        ("card.replace", "1755902", ("1755902", "1755910"), None),
        ("card.retrieve_password", "1755902", ("1755902",), None),
        ("card.apply", "SKU1", (), None),
        ("cardholder.update", "101982", (), None),
    ],
)
def test_what_it_is_done_to_and_which_cards_it_is_about(
    action: str, subject: str, cards: tuple[str, ...], money: str | None
) -> None:
    found = payload(action)

    assert (found.subject, found.cards) == (subject, cards)
    assert found.moved_money == (Money.read(money) if money else None)


def test_an_order_for_a_cardholder_is_about_the_cardholder() -> None:
    assert payload("card.apply", holder_id="101982", quantity=1).subject == "101982"


def test_an_order_is_described_without_where_it_goes() -> None:
    several, one = payload("card.apply"), payload("card.apply", quantity=1, holder_id="101982", card_type="1")

    assert isinstance(several, ApplyPayload)
    assert isinstance(one, ApplyPayload)
    assert several.what == "3 unactivated cards (personal physical, design SKU1)"
    assert one.what == "1 card (personal virtual, design SKU1)"


def test_personal_data_is_apart_for_those_who_decide() -> None:
    order = payload("card.apply")

    assert order.private == (
        ("Contact", "Ona, +37061234567"),
        ("Delivery address", "Gedimino 1, 2, LT-01103, LT_VI, VI, LT"),
        ("Remarks", "ring twice"),
    )
    assert payload("card.apply", remarks="").private == order.private[:2]
    assert payload("cardholder.update").private == (
        ("Birthday", "1980-02-03"),
        ("Gender", "female"),
        ("Nationality", "EE"),
        ("Address", "Gedimino 1, 2, LT-01103, LT_VI, VI, LT"),
    )
    assert payload("card.top_up").private == ()


def test_a_field_that_is_not_given_is_not_changed_or_is_blank() -> None:
    update = UpdatePayload(holder_id="101982", nationality="EE")
    assert update.private == (("Nationality", "EE"),)

    order = {**PAYLOADS["card.apply"]}
    order["delivery_address"] = {name: text for name, text in ADDRESS.items() if name not in ("line2", "state")}
    address = ApplyPayload.model_validate(order).delivery_address
    assert (address.line2, address.state) == ("", "")
    assert address.as_text() == "Gedimino 1, LT-01103, LT_VI, LT"
    least = {name: value for name, value in order.items() if name not in ("remarks", "quantity")}
    found = ApplyPayload.model_validate(least)
    assert (found.card_scheme, found.quantity, found.remarks, found.reason) == ("3", 1, "", "")
