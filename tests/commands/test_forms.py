"""Forms: nothing that was typed is lost, and what is wrong is said under its input."""

from datetime import date
from typing import Any

import pytest

from commands import topup
from commands.card import activation_form, order_form
from commands.holder import document, forms
from commands.reading.address import AddressFields, fill_address, read_address
from paytend.models import Design
from paytend.money import AmountUnit, Money
from paytend.operations.encoding import Address

TYPED_ADDRESS = {
    "line": "Gedimino 1",
    "line2": "2a",
    "country": "LT",
    "city": "LT_VI",
    "state": "VI",
    "postcode": "LT-01103",
}
ADDRESS = Address(
    line="Gedimino 1", line2="2a", city_code="LT_VI", state="VI", postcode="LT-01103", country_code="LT"
)
PERSON = {
    "first_name": "Ona",
    "last_name": "Žalė",
    "birthday": "1990-04-01",
    "gender": "2",
    "nationality": "LT",
    "id_type": "2",
    "id_number": "PS 123 456",
    "mobile": "+370 (612) 34-567",
    "email": "ona@example.org",
}
ORDER = {
    "design": "SKU1",
    "holder": "101982",
    "quantity": "1",
    "contact_name": "Ona",
    "contact_mobile": "+37061234567",
    "remarks": "ring twice",
    "reason": "new colleague",
}


def place(fields: dict[str, str]) -> AddressFields:
    return fill_address(fields, name_of_city=lambda country, city: f"{city} of {country}")


def test_an_address_comes_back_as_it_was_typed() -> None:
    assert place(TYPED_ADDRESS) == AddressFields(
        line="Gedimino 1",
        line2="2a",
        country="LT",
        country_name="Lithuania",
        city="LT_VI",
        city_name="LT_VI of LT",
        city_action="city_LT",
        state="VI",
        postcode="LT-01103",
    )
    blank = place({})
    assert blank == place({"city": "-"})
    texts = (blank.line, blank.line2, blank.country, blank.country_name, blank.city, blank.city_name)
    assert (*texts, blank.state, blank.postcode, blank.city_action) == ("",) * 8 + ("city_",)


def test_a_top_up_comes_back_as_it_was_typed() -> None:
    typed = {"card": "1755902", "amount": "20,00", "currency": "USDT", "reason": "lunch"}
    view, blank = topup.make_form(typed, channel="C0"), topup.make_form({}, channel="C0")

    assert {name: getattr(view, name) for name in typed} == typed
    assert view.metadata == {"channel": "C0"}
    assert (blank.card, blank.amount, blank.reason, blank.currency) == ("", "", "", view.currencies[0])


def test_an_order_comes_back_as_it_was_typed() -> None:
    def make(fields: dict[str, str]) -> order_form.CardApplyView:
        return order_form.make_form(
            fields, place=place(fields), channel="C0", name_of_design=lambda code: f"design {code}"
        )

    view, blank = make(ORDER | TYPED_ADDRESS), make({})
    assert {name: getattr(view, name) for name in ORDER} == ORDER
    assert (view.metadata, view.design_name, view.place) == (
        {"channel": "C0"},
        "design SKU1",
        place(TYPED_ADDRESS),
    )
    assert {getattr(blank, name) for name in ORDER} == {""}
    assert make({"design": "-"}).design == ""


def test_a_cardholder_comes_back_as_it_was_typed() -> None:
    view = forms.make_create_form(PERSON, place=place({}), channel="C0")
    blank = forms.make_create_form({}, place=place({}), channel="C0")

    assert {name: getattr(view, name) for name in PERSON} == PERSON
    assert (view.metadata, view.nationality_name) == ({"channel": "C0"}, "Lithuania")
    assert {getattr(blank, name) for name in PERSON} == {""}
    assert [choice.value for choice in view.genders] == ["1", "2"]
    assert [choice.text for choice in view.id_types] == ["national ID card", "passport"]


def test_a_change_comes_back_as_it_was_typed() -> None:
    typed = {name: PERSON[name] for name in ("birthday", "gender", "nationality")} | {"reason": "moved"}
    view = forms.make_update_form(typed, holder_id="101982", place=place({}), channel="C0")
    blank = forms.make_update_form({}, holder_id="101982", place=place({}), channel="C0")

    assert {name: getattr(view, name) for name in typed} == typed
    assert view.metadata == {"channel": "C0", "holder": "101982"}
    assert (view.asking, view.nationality_name) == ("Asking Paytend about cardholder 101982…", "Lithuania")
    assert {getattr(blank, name) for name in typed} == {""}


