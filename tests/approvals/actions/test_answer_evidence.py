"""What each answer of Paytend proves: who is told what, and what is left for people."""

from datetime import date
from typing import Any

import pytest

from approvals.actions import answer_evidence, answer_readers
from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Result
from approvals.actions.payloads import (
    ActivatePayload,
    ApplyPayload,
    CardPayload,
    PasswordPayload,
    ReplacePayload,
    TopUpPayload,
    UpdatePayload,
)
from approvals.actions.table import ACTIONS
from paytend.models import Answer, Cardholder, CardInfo, CardOrder, Done, RetrievedPassword, TopUp
from paytend.money import AmountUnit

REFERENCE = "01HREFERENCE"
TOP_UP = TopUpPayload.model_validate({"card_id": "1755902", "money": "10.00 EUR"})
FOUND = CardPayload(card_id="1755902")
ACTIVATE = ActivatePayload(card_id="1755902", holder_id="101982")
REPLACE = ReplacePayload(card_id="1755902", new_card_id="1755903")
PASSWORD = PasswordPayload(card_id="1755902", identified="video")
ADDRESS = {"line": "Gedimino 1", "city_code": "LT_VI", "postcode": "LT-01103", "country_code": "LT"}
ORDER = ApplyPayload.model_validate(
    {
        "sku": "SKU1",
        "card_type": "2",
        "contact_name": "Ona",
        "contact_mobile": "+37061234567",
        "delivery_address": ADDRESS,
    }
)
FOR_HOLDER = ORDER.model_copy(update={"holder_id": "101982"})
ODD = "Paytend's answer does not fit what was asked."
UNNAMED = "Paytend's answer does not name our reference."
NO_STATUS = "Paytend's answer has no status that we know."


def answer(action: str, payload: Any, model: type[Answer], **fields: Any) -> Outcome:
    kind = ACTIONS[action]
    reading = kind.read_answer(model.decode(fields, unit=AmountUnit.MINOR), payload, REFERENCE)
    return answer_evidence.judge_change(reading, question=kind.question)


def lookup(action: str, payload: Any, model: type[Answer], **fields: Any) -> LookupResult:
    kind = ACTIONS[action]
    assert kind.read_lookup is not None
    reading = kind.read_lookup(model.decode(fields, unit=AmountUnit.MINOR), payload, REFERENCE)
    return answer_evidence.judge_lookup(reading, question=kind.question)


def said(found: Outcome | LookupResult) -> tuple[str, str, str]:
    status = found.result if isinstance(found, Outcome) else found.status
    return status.value, found.words, found.provider_reference


def test_a_top_up_is_told_in_words_with_paytends_own_number() -> None:
    def tells(**fields: Any) -> tuple[str, str, str]:
        return said(answer("card.top_up", TOP_UP, TopUp, tradeId="T1", **fields))

    assert tells(topupStatus="1") == ("executed", "Completed.", "T1")
    assert tells(topupStatus="2", errMsg="no funds") == ("unknown", "no funds", "T1")
    assert tells(topupStatus="2") == ("unknown", "Paytend reported a failure.", "T1")
    assert tells(topupStatus="3") == ("unknown", "In progress at Paytend.", "T1")
    assert tells(topupStatus="9") == ("unknown", NO_STATUS, "T1")
    assert tells(topupStatus="1", orderNo="ANOTHER") == ("unknown", ODD, "")
    another = "Paytend's answer is about another card. It names 999."
    assert tells(topupStatus="1", cardId="999") == ("unknown", another, "T1")


def test_a_lookup_of_a_top_up_is_told_in_words_with_paytends_own_number() -> None:
    def tells(**fields: Any) -> tuple[str, str, str]:
        return said(lookup("card.top_up", TOP_UP, TopUp, **{"tradeId": "T1", "orderNo": REFERENCE, **fields}))

    assert tells(topupStatus="1") == ("executed", "Paytend confirmed it.", "T1")
    other = tells(topupStatus="1", amount="1090", currency="EUR")
    assert other[1] == "Paytend's answer names 10.90 EUR, though 10.00 EUR was asked for."
    assert tells(topupStatus="2", errMsg="no funds") == ("failed", "no funds", "T1")
    assert tells(topupStatus="2") == ("failed", "Paytend reported a failure.", "T1")
    assert tells(topupStatus="3") == ("in_progress", "In progress at Paytend.", "T1")
    assert tells(topupStatus="9") == ("unreadable", NO_STATUS, "T1")
    assert tells(topupStatus="1", orderNo="ANOTHER") == ("unreadable", ODD, "")
    assert tells(topupStatus="1", orderNo=None) == ("unreadable", UNNAMED, "")


