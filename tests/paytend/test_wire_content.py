"""What each operation sends, to which path, as the vendor's demo does it (`paytend-api.md` a.1)."""

import base64
from datetime import date
from typing import Any

import pytest

from paytend import OPERATIONS, Address, AmountUnit, Call, Money, NotSendable, Operation
from paytend import operations as op
from paytend.operations.encoding import LARGEST_DOCUMENT

ADDRESS = Address(
    line="Gedimino 1", line2="2a", city_code="LT_VI", state="VI", postcode="LT-01", country_code="LT"
)
SENT_ADDRESS = {
    "addressLine": "R2VkaW1pbm8gMQ==",
    "addressLine2": "MmE=",
    "cityCode": "LT_VI",
    "state": "VI",
    "postcode": "LT-01",
    "countryCode": "LT",
}
PERIOD = {"begin": date(2026, 11, 1), "end": date(2026, 11, 30)}
SENT_PERIOD = {"currency": "", "beginDate": "2026-11-01", "endDate": "2026-11-30", "start": "", "maxSize": ""}
WHOLE_PERIOD = PERIOD | {"currency": "EUR", "start": 10, "size": 30}
SENT_WHOLE_PERIOD = SENT_PERIOD | {"currency": "EUR", "start": "10", "maxSize": "30"}
ORDER = {
    "reference": "R1",
    "card_scheme": "3",
    "card_type": 2,
    "sku": "S",
    "remarks": "",
    "quantity": 1,
    "contact_name": "Ona Žalė",
    "contact_mobile": "+37061234567",
    "delivery_address": ADDRESS,
}
SENT_ORDER = {
    "orderNo": "R1",
    "cardScheme": "3",
    "cardType": "2",
    "sku": "S",
    "remarks": "",
    "quantity": "1",
    "contactName": "Ona Žalė",
    "contactMobile": "+37061234567",
    "deliveryAddress": SENT_ADDRESS,
}
PERSON = {
    "mobile": "+37061234567",
    "first_name": "Ona",
    "last_name": "Žalė",
    "id_number": "PS1",
    "id_type": "2",
    "email": "ona@example.org",
    "birthday": date(1990, 4, 1),
    "gender": "2",
    "nationality": "LT",
    "address": ADDRESS,
}
SENT_PERSON = {
    "mobile": "+37061234567",
    "firstName": "T25h",
    "lastName": "xb1hbMSX",
    "idNo": "PS1",
    "idType": "2",
    "email": "ona@example.org",
    "birthday": "1990-04-01",
    "gender": "2",
    "nationalityCode": "LT",
    "eeaAddress": SENT_ADDRESS,
}
CARD = ({"card_id": "7"}, {"cardId": "7"})
# For each operation: its path, and pairs of our values and what is sent.
SENT: list[tuple[Operation[Any], str, list[tuple[dict[str, Any], dict[str, Any]]]]] = [
    (
        op.APPLY_CARD,
        "card/applyCard",
        [(ORDER, SENT_ORDER), (ORDER | {"holder_id": "H"}, SENT_ORDER | {"holderId": "H"})],
    ),
    (
        op.ACTIVATE_CARD,
        "card/activeCard",
        [({"card_id": "7", "holder_id": "H"}, {"cardId": "7", "holderId": "H"})],
    ),
    (
        op.TOP_UP,
        "card/topup",
        [
            (
                {"card_id": "7", "reference": "R1", "money": Money.read("12.50 EUR")},
                {"cardId": "7", "orderNo": "R1", "amount": "1250", "currency": "EUR"},
            )
        ],
    ),
    (
        op.REPLACE_CARD,
        "card/replaceCard",
        [({"new_card_id": "8", "old_card_id": "7"}, {"cardId": "8", "oldCardId": "7"})],
    ),
    (op.REPORT_LOSS, "card/lostCard", [CARD]),
    (op.CANCEL_LOSS, "card/cancelCardLost", [CARD]),
    (op.RETRIEVE_PASSWORD, "card/retrievePassword", [CARD]),
    (
        op.GET_APPLY_RESULT,
        "card/getApplyCardResult",
        [
            ({"reference": "R1"}, {"orderNo": "R1"}),
            ({"reference": "R1", "holder_id": "H"}, {"orderNo": "R1", "holderId": "H"}),
        ],
    ),
    (op.GET_CARD_INFO, "card/getCardInfo", [CARD]),
    (op.GET_TOP_UP_RESULT, "card/getTopupResult", [({"reference": "R1"}, {"orderNo": "R1"})]),
    (
        op.GET_CARD_TRANSACTIONS,
        "card/getCardTransactions",
        [
            ({"card_id": "7"} | PERIOD, {"cardId": "7", "transactionStatus": ""} | SENT_PERIOD),
            (
                {"card_id": "7", "status": "1"} | WHOLE_PERIOD,
                {"cardId": "7", "transactionStatus": "1"} | SENT_WHOLE_PERIOD,
            ),
        ],
    ),
    (
        op.GET_AUTHORIZATION_TRANSACTIONS,
        "card/getAuthorizationTransactions",
        [
            ({"card_id": "7"} | PERIOD, {"cardId": "7"} | SENT_PERIOD),
            ({"card_id": "7"} | WHOLE_PERIOD, {"cardId": "7"} | SENT_WHOLE_PERIOD),
        ],
    ),
    (op.GET_DESIGNS, "card/getSKUs", [({}, {})]),
    (op.GET_CARD_BALANCE, "card/getCardBalance", [CARD]),
    (op.GET_OVERDUE_MONTHLY_FEE, "card/getCardOverdueMonthlyFee", [CARD]),
    (op.CREATE_CARDHOLDER, "holder/createCardholder", [(PERSON, SENT_PERSON)]),
    (
        op.UPDATE_CARDHOLDER,
        "holder/updateCardholder",
        [
            ({"holder_id": "H"}, {"holderId": "H"}),
            (
                {name: PERSON[name] for name in ("birthday", "gender", "nationality", "address")}
                | {"holder_id": "H"},
                {name: SENT_PERSON[name] for name in ("birthday", "gender", "nationalityCode", "eeaAddress")}
                | {"holderId": "H"},
            ),
        ],
    ),
    (
        op.GET_CARDHOLDER,
        "holder/getHolder",
        [
            ({"holder_id": "H"}, {"holderId": "H", "idNo": "", "idType": ""}),
            ({"id_number": "PS1", "id_type": "2"}, {"holderId": "", "idNo": "PS1", "idType": "2"}),
        ],
    ),
    (
        op.UPLOAD_DOCUMENT,
        "holder/uploadDocument",
        [
            (
                {"holder_id": "H", "file_type": "3", "document": (b"content", ".PDF")},
                {"holderId": "H", "fileType": "3", "fileContent": "Y29udGVudA==", "suffix": ".pdf"},
            )
        ],
    ),
    (
        op.GET_CITIES,
        "holder/getCities",
        [({"country_code": "LT", "start": 1, "size": 30}, {"countryCode": "LT", "start": "1", "maxResult": "30"})],
    ),
    (op.GET_PARTNER_BALANCE, "partner/getPartnerBalance", [({}, {})]),
    (op.GET_PARTNER_TOP_UPS, "partner/getPartnerTopup", [({"currency": "EUR"}, {"currency": "EUR"})]),
    (
        op.GET_PARTNER_TRANSACTIONS,
        "partner/getPartnerTransactions",
        [
            (PERIOD, {"transactionStatus": ""} | SENT_PERIOD),
            (WHOLE_PERIOD | {"status": "1"}, {"transactionStatus": "1"} | SENT_WHOLE_PERIOD),
        ],
    ),
]
CHANGES = {
    "applyCard",
    "activeCard",
    "topup",
    "replaceCard",
    "lostCard",
    "cancelCardLost",
    "retrievePassword",
    "createCardholder",
    "updateCardholder",
    "uploadDocument",
}


