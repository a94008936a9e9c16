"""Whether a decision counts: properties of the pure rules."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.policy.eligibility import SelfApproval
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.requests.decision_validity import (
    EarlierDecision,
    RequestState,
    count_approvals,
    count_needed,
    judge_decision,
)
from approvals.statuses import Status, Verdict
from tests.approvals.world import START, person, rule


def _asked(quorum: int) -> RequestState:
    return RequestState(
        status=Status.PENDING,
        digest="d" * 64,
        requester_id="U0SAM",
        requester_account="U0SAM",
        decide_by=START + timedelta(hours=1),
        rule=rule(quorum=quorum),
    )


def _earlier(member: Member) -> EarlierDecision:
    who = member.person
    return EarlierDecision(
        person_id=who.id, account=who.account, name=who.display_name, verdict=Verdict.APPROVE, decided_at=START
    )


@given(
    quorum=st.integers(1, 4),
    live=st.integers(1, 4),
    clicks=st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", "D", "SAM"]), st.sampled_from(["", "2"]), st.booleans()),
        max_size=12,
    ),
)
def test_approved_means_that_many_people_other_than_the_requester(
    quorum: int, live: int, clicks: list[tuple[str, str, bool]]
) -> None:
    asked, live_rule, earlier, counted = _asked(quorum), rule(quorum=live), list[EarlierDecision](), set[str]()
    status = Status.PENDING
    for human, account, is_manager in clicks:
        who = person(f"U0{human}{account}", *(["manager"] if is_manager else []), identity=f"U0{human}")
        try:
            status = judge_decision(
                asked,
                live=live_rule,
                earlier=earlier,
                member=who,
                changers=frozenset(),
                same_person=(),
                digest=asked.digest,
                verdict=Verdict.APPROVE,
                reason="",
                now=START,
            )
        except Refusal:
            assert human == "SAM" or human in counted or not is_manager
            continue
        assert human != "SAM"
        assert is_manager
        counted.add(human)
        earlier.append(_earlier(who))
        assert (status is Status.APPROVED) is (len(counted) >= max(quorum, live))
        if status is Status.APPROVED:
            return
    assert status is Status.PENDING


@given(st.integers(0, 5), st.integers(1, 5), st.integers(1, 5))
def test_void_approvals_do_not_count(valid: int, quorum: int, live: int) -> None:
    rows = [_earlier(person(f"U{number}")) for number in range(valid)]
    void = [
        EarlierDecision(
            person_id="V", account="V", name="V", verdict=Verdict.APPROVE, decided_at=START, is_void=True
        )
    ]
    deny = [EarlierDecision(person_id="N", account="N", name="N", verdict=Verdict.DENY, decided_at=START)]
    assert count_approvals([*rows, *void, *deny, *rows], same_person=()) == valid
    assert count_needed(rule(quorum=quorum), rule(quorum=live)) >= 1


def test_the_requester_is_refused_before_anything_about_roles_is_told() -> None:
    with pytest.raises(SelfApproval):
        judge_decision(
            _asked(1),
            live=rule(),
            earlier=[],
            member=person("U0SAM"),
            changers=frozenset(),
            same_person=(),
            digest="d" * 64,
            verdict=Verdict.APPROVE,
            reason="",
            now=START,
        )
