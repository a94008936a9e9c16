"""What is shown of a cardholder, and which cities."""

from datetime import date

import pytest

from commands.holder import lookup
from commands.reading.arguments import Misread, TypedWords
from paytend.models import Cardholder, City
from paytend.money import AmountUnit

WHOLE = {
    "holderId": "101982",
    "auditStatus": "3",
    "errMsg": "The document has expired.",
    "firstName": "Ona",
    "lastName": "Žalė",
    "mobile": "+37061234567",
    "email": "ona@example.org",
    "idType": "2",
    "idNo": "PS1234567",
    "birthday": "1990-04-01",
    "nationalityCode": "LT",
}


def decoded(fields: dict[str, str]) -> Cardholder:
    return Cardholder.decode(fields, unit=AmountUnit.MINOR)


def test_a_cardholder_is_shown_with_everything_that_is_known() -> None:
    found = lookup.summarize(decoded(WHOLE), holder_id="other")

    assert found == lookup.HolderSummary(
        holder_id="101982",
        name="Ona Žalė",
        kyc="rejected",
        kyc_code="3",
        message="The document has expired.",
        document="passport",
        id_number="PS•••••67",
        nationality="LT",
        birthday="1990-04-01",
        mobile="+37061234567",
        email="ona@example.org",
    )


def test_what_is_not_known_of_a_cardholder_is_blank() -> None:
    found = lookup.summarize(decoded({}), holder_id="101982")

    assert (found.holder_id, found.name, found.kyc, found.kyc_code) == ("101982", "", "not told by Paytend", "")
    blank = (found.message, found.document, found.id_number, found.nationality, found.birthday)
    assert (*blank, found.mobile, found.email) == ("",) * 7
    assert lookup.summarize(decoded({})).holder_id == ""


@pytest.mark.parametrize(
    ("number", "masked"), [("", ""), ("123456", "••••••"), ("1234567", "12•••67"), ("PS1234567", "PS•••••67")]
)
def test_an_id_number_shows_its_ends_at_most(number: str, masked: str) -> None:
    assert lookup.mask_id_number(number) == masked


CITIES = [
    City.decode({"cityCode": f"LT_{number:02}", "cityName": f"City {number:02}"}, unit=AmountUnit.MINOR)
    for number in range(25, 0, -1)
]


def test_cities_are_sorted_by_name_and_shown_ten_at_a_time() -> None:
    first = lookup.cities("LT", "", start=0, known=CITIES)
    middle = lookup.cities("LT", "", start=10, known=CITIES)
    last = lookup.cities("LT", "", start=20, known=CITIES)

    assert [row.name for row in first.rows] == [f"City {number:02}" for number in range(1, 11)]
    assert (first.country, first.total, first.shown) == ("Lithuania", 25, "1 to 10 of 25")
    assert (first.previous, first.next) == (None, {"country": "LT", "text": "", "start": 10})
    assert middle.previous == {"country": "LT", "text": "", "start": 0}
    assert middle.next == {"country": "LT", "text": "", "start": 20}
    assert (last.shown, last.next) == ("21 to 25 of 25", None)
    assert last.previous == {"country": "LT", "text": "", "start": 10}


def test_cities_are_searched_by_name_and_code() -> None:
    found = lookup.cities("LT", "25", start=0, known=CITIES)

    assert [(row.code, row.name) for row in found.rows] == [("LT_25", "City 25")]
    assert (found.text, found.total, found.shown) == ("25", 1, "1 to 1 of 1")
    assert lookup.cities("LT", "nowhere", start=0, known=CITIES).shown == ""
    unnamed = City.decode({}, unit=AmountUnit.MINOR)
    [row] = lookup.cities("XX", "", start=0, known=[unnamed]).rows
    assert (row.code, row.name) == ("", "")
    assert lookup.cities("XX", "", start=0, known=[unnamed]).country == "XX"
    twenty = lookup.cities("LT", "", start=0, known=CITIES[:10])
    assert twenty.next is None


def test_cities_that_were_searched_for_keep_the_order_of_the_search() -> None:
    """Names that begin with what was typed come first, though others come before them in the alphabet."""
    named = [
        City.decode({"cityCode": str(code), "cityName": name}, unit=AmountUnit.MINOR)
        for code, name in enumerate(("Naujoji Vilnia", "Vilnius"))
    ]

    assert [row.name for row in lookup.cities("LT", "viln", start=0, known=named).rows] == [
        "Vilnius",
        "Naujoji Vilnia",
    ]
    assert [row.name for row in lookup.cities("LT", "", start=0, known=named[::-1]).rows] == [
        "Naujoji Vilnia",
        "Vilnius",
    ]


def test_a_country_that_is_misspelt_gets_a_guess() -> None:
    with pytest.raises(Misread, match=r"(?s)“Lithuanai” is no country.*Did you mean `lithuania`"):
        lookup.read_cities(TypedWords(words=["Lithuanai"], form="/holder cities", today=date(2026, 11, 20)))


def test_a_city_without_a_name_or_a_code_is_found_by_the_other_alone() -> None:
    unnamed = City.decode({"cityCode": "LT_1"}, unit=AmountUnit.MINOR)
    uncoded = City.decode({"cityName": "Vilnius"}, unit=AmountUnit.MINOR)
    assert lookup.cities("LT", "xx", start=0, known=[unnamed, uncoded]).total == 0
    assert lookup.cities("LT", "vilnius", start=0, known=[uncoded]).total == 1
    assert lookup.cities("LT", "lt_1", start=0, known=[unnamed]).total == 1
