"""What may be believed of Paytend's answers, for each action."""

from typing import Any

import pytest
from pydantic import ValidationError

from approvals.actions.answer_evidence import judge_change, judge_lookup
from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Result
from approvals.actions.payloads import CardPayload, Payload, TopUpPayload
from approvals.actions.table import ACTIONS, Action
from paytend.models import Answer, CardInfo, Done, TopUp
from paytend.money import AmountUnit

REFERENCE = "01HREFERENCE"
TOP_UP = TopUpPayload.model_validate({"card_id": "1755902", "money": "10.00 EUR"})
FOUND = CardPayload(card_id="1755902")


def _believe(action: Action, answer: Answer, payload: Payload) -> Outcome:
    return judge_change(action.read_answer(answer, payload, REFERENCE), question=action.question)


def _find(action: Action, answer: Answer, payload: Payload) -> LookupResult:
    assert action.read_lookup is not None
    return judge_lookup(action.read_lookup(answer, payload, REFERENCE), question=action.question)


def _top_up(**fields: Any) -> TopUp:
    return TopUp.decode(fields, unit=AmountUnit.MINOR)


@pytest.mark.parametrize(
    ("fields", "result", "found"),
    [
        ({"topupStatus": "1"}, Result.EXECUTED, LookupStatus.UNREADABLE),
        ({"topupStatus": 1, "orderNo": REFERENCE, "cardId": "1755902"}, Result.EXECUTED, LookupStatus.EXECUTED),
        ({"topupStatus": "2", "errMsg": "no funds"}, Result.UNKNOWN, LookupStatus.UNREADABLE),
        ({"topupStatus": "2", "orderNo": REFERENCE}, Result.UNKNOWN, LookupStatus.FAILED),
        ({"topupStatus": "3", "orderNo": REFERENCE}, Result.UNKNOWN, LookupStatus.IN_PROGRESS),
        ({"topupStatus": "7"}, Result.UNKNOWN, LookupStatus.UNREADABLE),
        ({}, Result.UNKNOWN, LookupStatus.UNREADABLE),
        ({"topupStatus": "1", "orderNo": "ANOTHER"}, Result.UNKNOWN, LookupStatus.UNREADABLE),
        ({"topupStatus": "2", "cardId": "999"}, Result.UNKNOWN, LookupStatus.UNREADABLE),
    ],
)
def test_a_top_up_is_believed_when_it_is_clear_and_ours(
    fields: dict[str, Any], result: Result, found: LookupStatus
) -> None:
    action, answer = ACTIONS["card.top_up"], _top_up(**fields)
    assert _believe(action, answer, TOP_UP).result is result
    assert _find(action, answer, TOP_UP).status is found


def test_an_answer_is_kept_without_a_card_number() -> None:
    same = _top_up(topupStatus="1", amount="1000", currency="EUR", tradeId="T1", cardNo="4111111111111111")
    outcome = _believe(ACTIONS["card.top_up"], same, TOP_UP)
    assert (outcome.words, outcome.provider_reference) == ("Completed.", "T1")
    assert "4111111111111111" not in str(outcome.answer)


@pytest.mark.parametrize(
    ("status", "result"),
    [("1", Result.EXECUTED), (None, Result.EXECUTED), ("2", Result.UNKNOWN), ("5", Result.UNKNOWN)],
)
def test_a_cancelled_loss_is_believed_by_its_status(status: str | None, result: Result) -> None:
    answer = Done.decode({"changeStatus": status}, unit=AmountUnit.MINOR)
    assert _believe(ACTIONS["card.found"], answer, FOUND).result is result


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("5", LookupStatus.EXECUTED),
        ("6", LookupStatus.NOT_FOUND),
        ("8", LookupStatus.UNREADABLE),
        (None, LookupStatus.UNREADABLE),
    ],
)
def test_a_cancelled_loss_is_found_by_the_cards_status(status: str | None, found: LookupStatus) -> None:
    answer = CardInfo.decode({"cardStatus": status}, unit=AmountUnit.MINOR)
    assert _find(ACTIONS["card.found"], answer, FOUND).status is found


def test_each_action_makes_its_calls() -> None:
    for name, payload in (("card.top_up", TOP_UP), ("card.found", FOUND)):
        action = ACTIONS[name]
        assert action.call(payload, REFERENCE).operation.changes
        assert action.lookup is not None
        assert not action.lookup(payload, REFERENCE).operation.changes
    assert ACTIONS["card.top_up"].call(TOP_UP, REFERENCE).values["reference"] == REFERENCE


@pytest.mark.parametrize("card_id", ["", "a b", "x" * 65, "4111111111111111", "../x"])
def test_a_card_id_is_no_free_text(card_id: str) -> None:
    with pytest.raises(ValidationError):
        CardPayload(card_id=card_id)
