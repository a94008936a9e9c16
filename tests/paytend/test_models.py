import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from paytend import OPERATIONS, Address, AmountUnit, Money, NotSendable
from paytend import operations as op
from paytend.models import (
    CardBalance,
    Cardholder,
    CardInfo,
    CardOrder,
    Done,
    PartnerBalance,
    RetrievedPassword,
    TopUp,
    Transaction,
    Transactions,
)
from paytend.models.codes import CardStatus, TransactionStatus
from paytend.redaction import find_card_numbers, mask_card_number, mask_text, redact
from paytend.webhooks import (
    CardApplied,
    CardholderAudited,
    TransactionHappened,
    UnrecognisedEvent,
    read_event,
)
from paytend.wire import envelope
from paytend.wire.signatures import VerifiedForm

MINOR = AmountUnit.MINOR
PAN = "5413330089020011"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    "cardId cardNo cardStatus status accountList tradeList balance digital currency amount holderId auditStatus "
    "total raw rows secret pin cards errMsg balances".split()
)


@given(fields=st.dictionaries(NAMES, VALUES), place=st.integers(0, len(OPERATIONS) - 1))
def test_any_answer_decodes(fields: dict[str, Any], place: int) -> None:
    answer = OPERATIONS[place].answer

    assert isinstance(answer.decode(fields, unit=MINOR), answer)


def test_a_card_is_read_from_numbers_as_from_texts_and_in_both_spellings() -> None:
    camel = {"cardId": 17, "cardNo": PAN, "cardStatus": 5, "cardType": "1", "holderId": 4, "cvv": "123"}
    camel |= {"accountList": [{"currency": "EUR", "balance": "6410", "digital": 2}]}
    snake = {"card_id": "17", "card_no": "541333******0011", "card_status": "5", "card_type": 1, "holder_id": "4"}
    snake |= {"account_list": [{"currency": "EUR", "balance": 6410}]}

    for fields in (camel, snake):
        card = CardInfo.decode(fields, unit=MINOR)
        assert (card.card_id, card.card_number, card.last_four) == ("17", "541333******0011", "0011")
        assert (card.status, card.type, card.holder_id) == (CardStatus.ACTIVE, "1", "4")
        assert card.balance("EUR") == Money.parse("64.10", "EUR")
        assert card.balance("USDT") is None
        assert PAN not in repr(card) + json.dumps(card.raw)
        assert "123" not in json.dumps(card.raw)


def test_an_answer_does_not_change_after_it_was_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CardInfo.decode({"cardId": "7"}, unit=MINOR).card_id = "8"  # type: ignore[misc]  # the point


def test_what_came_with_an_answer_is_not_in_its_representation() -> None:
    card = CardInfo.decode({"cardId": "7", "something": "else"}, unit=MINOR)

    assert card.raw == {"cardId": "7", "something": "else"}
    assert "something" not in repr(card)
    assert CardInfo().raw == {}


@pytest.mark.parametrize("value", [None, True, False, {"a": "b"}, ["a"], "", "  "])
def test_what_is_no_text_and_no_number_is_no_text(value: object) -> None:
    card = CardInfo.decode({"cardId": value, "cardNo": value}, unit=MINOR)

    assert (card.card_id, card.card_number) == (None, None)


def test_an_unknown_code_is_kept_and_shown_as_it_came() -> None:
    card = CardInfo.decode({"cardStatus": "42"}, unit=MINOR)

    assert card.status == "42"
    assert card.status is not None
    assert (card.status.text, card.status.known) == ("unknown (42)", False)
    assert TransactionStatus("10").text == "refund"


def test_a_balance_in_whole_units_is_read_by_the_setting() -> None:
    fields = {"accountList": [{"currency": "EUR", "balance": "64.10"}, {"currency": "USDT", "balance": "1.5"}]}

    assert PartnerBalance.decode(fields, unit=AmountUnit.MAJOR).balance("USDT") == Money.parse("1.5", "USDT")
    assert PartnerBalance.decode(fields, unit=MINOR).balance("EUR") is None


def test_a_single_balance_with_its_currency_is_read() -> None:
    balance = CardBalance.decode({"currency": "EUR", "balance": "250", "availableBalance": 200}, unit=MINOR)

    assert balance.balance("EUR") == Money.parse("2.50", "EUR")
    assert balance.balances[0].available == Money.parse("2", "EUR")


