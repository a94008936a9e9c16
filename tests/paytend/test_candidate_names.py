"""Each field of an answer is found under each of its candidate names (`paytend-api.md` a.2), in both spellings."""

import re

import pytest

from paytend import AmountUnit, Money
from paytend.models import (
    Answer,
    Balance,
    Cardholder,
    CardInfo,
    CardOrder,
    Cities,
    City,
    Design,
    Designs,
    Done,
    OrderedCard,
    PartnerBalance,
    PartnerTopUps,
    TopUp,
    Transaction,
    Transactions,
    codes,
)

# The candidates in their order: when several come, the first counts.
CANDIDATES: dict[type[Answer], dict[str, str]] = {
    Balance: {
        "currency": "currency currencyCode",
        "precision": "digital precision",
        "money": "balance amount",
        "available": "availableBalance available",
        "blocked": "blockAmount frozenAmount",
    },
    PartnerBalance: {"name": "name accountName"},
    Done: {
        "status": "changeStatus activeStatus retrieveStatus uploadStatus replaceStatus status",
        "message": "errMsg errorMsg msg",
        "card_id": "cardId cardToken",
        "new_card_id": "newCardId",
        "holder_id": "holderId",
    },
    CardInfo: {
        "card_id": "cardId cardToken",
        "card_number": "cardNo cardPan maskedCardNo",
        "status": "cardStatus status",
        "type": "cardType",
        "scheme": "cardScheme cardChannel",
        "holder_id": "holderId",
        "holder_name": "holderName cardHolderName",
        "expires": "expiredDate expiryDate validThru",
        "activated": "activeTime activeDate",
    },
    TopUp: {
        "status": "topupStatus topUpStatus status",
        "message": "errMsg errorMsg",
        "card_id": "cardId cardToken",
        "card_number": "cardNo",
        "reference": "orderNo",
        "trade_id": "tradeId transactionId",
        "currency": "currency",
        "amount": "amount",
        "fee": "fee",
    },
    OrderedCard: {"card_id": "cardId cardToken", "card_number": "cardNo cardPan", "holder_id": "holderId"},
    CardOrder: {
        "reference": "orderNo",
        "status": "applyStatus orderStatus status",
        "message": "errMsg errorMsg",
        "quantity": "quantity orderCount",
        "holder_id": "holderId",
    },
    Cardholder: {
        "holder_id": "holderId",
        "change_status": "changeStatus updateStatus",
        "audit_status": "auditStatus status",
        "message": "errMsg errorMsg remark",
        "first_name": "firstName",
        "last_name": "lastName",
        "mobile": "mobile",
        "email": "email",
        "id_type": "idType idnoType",
        "id_number": "idNo idno",
        "birthday": "birthday dateOfBirth",
        "gender": "gender sex",
        "nationality": "nationalityCode nationality",
    },
    Design: {
        "sku": "sku skuCode code",
        "name": "skuName name description",
        "type": "cardType",
        "scheme": "cardScheme cardChannel",
    },
    City: {"code": "cityCode code", "name": "cityName name city"},
    Cities: {"total": "total totalCount count"},
    Transaction: {
        "trade_id": "tradeId transactionId authId relatedTransactionId",
        "status": "tradeStatus transactionStatus authStatus",
        "source": "tradeSrc transactionSrc dataType",
        "card_id": "cardId cardToken",
        "card_number": "cardNo cardPan",
        "type": "tradeType transactionType",
        "currency": "currency billCurrency",
        "amount": "amount billAmount",
        "fee": "fee billFee",
        "balance": "balance",
        "other_currency": "currencyTxn txnCurrency transactionCurrency",
        "other_amount": "txnAmount transactionAmount",
        "booked": "businessDate tradeTime createTime",
        "auth_code": "authCode",
        "merchant": "remark merchantName merchantInfo",
    },
}
NESTED = {"raw", "contradicting", "rows", "cards", "balances"}


def cases() -> list[tuple[type[Answer], str, list[str]]]:
    return [
        (model, field, names.split()) for model, fields in CANDIDATES.items() for field, names in fields.items()
    ]


