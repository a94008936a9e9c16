"""The operations on cardholders, each done and refused."""

from typing import Any

import pytest

from sandbox.paytend import PaytendStandIn
from sandbox.paytend.holders import LARGEST_FILE
from sandbox.paytend.records import AuditStatus
from tests.sandbox.paytend.client import Partner, b64

ADDRESS = {
    "addressLine": b64("Gedimino pr. 1"),
    "addressLine2": "",
    "cityCode": "LT_VI",
    "state": "",
    "postcode": "LT-01103",
    "countryCode": "LT",
}
NEW: dict[str, Any] = {
    "mobile": "+37060000001",
    "firstName": b64("Žydrūnė"),
    "lastName": b64("Šimkutė"),
    "idNo": "AB9999999",
    "idType": "2",
    "email": "zydrune@example.org",
    "birthday": "1999-09-09",
    "gender": "2",
    "nationalityCode": "LT",
    "eeaAddress": ADDRESS,
}


def test_a_cardholder_is_created_with_names_in_base64_and_shown_plain(partner: Partner) -> None:
    shown = partner.data("createCardholder", **NEW)
    assert shown["holderId"] == "101990"
    assert (shown["firstName"], shown["lastName"], shown["auditStatus"]) == ("Žydrūnė", "Šimkutė", 0)
    assert shown["eeaAddress"]["addressLine"] == "Gedimino pr. 1"
    assert partner.data("getHolder", holderId="101990", idNo="", idType="") == shown
    assert partner.data("getHolder", holderId="", idNo="AB9999999", idType="2") == shown


def test_the_same_document_cannot_be_used_twice(partner: Partner) -> None:
    partner.data("createCardholder", **NEW)
    reply = partner.call("createCardholder", **NEW)
    assert (reply.code, reply.message) == ("2102", "Cardholder has exists")


@pytest.mark.parametrize(
    "change",
    [
        {"mobile": "37060000001"},
        {"firstName": "Žydrūnė"},
        {"firstName": "/w=="},
        {"idNo": "x"},
        {"idType": "3"},
        {"email": "nobody"},
        {"birthday": "09.09.1999"},
        {"birthday": "1999-02-30"},
        {"gender": "0"},
        {"nationalityCode": "lt"},
        {"idType": "1", "nationalityCode": "CN"},
        {"eeaAddress": "Vilnius"},
        {"eeaAddress": {**ADDRESS, "cityCode": "LV_RI"}},
        {"eeaAddress": {**ADDRESS, "countryCode": "XX"}},
        {"eeaAddress": {**ADDRESS, "addressLine": "Gedimino pr. 1"}},
    ],
)
def test_a_wrong_field_is_refused(partner: Partner, stand_in: PaytendStandIn, change: dict[str, Any]) -> None:
    assert partner.refused("createCardholder", **{**NEW, **change}) == "1102"
    assert len(stand_in.books.holders) == 8


@pytest.mark.parametrize("name", [name for name in NEW if name != "lastName"])
def test_a_missing_field_is_refused(partner: Partner, name: str) -> None:
    assert partner.refused("createCardholder", **{**NEW, name: ""}) == "1101"
    assert partner.refused("createCardholder", **{key: NEW[key] for key in NEW if key != name}) == "1101"


def test_the_last_name_is_optional_and_an_address_needs_its_line(partner: Partner) -> None:
    assert partner.refused("createCardholder", **{**NEW, "eeaAddress": {**ADDRESS, "addressLine": ""}}) == "1101"
    assert partner.refused("createCardholder", **{**NEW, "eeaAddress": {**ADDRESS, "town": "x"}}) == "1103"
    assert partner.data("createCardholder", **{**NEW, "lastName": ""})["lastName"] == ""


def test_birthday_gender_nationality_and_address_can_be_updated(partner: Partner) -> None:
    before = partner.data("getHolder", holderId="101982")
    changed = {"birthday": "1990-01-02", "gender": "1", "nationalityCode": "LV", "eeaAddress": ADDRESS}
    shown = partner.data("updateCardholder", holderId="101982", **changed)
    assert (shown["birthday"], shown["gender"], shown["nationalityCode"]) == ("1990-01-02", "1", "LV")
    assert shown["eeaAddress"]["postcode"] == "LT-01103"
    assert shown["idNo"] == before["idNo"]
    assert partner.refused("updateCardholder", holderId="101982") == "1101"
    assert partner.refused("updateCardholder", holderId="1", gender="1") == "2101"
    assert partner.refused("updateCardholder", holderId="101982", gender="1", birthday="x") == "1102"
    assert partner.refused("updateCardholder", holderId="101982", email="a@b.c") == "1103"