def test_what_came_beside_a_single_balance_is_kept_once() -> None:
    fields = {"currency": "EUR", "balance": "250"}

    balance = CardBalance.decode(fields, unit=MINOR)

    assert balance.raw == fields
    assert balance.balances[0].raw == fields


def test_a_top_up_is_read() -> None:
    fields = {"topupStatus": 1, "currency": "EUR", "amount": 10000, "fee": "100", "orderNo": "R1", "cardId": "17"}

    top_up = TopUp.decode(fields, unit=MINOR)

    assert (top_up.status, top_up.reference) == ("1", "R1")
    assert (top_up.amount, top_up.fee) == (Money.parse("100", "EUR"), Money.parse("1", "EUR"))


def test_transactions_are_read_with_both_currencies() -> None:
    row = {
        "tradeId": "T1",
        "tradeStatus": 1,
        "tradeType": 151,
        "tradeSrc": "A",
        "currency": "EUR",
        "amount": -1250,
    }
    row |= {"currencyTxn": "JPY", "txnAmount": "2000", "remark": "Café", "businessDate": "2026-11-01 10:00:00"}

    page = Transactions.decode({"total": "1", "transactionList": [row]}, unit=MINOR)

    assert page.total == 1
    assert page.rows[0].amount == Money.parse("-12.50", "EUR")
    assert page.rows[0].other_amount == Money.parse("2000", "JPY")
    assert page.rows[0].merchant == "Café"


def test_an_amount_that_cannot_be_read_exactly_is_left_out_and_kept_raw() -> None:
    row = Transaction.decode(
        {"currency": "EUR", "amount": "12.5", "txnAmount": "1", "currencyTxn": "?"}, unit=MINOR
    )

    assert (row.amount, row.other_amount, row.raw["amount"]) == (None, None, "12.5")


def test_an_order_of_several_cards_and_of_one_are_read() -> None:
    many = CardOrder.decode(
        {"orderNo": "R", "cardList": [{"cardId": 1}, {"cardId": 2, "cardNo": PAN}]}, unit=MINOR
    )
    one = CardOrder.decode({"applyStatus": 1, "cardId": "9"}, unit=MINOR)

    assert [card.card_id for card in many.cards] == ["1", "2"]
    assert [card.card_id for card in one.cards] == ["9"]


def test_a_password_is_only_in_memory() -> None:
    answer = RetrievedPassword.decode({"retrieveStatus": "1", "pin": "4711"}, unit=MINOR)
    without = RetrievedPassword.decode({"retrieveStatus": "1"}, unit=MINOR)

    assert answer.secret is not None
    assert answer.secret.get_secret_value() == "4711"
    assert "4711" not in repr(answer) + json.dumps(answer.raw)
    assert without.secret is None


def test_a_cardholder_has_a_name() -> None:
    assert Cardholder.decode({"firstName": "Ona", "lastName": "Žalė"}, unit=MINOR).name == "Ona Žalė"
    assert Cardholder.decode({}, unit=MINOR).name is None


def test_changes_say_whether_they_worked() -> None:
    assert Done.decode({"activeStatus": 2, "errMsg": "no"}, unit=MINOR).status == "2"


def webhook(notify_type: str, content: dict[str, Any]) -> envelope.Webhook:
    text = json.dumps(content)
    return envelope.Webhook(notify_type=notify_type, content=content, text=text, form=VerifiedForm.RAW, key=0)


def test_the_three_webhooks_are_typed_events_with_a_business_key() -> None:
    happened = read_event(webhook("1", {"tradeId": "T1", "tradeSrc": "S", "tradeStatus": 1}), unit=MINOR)
    audited = read_event(webhook("2", {"holderId": "101982", "auditStatus": 2}), unit=MINOR)
    applied = read_event(webhook("3", {"orderNo": "R1", "applyStatus": 1, "cardId": "7"}), unit=MINOR)
    by_card = read_event(webhook("3", {"applyStatus": 1, "cardId": "7"}), unit=MINOR)

    assert isinstance(happened, TransactionHappened)
    assert happened.business_key == ("transaction", "T1", "S", "1")
    assert isinstance(audited, CardholderAudited)
    assert audited.business_key == ("cardholder_audited", "101982", "2")
    assert isinstance(applied, CardApplied)
    assert applied.business_key == ("card_applied", "R1", "1")
    assert by_card.business_key == ("card_applied", "7", "1")
    assert len({happened.digest, audited.digest, applied.digest}) == 3