@pytest.mark.parametrize(("operation", "path", "pairs"), SENT, ids=lambda value: getattr(value, "name", ""))
def test_an_operation_sends_its_values_under_paytends_names(
    operation: Operation[Any], path: str, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    assert operation.path == f"/issuing/{path}"
    assert operation.name == path.partition("/")[2]
    for values, sent in pairs:
        assert operation(**values).content(unit=AmountUnit.MINOR) == sent


def test_every_operation_is_here_and_known_by_its_title() -> None:
    assert {id(operation) for operation, _, _ in SENT} == {id(operation) for operation in OPERATIONS}
    assert all(operation.title[0].isupper() and "XX" not in operation.title for operation in OPERATIONS)


def test_the_operations_that_change_something_are_sent_once_and_the_others_are_reads() -> None:
    assert {operation.name for operation in OPERATIONS if operation.changes} == CHANGES


OPTIONAL = {"getHolder": {"holder_id", "id_number", "id_type"}}


@pytest.mark.parametrize(("operation", "path", "pairs"), SENT, ids=lambda value: getattr(value, "name", ""))
def test_a_value_that_is_needed_is_missed(
    operation: Operation[Any], path: str, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    least, _ = pairs[0]
    for name in least.keys() - OPTIONAL.get(operation.name, set()):
        with pytest.raises(TypeError, match=rf"missing .*{name}"):
            operation(**{other: value for other, value in least.items() if other != name})
    with pytest.raises(TypeError, match=r"unknown .*cvv"):
        operation(**least, cvv="123")


def test_amounts_are_sent_as_the_setting_says() -> None:
    call: Call[Any] = op.TOP_UP(card_id="7", reference="R1", money=Money.read("12.50 EUR"))

    assert call.content(unit=AmountUnit.MAJOR)["amount"] == "12.50"


@pytest.mark.parametrize("suffix", [".jpeg", ".jpg", ".png", ".pdf", ".JPG"])
def test_a_document_up_to_two_megabytes_is_sent_in_base64(suffix: str) -> None:
    for content in (b"x", b"x" * LARGEST_DOCUMENT):
        sent = op.UPLOAD_DOCUMENT(holder_id="H", file_type="3", document=(content, suffix)).content(
            unit=AmountUnit.MINOR
        )
        assert base64.b64decode(sent["fileContent"]) == content
        assert sent["suffix"] == suffix.lower()


@pytest.mark.parametrize(
    ("content", "suffix"), [(b"", ".pdf"), (b"x" * (LARGEST_DOCUMENT + 1), ".pdf"), (b"x", ".gif"), (b"x", "pdf")]
)
def test_another_document_is_not_sendable(content: bytes, suffix: str) -> None:
    with pytest.raises(NotSendable):
        op.UPLOAD_DOCUMENT(holder_id="H", file_type="3", document=(content, suffix)).content(unit=AmountUnit.MINOR)