def in_snake_case(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def read(model: type[Answer], field: str, fields: dict[str, str]) -> object:
    """Return a field of an answer that says these; amounts need their currency beside them."""
    beside = {}
    if field in ("money", "available", "blocked", "amount", "fee", "balance"):
        beside = {"currency": "EUR"}
    if field == "other_amount":
        beside = {"currencyTxn": "EUR"}
    return getattr(model.decode(beside | fields, unit=AmountUnit.MINOR), field)


@pytest.mark.parametrize(("model", "field", "names"), cases())
def test_a_field_is_found_under_each_of_its_names(model: type[Answer], field: str, names: list[str]) -> None:
    for name in names:
        for spelling in (name, in_snake_case(name)):
            found = read(model, field, {spelling: "7"})
            assert found in ("7", 7, Money.parse("0.07", "EUR")), spelling


@pytest.mark.parametrize(("model", "field", "names"), cases())
def test_the_first_of_its_names_counts(model: type[Answer], field: str, names: list[str]) -> None:
    for place, name in enumerate(names):
        later = dict.fromkeys(names[place + 1 :], "8")
        assert read(model, field, later | {name: "7"}) == read(model, field, {name: "7"})


def test_no_field_is_missing_here() -> None:
    for model, fields in CANDIDATES.items():
        assert set(fields) | (NESTED & model.model_fields.keys()) == set(model.model_fields), model


@pytest.mark.parametrize(
    "name", "tradeList transactionList list rows records skuList cityList topupList anythingElse".split()
)
def test_rows_are_found_under_each_of_their_names(name: str) -> None:
    assert [row.code for row in Cities.decode({name: [{"code": "LT_VI"}]}, unit=AmountUnit.MINOR).rows] == [
        "LT_VI"
    ]
    assert [row.sku for row in Designs.decode({name: [{"sku": "S"}]}, unit=AmountUnit.MINOR).rows] == ["S"]
    for model in (Transactions, PartnerTopUps):
        [row] = model.decode({name: [{"tradeId": "T", "pin": "4711"}]}, unit=AmountUnit.MINOR).rows
        assert (row.trade_id, row.raw) == ("T", {"tradeId": "T", "pin": "(removed)"})


def test_rows_under_a_known_name_come_before_any_other_list() -> None:
    fields = {"somethingElse": [{"code": "no"}], "cityList": [{"code": "LT_VI"}]}

    assert [row.code for row in Cities.decode(fields, unit=AmountUnit.MINOR).rows] == ["LT_VI"]
    fields = {"somethingElse": [{"cardId": "no"}], "cardList": [{"cardId": "7"}]}
    assert [card.card_id for card in CardOrder.decode(fields, unit=AmountUnit.MINOR).cards] == ["7"]
    for name in ("accountList", "accountlist", "account_list", "balanceList", "accounts"):
        balances = {"somethingElse": [{"currency": "USDT"}], name: [{"currency": "EUR", "balance": "7"}]}
        answer = CardInfo.decode(balances, unit=AmountUnit.MINOR)
        assert [row.currency for row in answer.balances] == ["EUR"]


@pytest.mark.parametrize("name", ["cardId", "cardNo", "card_token"])
def test_an_order_of_one_card_may_say_the_card_itself(name: str) -> None:
    assert len(CardOrder.decode({"orderNo": "R", name: "7"}, unit=AmountUnit.MINOR).cards) == 1
    assert CardOrder.decode({"orderNo": "R"}, unit=AmountUnit.MINOR).cards == ()


def test_a_precision_beside_an_amount_is_how_it_is_read() -> None:
    balance = Balance.decode({"currency": "EUR", "digital": "2", "balance": "7"}, unit=AmountUnit.MINOR)

    assert balance.money == Money.parse("0.07", "EUR")


CODES: dict[type[codes.Code], str] = {
    codes.CardStatus: "4 inactive, 5 active, 6 lost, 7 closed, 8 frozen, 9 being replaced, 10 unavailable",
    codes.CardType: "1 personal virtual, 2 personal physical",
    codes.CardScheme: "3 Mastercard",
    codes.AuditStatus: "0 pending, 1 under review, 2 approved, 3 rejected, 4 data incomplete",
    codes.TopUpStatus: "1 done, 2 failed, 3 in progress",
    codes.ApplyStatus: "0 in progress, 1 done, 2 failed or waiting for shipment",
    codes.ChangeStatus: "1 done, 2 failed",
    codes.TransactionType: "100 top-up, 110 withdrawal, 120 transfer in, 121 transfer out, 150 pre-authorization, "
    "151 payment, 200 settlement adjustment, 300 balance inquiry, 500 fee",
    codes.TransactionStatus: "1 success, 2 reversal, 3 reversed, 6 cancelled by the system, 7 voided, 10 refund",
    codes.TransactionSource: "A authorization, S settlement",
    codes.IdType: "1 national ID card, 2 passport",
    codes.Gender: "1 male, 2 female",
}


@pytest.mark.parametrize("code", CODES)
def test_every_documented_code_has_its_words(code: type[codes.Code]) -> None:
    words = dict(one.split(" ", 1) for one in CODES[code].split(", "))

    assert words == code.TEXTS
    for value, text in words.items():
        assert (code(value).text, code(value).known) == (text, True)


def test_the_codes_that_decide_something_are_the_documented_ones() -> None:
    named = codes.CardStatus
    assert [named.INACTIVE, named.ACTIVE, named.LOST, named.CLOSED, named.FROZEN] == ["4", "5", "6", "7", "8"]
    audit = codes.AuditStatus
    assert [audit.APPROVED, audit.REJECTED, audit.INCOMPLETE] == ["2", "3", "4"]
    top_up = codes.TopUpStatus
    assert [top_up.DONE, top_up.FAILED, top_up.IN_PROGRESS] == ["1", "2", "3"]
    assert [codes.ApplyStatus.DONE, codes.ChangeStatus.DONE, codes.ChangeStatus.FAILED] == ["1", "1", "2"]
    assert codes.FileType.TEXTS.keys() == {"1", "2", "3", "5", "8"}


def test_a_code_that_is_no_text_and_no_whole_number_is_left_out() -> None:
    values: tuple[object, ...] = (True, 5.0, [], {}, None, "")
    for value in values:
        assert CardInfo.decode({"cardStatus": value}, unit=AmountUnit.MINOR).status is None
    assert CardInfo.decode({"cardStatus": " 5 "}, unit=AmountUnit.MINOR).status == codes.CardStatus.ACTIVE