@pytest.mark.parametrize(
    ("notify_type", "content"),
    [("4", {"a": "1"}), ("1", {"amount": "1"}), ("2", {"holderId": "1"}), ("3", {"applyStatus": "1"})],
)
def test_what_is_verified_but_not_understood_is_kept(notify_type: str, content: dict[str, Any]) -> None:
    event = read_event(webhook(notify_type, {**content, "cardNo": PAN, "pin": "4711"}), unit=MINOR)

    assert isinstance(event, UnrecognisedEvent)
    assert event.notify_type == notify_type
    assert event.business_key == ("unrecognised", event.digest)
    assert PAN not in repr(event)
    assert "4711" not in repr(event)


def test_card_numbers_are_found_and_masked_wherever_they_stand() -> None:
    spaced = "please check 5413 3300 8902 0011 now"

    assert find_card_numbers(spaced) == [PAN]
    assert mask_text(spaced) == "please check 541333******0011 now"
    assert find_card_numbers("order 1234567890123456, phone +37060012345") == []


def test_a_card_number_is_found_beside_other_numbers_and_in_other_digits() -> None:
    assert find_card_numbers(f"{PAN} 10") == [PAN]
    assert find_card_numbers(f"1755902 120 {PAN} 7 {PAN}") == [PAN, PAN]
    assert mask_text(f"5 {PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]} 5") == "5 541333******0011 5"
    assert len(find_card_numbers("\N{NO-BREAK SPACE}".join([PAN[:8], PAN[8:]]))) == 1
    assert len(find_card_numbers("".join(chr(0xFF10 + int(digit)) for digit in PAN))) == 1


def test_a_card_id_beside_an_amount_is_no_card_number() -> None:
    assert not any(find_card_numbers(f"1755902 {amount} EUR") for amount in range(100_000, 100_200))
    assert mask_card_number("541333******0011") == "541333******0011"
    assert redact({"a": [{"pin": "1234", "PAN": int(PAN), "password": ""}]}) == {
        "a": [{"pin": "(removed)", "PAN": "541333******0011", "password": ""}]
    }


def test_every_operation_of_the_document_is_there_once() -> None:
    assert len({operation.name for operation in OPERATIONS}) == len({o.path for o in OPERATIONS}) == 23
    assert len([operation for operation in OPERATIONS if operation.changes]) == 10


def test_base64_is_for_names_and_address_lines_only() -> None:
    address = Address(line="Gedimino 1", city_code="LT_VN", postcode="LT-01113", country_code="LT")

    content = op.APPLY_CARD(
        reference="CARD2026112200001",
        card_scheme=3,
        card_type="2",
        sku="CTHMCPE20056",
        remarks="",
        quantity=2,
        contact_name="Ona Žalė",
        contact_mobile="+37060000000",
        delivery_address=address,
    ).content(unit=MINOR)

    assert content["contactName"] == "Ona Žalė"
    assert (content["quantity"], content["cardScheme"]) == ("2", "3")
    assert "holderId" not in content
    assert content["deliveryAddress"] == {
        "addressLine": "R2VkaW1pbm8gMQ==",
        "addressLine2": "",
        "cityCode": "LT_VN",
        "state": "",
        "postcode": "LT-01113",
        "countryCode": "LT",
    }


def test_wrong_values_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(TypeError, match="missing"):
        op.TOP_UP(card_id="17")
    with pytest.raises(TypeError, match="unknown"):
        op.GET_CARD_INFO(card_id="17", cvv="123")
    for content, suffix in ((b"", ".png"), (b"x" * (2 * 1024 * 1024 + 1), ".png"), (b"x", ".exe")):
        with pytest.raises(NotSendable):
            op.UPLOAD_DOCUMENT(holder_id="1", file_type="3", document=(content, suffix)).content(unit=MINOR)