def test_what_paytend_said_is_kept_without_secrets() -> None:
    fields = {"topupStatus": "1", "tradeId": "T1", "pin": "4711"}

    kept = {"topupStatus": "1", "tradeId": "T1", "pin": "(removed)"}
    assert answer("card.top_up", TOP_UP, TopUp, **fields).answer == kept
    assert lookup("card.top_up", TOP_UP, TopUp, **fields).answer == kept


def test_a_change_without_a_result_of_its_own_is_done_unless_it_says_otherwise() -> None:
    assert said(answer("card.found", FOUND, Done)) == ("executed", "Completed.", "")
    assert said(answer("card.found", FOUND, Done, changeStatus="2", errMsg="no")) == ("unknown", "no", "")
    assert said(answer("card.found", FOUND, Done, changeStatus="2")) == (
        "unknown",
        "Paytend reported a failure.",
        "",
    )
    assert said(answer("card.found", FOUND, Done, changeStatus="3")) == ("unknown", NO_STATUS, "")


def test_a_card_that_was_found_is_active_again_or_still_lost() -> None:
    def tells(status: str) -> tuple[str, str, str]:
        return said(lookup("card.found", FOUND, CardInfo, cardStatus=status))

    assert tells("5") == ("executed", "The card is active again.", "")
    assert tells("6") == ("not_found", "The card is still reported lost.", "")
    assert tells("7") == ("unreadable", "The card’s status doesn’t say.", "")


def test_an_activated_card_is_active_and_belongs_to_the_right_cardholder() -> None:
    def tells(status: str, holder: str = "101982") -> tuple[str, str, str]:
        return said(lookup("card.activate", ACTIVATE, CardInfo, cardStatus=status, holderId=holder))

    assert tells("5") == ("executed", "The card is active and the cardholder's.", "")
    assert tells("5", "999") == ("unreadable", "The card’s status doesn’t say.", "")
    assert tells("4") == ("not_found", "The card is still inactive.", "")
    assert tells("6") == ("unreadable", "The card’s status doesn’t say.", "")


def test_a_replacement_says_what_happens_to_the_old_card() -> None:
    done = answer("card.replace", FOUND, Done, replaceStatus="1")

    assert done.result is Result.EXECUTED
    assert "The old card is frozen" in done.words
    assert done.answer == {"replaceStatus": "1"}
    assert said(answer("card.replace", FOUND, Done, replaceStatus="2", errMsg="no")) == ("unknown", "no", "")


def test_a_password_is_sent_to_the_cardholder_or_kept_apart_for_the_requester() -> None:
    quiet = answer("card.retrieve_password", FOUND, RetrievedPassword, retrieveStatus="1")
    told = answer("card.retrieve_password", FOUND, RetrievedPassword, retrieveStatus="1", pin="4711")
    refused = answer("card.retrieve_password", FOUND, RetrievedPassword, retrieveStatus="2", pin="4711")

    assert (quiet.result, quiet.secret) == (Result.EXECUTED, None)
    assert "nobody here sees it" in quiet.words
    assert quiet.answer == {"retrieveStatus": "1"}
    assert told.secret is not None
    assert told.secret.get_secret_value() == "4711"
    assert (told.result, told.answer) == (Result.EXECUTED, {})
    assert "Only the requester can view it, once" in told.words
    assert "4711" not in repr(told)
    assert (refused.result, refused.secret) == (Result.UNKNOWN, None)