def test_a_cardholder_is_found_or_refused(partner: Partner) -> None:
    assert partner.refused("getHolder", holderId="1") == "2101"
    assert partner.refused("getHolder", idNo="AB9999999", idType="2") == "2101"
    assert partner.refused("getHolder", idNo="AB9999999") == "1101"
    assert partner.data("getHolder", holderId="101989")["firstName"] == '<!channel> & "Co"'


def upload(
    partner: Partner, holder: str, file_type: str, content: bytes = b"\xff\xd8", suffix: str = ".jpeg"
) -> str:
    return partner.call(
        "uploadDocument", holderId=holder, fileType=file_type, fileContent=b64(content), suffix=suffix
    ).code


def test_identity_document_and_face_photo_start_the_review(partner: Partner, stand_in: PaytendStandIn) -> None:
    holder = partner.data("createCardholder", **NEW)["holderId"]
    record = stand_in.books.holders[holder]
    assert upload(partner, holder, "5") == "00"
    assert upload(partner, holder, "8") == "00"
    assert record.status is AuditStatus.PENDING
    assert upload(partner, holder, "3") == "00"
    assert record.status.name == "UNDER_REVIEW"
    assert record.documents == [("5", ".jpeg", 2), ("8", ".jpeg", 2), ("3", ".jpeg", 2)]


def test_new_documents_restart_the_review_of_a_rejected_one_only(
    partner: Partner, stand_in: PaytendStandIn
) -> None:
    assert upload(partner, "101988", "3") == "00"
    assert stand_in.books.holders["101988"].status is AuditStatus.UNDER_REVIEW
    assert upload(partner, "101982", "3") == "00"
    assert stand_in.books.holders["101982"].status is AuditStatus.APPROVED


def test_two_megabytes_are_the_limit_before_base64(partner: Partner, stand_in: PaytendStandIn) -> None:
    assert upload(partner, "101987", "3", bytes(LARGEST_FILE)) == "00"
    assert upload(partner, "101987", "3", bytes(LARGEST_FILE + 1)) == "2104"
    assert len(stand_in.calls[0].biz_data["fileContent"]) < 100


def test_bad_uploads_are_refused(partner: Partner) -> None:
    assert upload(partner, "1", "3") == "2101"
    assert upload(partner, "101987", "4") == "1102"
    assert upload(partner, "101987", "3", suffix="jpeg") == "1102"
    assert upload(partner, "101987", "3", suffix=".exe") == "1102"
    assert upload(partner, "101987", "3", content=b"") == "1101"
    wrong = {
        "holderId": "101987",
        "fileType": "3",
        "suffix": ".pdf",
        "fileContent": "data:image/jpeg;base64,AA==",
    }
    assert partner.refused("uploadDocument", **wrong) == "1102"


def test_cities_come_in_pages_counted_from_one(partner: Partner) -> None:
    first = partner.data("getCities", countryCode="DE", start="1", maxResult="30")
    second = partner.data("getCities", countryCode="DE", start="2", maxResult="30")
    assert first["total"] == second["total"] == 36
    assert (len(first["cityList"]), len(second["cityList"])) == (30, 6)
    codes = [city["cityCode"] for city in first["cityList"] + second["cityList"]]
    assert len(set(codes)) == 36
    assert partner.data("getCities", countryCode="DE", start="3")["cityList"] == []
    lithuania = partner.data("getCities", countryCode="LT")["cityList"]
    assert {"cityCode": "LT_MA", "cityName": "Marijampolė", "countryCode": "LT"} in lithuania
    assert partner.data("getCities", countryCode="JP") == {"total": 0, "cityList": []}


def test_bad_city_queries_are_refused(partner: Partner) -> None:
    assert partner.refused("getCities", countryCode="Lithuania") == "1102"
    assert partner.refused("getCities", countryCode="LT", start="0") == "2402"
    assert partner.refused("getCities", countryCode="LT", maxResult="31") == "2402"
    assert partner.refused("getCities", countryCode="LT", maxSize="10") == "1103"
