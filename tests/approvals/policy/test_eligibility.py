"""Who may decide a request, asked of the one function that every path uses."""

import pytest

from approvals.policy.eligibility import ChangedCardholder, SelfApproval, require_eligible
from approvals.policy.people import Deactivated, Guest, IsBot, Member, NotInRole, Stranger
from approvals.refusals import Refusal
from tests.approvals.world import MARA, SAM, flagged, person

BOTH = (("manager",), ("manager", "admin"))


def test_a_manager_may_decide_what_somebody_else_asked_for() -> None:
    require_eligible(MARA, requester=("U0SAM",), role_lists=BOTH, changers=frozenset({"U0MILO"}))


@pytest.mark.parametrize(
    ("member", "refusal"),
    [
        (flagged(MARA, "is_stranger"), Stranger),
        (flagged(MARA, "is_bot"), IsBot),
        (flagged(MARA, "is_deactivated"), Deactivated),
        (flagged(MARA, "is_guest"), Guest),
        (person("U0ASKED", "manager"), SelfApproval),
        (person("U0ASKED2", "manager", identity="U0ASKED"), SelfApproval),
        (SAM, NotInRole),
        (person("U0ADA", "admin"), NotInRole),
        (person("U0CHANGED", "manager"), ChangedCardholder),
        (person("U0OTHER", "manager", identity="U0CHANGED"), ChangedCardholder),
    ],
)
def test_everybody_else_is_refused(member: Member, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        require_eligible(
            member,
            requester=("U0ASKED", "U0ASKED9"),
            role_lists=BOTH,
            changers=frozenset({"U0CHANGED"}),
        )


def test_the_requester_is_known_by_the_account_that_asked_too() -> None:
    with pytest.raises(SelfApproval):
        require_eligible(MARA, requester=("U0SOMEBODY", "U0MARA"), role_lists=BOTH)


def test_a_rule_without_approvers_lets_nobody_decide() -> None:
    with pytest.raises(NotInRole):
        require_eligible(MARA, requester=(), role_lists=(("manager",), ()))