def test_an_order_is_with_paytend_and_followed_until_it_has_a_result() -> None:
    begun = answer("card.apply", ORDER, CardOrder, orderNo=REFERENCE, applyStatus="0")
    ended = answer("card.apply", ORDER, CardOrder, orderNo=REFERENCE, applyStatus="1", cardList=[{"cardId": "7"}])

    assert said(begun) == (
        "executed",
        "Ordered at Paytend. We’ll post here when it ships.",
        REFERENCE,
    )
    assert begun.followed
    assert said(ended) == ("executed", "The order is done. Cards: 7.", REFERENCE)
    assert not ended.followed
    assert answer("card.apply", ORDER, CardOrder).result is Result.EXECUTED, (
        "a missing reference contradicts nothing"
    )
    assert said(answer("card.apply", ORDER, CardOrder, orderNo="ANOTHER")) == ("unknown", ODD, "")


def test_a_lookup_of_an_order_is_believed_with_our_reference_alone() -> None:
    begun = lookup("card.apply", ORDER, CardOrder, orderNo=REFERENCE, applyStatus="0")
    ended = lookup("card.apply", ORDER, CardOrder, orderNo=REFERENCE, applyStatus="2", errMsg="out of stock")

    assert (begun.status, begun.followed) == (LookupStatus.EXECUTED, True)
    assert begun.provider_reference == REFERENCE
    assert not ended.followed
    for odd, words in (({}, UNNAMED), ({"orderNo": "ANOTHER"}, ODD)):
        assert said(lookup("card.apply", ORDER, CardOrder, **odd)) == ("unreadable", words, "")


@pytest.mark.parametrize(
    ("fields", "is_final"),
    [
        ({"applyStatus": "0"}, False),
        ({"applyStatus": "1"}, True),
        ({"applyStatus": "2"}, False),
        ({"applyStatus": "2", "errMsg": "out of stock"}, True),
        ({"applyStatus": "0", "errMsg": "please wait"}, False),
        ({"applyStatus": "0", "cardList": [{"cardId": "7"}]}, True),
        ({}, False),
    ],
)
def test_an_order_has_its_result_when_cards_are_named_or_a_reason(fields: dict[str, Any], is_final: bool) -> None:
    assert answer_readers.is_final(CardOrder.decode(fields, unit=AmountUnit.MINOR)) is is_final


def test_the_result_of_an_order_names_up_to_twenty_cards() -> None:
    def tells(count: int, **fields: Any) -> str:
        cards = [{"cardId": str(number)} for number in range(count)]
        return answer_readers.write_order_result(
            CardOrder.decode({"cardList": cards, **fields}, unit=AmountUnit.MINOR)
        )

    assert tells(2, applyStatus="1") == "The order is done. Cards: 0, 1."
    assert tells(20, applyStatus="1").endswith(", 18, 19.")
    assert tells(23, applyStatus="1").endswith(", 18, 19, and 3 more.")
    assert tells(0, applyStatus="2", errMsg="out of stock") == (
        "The order is failed or waiting for shipment. Paytend says: out of stock"
    )
    assert tells(0, applyStatus="77") == tells(0) == "The order is without a status."


def update(**values: Any) -> UpdatePayload:
    return UpdatePayload.model_validate({"holder_id": "101982", **values})


def test_a_changed_cardholder_is_told_with_the_state_of_the_review() -> None:
    payload = update(nationality="EE")

    done = answer("cardholder.update", payload, Cardholder, holderId="101982", auditStatus="1")
    assert said(done) == ("executed", "Completed. KYC: under review.", "")
    assert said(answer("cardholder.update", payload, Cardholder)) == ("executed", "Completed.", "")
    assert said(answer("cardholder.update", payload, Cardholder, holderId="9")) == ("unknown", ODD, "")


@pytest.mark.parametrize(
    ("values", "fields", "found"),
    [
        ({"nationality": "EE"}, {"nationality": "EE"}, "executed"),
        ({"nationality": "EE"}, {"nationality": "LT"}, "not_found"),
        ({"nationality": "EE"}, {}, "unreadable"),
        ({"gender": "2"}, {"gender": "2", "nationality": "LT"}, "executed"),
        ({"gender": "2"}, {"gender": "1"}, "not_found"),
        ({"birthday": date(1980, 2, 3)}, {"birthday": "1980-02-03"}, "executed"),
        ({"birthday": date(1980, 2, 3)}, {"birthday": "1980-02-04"}, "not_found"),
        ({"gender": "2", "nationality": "EE"}, {"gender": "2", "nationality": "LT"}, "not_found"),
        ({"gender": "2", "nationality": "EE"}, {"gender": "2"}, "unreadable"),
        ({"gender": "2", "address": ADDRESS}, {"gender": "2"}, "unreadable"),
    ],
)
def test_a_changed_cardholder_is_found_by_comparing_what_can_be_compared(
    values: dict[str, Any], fields: dict[str, Any], found: str
) -> None:
    result = lookup("cardholder.update", update(**values), Cardholder, holderId="101982", **fields)

    assert result.status.value == found
    other = lookup("cardholder.update", update(**values), Cardholder, holderId="9", **fields)
    assert (other.status, other.words) == (LookupStatus.UNREADABLE, ODD)
    assert lookup("cardholder.update", update(**values), Cardholder, **fields).status is LookupStatus.UNREADABLE


