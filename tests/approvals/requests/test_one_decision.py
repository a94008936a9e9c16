"""Why a single decision or withdrawal does not count, in the order in which it is said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.free_text import HoldsCardNumber, ReasonNeeded
from approvals.policy.eligibility import ChangedCardholder, SelfApproval
from approvals.policy.people import Guest, NotInRole
from approvals.requests.decision_validity import (
    AlreadyDecided,
    EarlierDecision,
    Expired,
    NotPending,
    NotYours,
    OtherContent,
    RequestState,
    count_approvals,
    count_needed,
    judge_decision,
    judge_withdrawal,
)
from approvals.statuses import Status, Verdict
from tests.approvals.world import MARA, MILO, OLE, SAM, START, flagged, person, rule

DIGEST = "d" * 64
STATE = RequestState(
    status=Status.PENDING,
    digest=DIGEST,
    requester_id="U0SAM",
    requester_account="U0SAM",
    decide_by=START + timedelta(hours=1),
    rule=rule(),
)


def earlier(account: str, verdict: Verdict = Verdict.APPROVE, **more: Any) -> EarlierDecision:
    return EarlierDecision(
        person_id=account, account=account, name=account, verdict=verdict, decided_at=START, **more
    )


def judges(**changes: Any) -> Status:
    values: dict[str, Any] = {
        "live": rule(),
        "earlier": (),
        "member": MARA,
        "changers": frozenset(),
        "same_person": (),
        "digest": DIGEST,
        "verdict": Verdict.APPROVE,
        "reason": "",
        "now": START,
    }
    return judge_decision(changes.pop("state", STATE), **{**values, **changes})


def test_one_approval_is_enough_where_one_is_needed() -> None:
    assert judges() is Status.APPROVED
    assert judges(live=rule(quorum=2)) is Status.PENDING
    assert judges(live=rule(quorum=2), earlier=(earlier("U0MILO"),)) is Status.APPROVED
    assert judges(verdict=Verdict.DENY, reason="not agreed") is Status.DENIED


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"member": flagged(MARA, "is_guest"), "digest": "e" * 64}, Guest),
        ({"digest": "e" * 64, "earlier": (earlier("U0MARA"),)}, OtherContent),
        ({"earlier": (earlier("U0MARA"),), "state": replace(STATE, status=Status.APPROVED)}, AlreadyDecided),
        ({"state": replace(STATE, status=Status.DENIED), "member": SAM}, NotPending),
        ({"now": START + timedelta(hours=1)}, Expired),
        ({"member": person("U0SAM", "manager")}, SelfApproval),
        ({"member": person("U0SAM2", "manager", identity="U0SAM")}, SelfApproval),
        ({"member": OLE}, NotInRole),
        ({"live": rule(approvers=["admin"])}, NotInRole),
        ({"state": replace(STATE, rule=rule(approvers=["admin"]))}, NotInRole),
        ({"changers": frozenset({"U0MARA"})}, ChangedCardholder),
        ({"verdict": Verdict.DENY}, ReasonNeeded),
        ({"verdict": Verdict.DENY, "reason": "no"}, ReasonNeeded),
        ({"verdict": Verdict.DENY, "reason": " no "}, ReasonNeeded),
        ({"verdict": Verdict.DENY, "reason": "x" * 501}, ReasonNeeded),
        ({"verdict": Verdict.DENY, "reason": "4111 1111 1111 1111"}, HoldsCardNumber),
    ],
)
def test_a_decision_that_does_not_count_says_why(changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        judges(**changes)


def test_a_request_that_is_over_says_so_without_more_when_no_more_is_known() -> None:
    with pytest.raises(NotPending) as refusal:
        judges(state=replace(STATE, status=Status.DENIED))

    assert str(refusal.value) == "This request is already denied."


@pytest.mark.parametrize("reason", ["no!", " no! ", "x" * 500])
def test_a_reason_has_three_to_five_hundred_characters(reason: str) -> None:
    assert judges(verdict=Verdict.DENY, reason=reason) is Status.DENIED


def test_the_requester_withdraws_what_they_have_seen_and_nobody_else_does() -> None:
    def withdraws(state: RequestState = STATE, **changes: Any) -> Status:
        return judge_withdrawal(state, **{"member": SAM, "digest": DIGEST, "now": START, **changes})

    assert withdraws() is Status.WITHDRAWN
    assert withdraws(member=person("U0SAM2", identity="U0SAM")) is Status.WITHDRAWN
    for changes, refusal in (
        ({"member": MARA}, NotYours),
        ({"member": flagged(SAM, "is_deactivated")}, Exception),
        ({"digest": "e" * 64}, OtherContent),
        ({"now": START + timedelta(hours=1)}, Expired),
        ({"state": replace(STATE, status=Status.APPROVED)}, NotPending),
    ):
        with pytest.raises(refusal):
            withdraws(**changes)


def test_approvals_are_counted_by_person_and_not_when_void() -> None:
    rows = (earlier("A"), earlier("A"), earlier("B", Verdict.DENY), earlier("C", is_void=True), earlier("D"))

    assert count_approvals(rows, same_person=()) == 2
    assert count_approvals(rows, same_person=(("A", "D"),)) == 1
    assert [count_needed(rule(quorum=one), rule(quorum=other)) for one, other in ((1, 1), (1, 3), (3, 1))] == [
        1,
        3,
        3,
    ]
    lifted = rule(approvers=[], lifted=True)
    assert (count_needed(lifted, lifted), count_needed(lifted, rule()), count_needed(rule(), lifted)) == (0, 1, 1)


def test_another_manager_decides_after_the_first() -> None:
    assert judges(member=MILO, live=rule(quorum=2), earlier=(earlier("U0MARA"),)) is Status.APPROVED