def test_a_document_comes_back_as_it_was_chosen() -> None:
    view = document.make_form({"file_type": "3"}, holder_id="101982", channel="C0")

    assert (view.file_type, view.metadata) == ("3", {"channel": "C0", "holder": "101982"})
    assert document.make_form({}, holder_id="101982", channel="C0").file_type == ""


def test_an_activation_comes_back_as_it_was_typed() -> None:
    typed = {"card": "1755902", "holder": "101982", "reason": "new colleague"}
    view, blank = (activation_form.activate_form(fields, channel="C0") for fields in (typed, {}))

    assert {name: getattr(view, name) for name in typed} == typed
    assert {getattr(blank, name) for name in typed} == {""}


def test_an_order_is_read() -> None:
    order, wrong = order_form.read_order(ORDER | TYPED_ADDRESS)

    assert wrong == {}
    assert order == order_form.TypedOrder(
        holder_id="101982",
        sku="SKU1",
        quantity=1,
        contact_name="Ona",
        contact_mobile="+37061234567",
        delivery_address=ADDRESS,
        remarks="ring twice",
        reason="new colleague",
    )
    least = {name: ORDER[name] for name in ("design", "quantity", "contact_name", "contact_mobile")}
    order, wrong = order_form.read_order(least | TYPED_ADDRESS)
    assert wrong == {}
    assert order is not None
    assert (order.holder_id, order.quantity, order.remarks, order.reason) == (None, 1, "", "")


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({"holder": "a b"}, {"holder"}),
        ({"holder": "x" * 65}, {"holder"}),
        ({"quantity": "", "holder": ""}, {"quantity"}),
        ({"quantity": "0", "holder": ""}, {"quantity"}),
        ({"quantity": "101", "holder": ""}, {"quantity"}),
        ({"quantity": "many", "holder": ""}, {"quantity"}),
        ({"quantity": "2"}, {"quantity"}),
        ({"design": ""}, {"design"}),
        ({"design": "-"}, {"design"}),
        ({"contact_name": " "}, {"contact_name"}),
        ({"contact_name": "x" * 101}, {"contact_name"}),
        ({"remarks": "x" * 201}, {"remarks"}),
        ({"reason": "x" * 501}, {"reason"}),
        ({"contact_mobile": "0612345"}, {"contact_mobile"}),
        ({"line": ""}, {"line"}),
        ({"line": "x" * 101}, {"line"}),
        ({"line2": "x" * 101}, {"line2"}),
        ({"state": "x" * 51}, {"state"}),
        ({"postcode": "x" * 21}, {"postcode"}),
        ({"postcode": ""}, {"postcode"}),
        ({"country": "XX"}, {"country"}),
        ({"city": ""}, {"city"}),
        ({"city": "-"}, {"city"}),
    ],
)
def test_what_is_wrong_with_an_order_is_said_under_its_input(typed: dict[str, str], where: set[str]) -> None:
    order, wrong = order_form.read_order(ORDER | TYPED_ADDRESS | typed)

    assert order is None
    assert set(wrong) == where


@pytest.mark.parametrize(
    "typed",
    [
        {"holder": "x" * 64},
        {"quantity": "100", "holder": ""},
        {"contact_name": "x" * 100, "remarks": "x" * 200, "reason": "x" * 500},
        {"line": "x" * 100, "line2": "x" * 100, "state": "x" * 50, "postcode": "x" * 20},
    ],
)
def test_what_just_fits_into_an_order_is_taken(typed: dict[str, str]) -> None:
    assert order_form.read_order(ORDER | TYPED_ADDRESS | typed)[1] == {}


def test_an_order_takes_type_and_scheme_from_its_design() -> None:
    order, _ = order_form.read_order(ORDER | TYPED_ADDRESS)
    several, _ = order_form.read_order(ORDER | TYPED_ADDRESS | {"holder": "", "quantity": "3"})
    assert order is not None
    assert several is not None

    def design(**fields: str) -> list[Design]:
        return [Design.decode({"sku": "SKU1", **fields}, unit=AmountUnit.MINOR)]

    payload = order_form.make_payload(order, design(cardType="1", cardScheme="4"))
    assert (payload["card_type"], payload["card_scheme"], payload["sku"]) == ("1", "4", "SKU1")
    payload = order_form.make_payload(several, design())
    assert (payload["card_type"], payload["card_scheme"], payload["quantity"]) == ("2", "3", 3)
    with pytest.raises(order_form.NeedsCardholder):
        order_form.make_payload(several, design(cardType="1"))
    with pytest.raises(order_form.UnknownDesign, match="SKU1"):
        order_form.make_payload(order, [])