@pytest.mark.parametrize(
    ("action", "payload", "model"),
    [
        ("card.found", FOUND, Done),
        ("card.activate", ACTIVATE, Done),
        ("card.replace", REPLACE, Done),
        ("card.retrieve_password", PASSWORD, RetrievedPassword),
    ],
)
def test_a1_a_status_that_nobody_can_read_is_not_done(action: str, payload: Any, model: type[Answer]) -> None:
    for status in (False, True, 2.0, 1.5, [2], {"code": 2}, [], {}, "2.0", "FAILED"):
        read = answer(action, payload, model, status=status, pin="4711", errMsg="refused")
        assert (read.result, read.secret) == (Result.UNKNOWN, None), status
    for readable in (None, "", " 1 ", 1):
        assert answer(action, payload, model, status=readable).result is Result.EXECUTED, readable


@pytest.mark.parametrize(
    ("action", "payload", "model", "fields"),
    [
        ("card.found", FOUND, Done, {"cardId": "999"}),
        ("card.found", FOUND, Done, {"card_token": 999}),
        ("card.activate", ACTIVATE, Done, {"cardId": "999"}),
        ("card.activate", ACTIVATE, Done, {"cardId": "1755902", "holderId": "5"}),
        ("card.replace", REPLACE, Done, {"cardId": "999"}),
        ("card.replace", REPLACE, Done, {"cardId": "1755902", "newCardId": "999"}),
        ("card.retrieve_password", PASSWORD, RetrievedPassword, {"cardId": "999", "pin": "4711"}),
        ("card.top_up", TOP_UP, TopUp, {"topupStatus": "1", "orderNo": REFERENCE, "cardToken": "999"}),
        ("card.top_up", TOP_UP, TopUp, {"topupStatus": "1", "orderNo": REFERENCE, "amount": False}),
        ("card.top_up", TOP_UP, TopUp, {"topupStatus": "1", "orderNo": REFERENCE, "amount": 0}),
        ("card.apply", ORDER, CardOrder, {"orderNo": REFERENCE, "quantity": "100"}),
        ("card.apply", ORDER, CardOrder, {"orderNo": REFERENCE, "cardList": [{"cardId": "1"}, {"cardId": "2"}]}),
        ("card.apply", FOR_HOLDER, CardOrder, {"orderNo": REFERENCE, "holderId": "999"}),
        ("card.apply", FOR_HOLDER, CardOrder, {"orderNo": REFERENCE, "cards": [{"holderId": "999"}]}),
    ],
)
def test_a11_an_answer_about_something_else_is_not_done_and_alarms(
    action: str, payload: Any, model: type[Answer], fields: dict[str, Any]
) -> None:
    read = answer(action, payload, model, **fields)
    assert (read.result, read.alarm, read.secret) == (Result.UNKNOWN, True, None)


def test_a11_an_answer_that_names_what_was_asked_for_is_done() -> None:
    for card in ("1755902", "1755903"):  # which of the two is not documented
        named = answer("card.replace", REPLACE, Done, cardId=card, newCardId="1755903")
        assert named.result is Result.EXECUTED
    ordered = answer("card.apply", FOR_HOLDER, CardOrder, orderNo=REFERENCE, quantity=1, holderId="101982")
    assert ordered.result is Result.EXECUTED


TOP_UP_DONE = {"orderNo": REFERENCE, "topupStatus": "1"}
TWO_WAYS: list[tuple[str, Any, type[Answer], dict[str, Any], tuple[str, ...]]] = [
    ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "status": "2"}, ("topupStatus", "status")),
    ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "topup_status": 3}, ("topupStatus", "topup_status")),
    ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "status": ["2"]}, ("topupStatus", "status")),
    ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "order_no": "ANOTHER"}, ("orderNo", "order_no")),
    ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "cardId": "1755902", "card_id": "17"}, ("cardId", "card_id")),
    ("card.found", FOUND, Done, {"changeStatus": "1", "status": "2"}, ("changeStatus", "status")),
    ("card.activate", ACTIVATE, Done, {"activeStatus": 1, "status": 2}, ("activeStatus", "status")),
    ("card.replace", REPLACE, Done, {"replaceStatus": "1", "changeStatus": "2"},
     ("changeStatus", "replaceStatus")),
    ("card.retrieve_password", PASSWORD, RetrievedPassword, {"retrieveStatus": "1", "status": "2", "pin": "1234"},
     ("retrieveStatus", "status")),
    ("card.apply", ORDER, CardOrder, {"orderNo": REFERENCE, "applyStatus": "1", "orderStatus": "2"},
     ("applyStatus", "orderStatus")),
    ("cardholder.update", UpdatePayload(holder_id="101982", gender="1"), Cardholder,
     {"holderId": "101982", "changeStatus": "1", "updateStatus": "2"}, ("changeStatus", "updateStatus")),
]  # fmt: skip


@pytest.mark.parametrize(("action", "payload", "model", "fields", "names"), TWO_WAYS)
def test_a1_an_answer_that_says_two_things_is_unknown_and_an_alarm_that_names_the_fields(
    action: str, payload: Any, model: type[Answer], fields: dict[str, Any], names: tuple[str, str]
) -> None:
    found = answer(action, payload, model, **fields)

    assert (found.result, found.alarm, found.secret) == (Result.UNKNOWN, True, None)
    assert found.words == f"Paytend's answer contradicts itself: {names[0]} and {names[1]} differ."


def test_a1_a_lookup_that_says_two_things_settles_nothing() -> None:
    both = {"cardId": "1755902", "holderId": "101982", "cardStatus": "5", "status": "6"}
    for action, payload, model, fields in (
        ("card.top_up", TOP_UP, TopUp, {**TOP_UP_DONE, "status": "2"}),
        ("card.found", FOUND, CardInfo, both),
        ("card.activate", ACTIVATE, CardInfo, both),
        ("card.apply", ORDER, CardOrder, {"orderNo": REFERENCE, "orderStatus": "1", "status": "2"}),
    ):
        found = lookup(action, payload, model, **fields)
        assert (found.status, found.alarm) == (LookupStatus.UNREADABLE, True), action


def test_a1_two_names_that_say_the_same_are_no_contradiction() -> None:
    same = {**TOP_UP_DONE, "status": 1, "topup_status": " 1", "order_no": REFERENCE, "cardToken": "a token"}

    assert answer("card.top_up", TOP_UP, TopUp, **same, cardId="1755902").result is Result.EXECUTED
    assert answer("card.top_up", TOP_UP, TopUp, **TOP_UP_DONE, status="").result is Result.EXECUTED


@pytest.mark.parametrize(
    ("status", "result", "words"),
    [
        ("1", Result.EXECUTED, "Completed."),
        (1, Result.EXECUTED, "Completed."),
        ("", Result.EXECUTED, "Completed."),
        ("2", Result.UNKNOWN, "Paytend reported a failure."),
        (2, Result.UNKNOWN, "Paytend reported a failure."),
        ("9", Result.UNKNOWN, NO_STATUS),
        (2.5, Result.UNKNOWN, NO_STATUS),
        ([2], Result.UNKNOWN, NO_STATUS),
        (False, Result.UNKNOWN, NO_STATUS),
    ],
)
@pytest.mark.parametrize("name", ["changeStatus", "change_status", "updateStatus"])
def test_a1_an_update_of_a_cardholder_that_reports_a_failure_is_not_done(
    name: str, status: Any, result: Result, words: str
) -> None:
    payload = UpdatePayload(holder_id="101982", gender="1")
    found = answer("cardholder.update", payload, Cardholder, **{"holderId": "101982", name: status})

    assert (found.result, found.words, found.answer) == (result, words, {})