def test_a_new_cardholder_is_read() -> None:
    new, wrong = forms.read_new(PERSON | TYPED_ADDRESS)

    assert wrong == {}
    assert new == forms.NewCardholder(
        mobile="+37061234567",
        first_name="Ona",
        last_name="Žalė",
        id_number="PS123456",
        id_type="2",
        email="ona@example.org",
        birthday=date(1990, 4, 1),
        gender="2",
        nationality="LT",
        address=ADDRESS,
    )


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ({"first_name": " "}, {"first_name"}),
        ({"last_name": "x" * 61}, {"last_name"}),
        ({"mobile": "+12345"}, {"mobile"}),
        ({"email": "ona@nowhere"}, {"email"}),
        ({"id_number": "12345"}, {"id_number"}),
        ({"id_number": "x" * 21}, {"id_number"}),
        ({"gender": ""}, {"gender"}),
        ({"gender": "9"}, {"gender"}),
        ({"nationality": "XX"}, {"nationality"}),
        ({"id_type": ""}, {"id_type"}),
        ({"id_type": "1", "nationality": "JP"}, {"id_type"}),
        ({"id_type": "1", "nationality": "XX"}, {"nationality"}),
        ({"birthday": ""}, {"birthday"}),
        ({"birthday": "1899-12-31"}, {"birthday"}),
        ({"line": ""}, {"line"}),
    ],
)
def test_what_is_wrong_with_a_cardholder_is_said_under_its_input(typed: dict[str, str], where: set[str]) -> None:
    new, wrong = forms.read_new(PERSON | TYPED_ADDRESS | typed)

    assert new is None
    assert set(wrong) == where


@pytest.mark.parametrize(
    "typed",
    [
        {"first_name": "x" * 60},
        {"id_number": "x" * 20},
        {"id_number": "123456"},
        {"birthday": "1900-01-01"},
        {"id_type": "1"},
    ],
)
def test_what_just_fits_a_cardholder_is_taken(typed: dict[str, str]) -> None:
    assert forms.read_new(PERSON | TYPED_ADDRESS | typed)[1] == {}


def test_only_what_was_filled_in_is_changed() -> None:
    changes, wrong = forms.read_changes({"gender": "2"})
    assert (changes.as_payload(), wrong) == ({"gender": "2"}, {})
    every = {"gender": "2", "nationality": "LT", "birthday": "1990-04-01"}
    changes, wrong = forms.read_changes(every | TYPED_ADDRESS)
    assert wrong == {}
    assert changes.as_payload() == every | {"address": vars(ADDRESS)}
    assert set(forms.read_changes({})[1]) == {"birthday"}
    assert set(forms.read_changes({"gender": "9"})[1]) == {"gender"}
    assert set(forms.read_changes({"line": "only"})[1]) == {"postcode", "country", "city"}
    assert read_address({}, {}, optional=True) is None


def test_a_birthday_is_before_today() -> None:
    today = date(2026, 11, 22)
    forms.require_born(date(2026, 11, 21), today=today)
    with pytest.raises(forms.NotBornYet):
        forms.require_born(today, today=today)


def test_a_top_up_is_read_or_what_is_wrong_is_said() -> None:
    typed = {"card": "1755902", "amount": "20,50", "currency": "EUR", "reason": " lunch "}
    found, wrong = topup.read_fields(typed)

    assert wrong == {}
    assert found == topup.TypedTopUp(card_id="1755902", money=Money.read("20.50 EUR"), reason="lunch")
    assert found.as_value() == {"card_id": "1755902", "money": "20.50 EUR", "reason": "lunch"}
    wrongs: list[tuple[dict[str, Any], set[str]]] = [
        ({"reason": "x" * 501}, {"reason"}),
        ({"card": "1 2"}, {"card"}),
        ({"amount": "1 2"}, {"amount"}),
        ({"amount": "1 EUR", "currency": "USDT"}, {"amount"}),
        ({"currency": ""}, {"currency"}),
        ({"currency": "PLN", "amount": "1 PLN"}, {"currency"}),
    ]
    for changes, where in wrongs:
        assert set(topup.read_fields(typed | changes)[1]) == where
    assert topup.read_fields(typed | {"reason": "x" * 500})[1] == {}


@pytest.mark.parametrize("name", ["photo.heic", "IMG_1.HEIF"])
def test_s15_a_heic_photo_is_refused_with_the_kinds_that_are_taken(name: str) -> None:
    file = document.AttachedFile(id="F1", name=name, size=8, url="")

    wrong = document.check({"file_type": "3"}, {"file": (file,)})

    assert wrong == {"file": "Paytend takes no HEIC photo: save it as JPEG. JPEG, PNG and PDF files are taken."}
