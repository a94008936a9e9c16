"""What is looked at again just before something is sent: rights, policy, the card, the content."""

from dataclasses import replace

import pytest

from approvals.execution.execution import Late, NotClaimed
from approvals.execution.rights_recheck import RightsUnreadable
from approvals.policy.people import Member
from approvals.requests.decision_validity import AlreadyDecided
from approvals.requests.duplicates import MoneyBlocked
from approvals.statuses import Status
from approvals.tables import CardholderChange
from paytend.errors import OutcomeUnknown
from tests.approvals.world import MARA, MILO, ApprovalWorld, flagged, limit, person, rule, snapshot


def test_f18_an_approver_who_lost_the_role_is_voided_and_it_waits_again(world: ApprovalWorld) -> None:
    request = world.approved()
    world.members_by_account["U0MARA"] = person("U0MARA", "support")

    outcome = world.claims(request)
    assert isinstance(outcome, NotClaimed)
    assert outcome.status is Status.PENDING
    facts = world.message_facts(request)
    assert facts["approvals"] == "0 of 1"
    assert facts["decisions"][0]["void"]
    assert facts["approved"] is None
    assert "approval:returned" in world.events()
    with pytest.raises(AlreadyDecided):
        world.decides(request, MARA)
    assert world.decides(request, MILO).status == "approved"
    assert world.executes(request).status == "executed"


@pytest.mark.parametrize("flag", ["is_deactivated", "is_guest", "is_stranger"])
def test_f18_a_deactivated_approver_is_voided(small: ApprovalWorld, flag: str) -> None:
    request = small.approved()
    small.members_by_account["U0MARA"] = flagged(MARA, flag)
    small.claims(request)
    assert small.read(request).status == "pending"


def test_f18_without_time_left_it_expires(small: ApprovalWorld) -> None:
    request = small.asks()
    small.passes(hours=7, minutes=59)
    small.decides(request)
    small.passes(minutes=2)
    small.members_by_account["U0MARA"] = person("U0MARA")
    small.claims(request)
    assert small.read(request).status == "expired"


def test_rights_that_cannot_be_read_wait_and_void_nothing(small: ApprovalWorld) -> None:
    request = small.approved()
    small.members_by_account["U0MARA"] = Member(person=MARA.person, unreadable=frozenset({"manager"}))
    with pytest.raises(RightsUnreadable):
        small.claims(request)
    del small.members_by_account["U0MARA"]
    with pytest.raises(RightsUnreadable):
        small.claims(request)
    assert small.message_facts(request)["approvals"] == "1 of 1"
    assert small.read(request).status == "approved"


def test_a_policy_that_asks_for_more_after_the_approval_waits_for_it(small: ApprovalWorld) -> None:
    request = small.approved()
    small.use(rules=(rule(quorum=2),))
    assert isinstance(small.claims(request), NotClaimed)
    assert small.read(request).status == "pending"
    small.decides(request, MILO)
    assert small.executes(request).status == "executed"


def test_what_waits_again_is_reminded_of_again(small: ApprovalWorld) -> None:
    request = small.approved()
    decide_by = request.decide_by
    assert small.read(request).remind_at is None
    small.members_by_account["U0MARA"] = person("U0MARA", "support")
    small.claims(request)

    returned = small.read(request)
    assert returned.remind_at == request.created_at + (decide_by - request.created_at) / 2
    assert (returned.approved_at, returned.execute_by) == (None, None)
    small.passes(hours=4)
    small.ticks()
    assert len(small.outbox.of("request_reminder")) == 1


def test_a_policy_or_limit_that_allows_it_no_more_ends_it(small: ApprovalWorld) -> None:
    request = small.approved()
    small.use(limits=(limit(over="5.00 EUR"),))
    small.claims(request)
    assert small.read(request).status == "failed"
    small.use(limits=())
    other = small.approved("12.00 EUR")
    small.use(rules=())
    small.claims(other)
    assert "Stopped before sending" in small.read(other).reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "8"}, "the card changed from active to frozen since the request"),
        ({"status": "6"}, "to lost since the request"),
        ({"status": "7"}, "to closed since the request"),
        ({"status": "4"}, "to inactive since the request"),
        ({"holder_id": "H2"}, "another cardholder"),
        ({"card_id": "9"}, "another card"),
        ({"last_four": "1111"}, "another number"),
    ],
)
def test_a_card_that_changed_ends_it_before_sending(
    small: ApprovalWorld, changes: dict[str, str], words: str
) -> None:
    request = small.approved()
    small.card = snapshot(**changes)
    outcome = small.claims(request)

    assert isinstance(outcome, NotClaimed)
    assert words in outcome.words
    assert small.read(request).status == "failed"
    assert small.message_facts(request)["done"]["why"].startswith("Stopped before sending")
    assert small.paytend.calls == []


def test_money_on_a_card_is_blocked_while_an_outcome_is_unknown(world: ApprovalWorld) -> None:
    world.paytend.after = OutcomeUnknown("no answer")
    first = world.executes(world.approved())
    with pytest.raises(MoneyBlocked) as refusal:
        world.asks("30.00 EUR")
    assert first.phrase in str(refusal.value)
    world.passes(seconds=1)
    world.looks_up()
    assert world.asks("30.00 EUR").status == "pending"


def test_an_execution_past_its_time_is_not_claimed_and_lapses(small: ApprovalWorld) -> None:
    request = small.approved()
    small.passes(minutes=30)
    with pytest.raises(Late):
        small.claims(request)
    small.ticks()
    assert small.read(request).status == "expired"


def test_an_approver_who_changed_the_cardholder_since_is_voided(small: ApprovalWorld) -> None:
    request = small.approved()
    with small.database.writing() as session:
        session.add(CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=small.now))
    small.claims(request)
    assert small.read(request).status == "pending"


def test_an_approver_who_turns_out_to_be_the_requester_is_voided(small: ApprovalWorld) -> None:
    request = small.approved()
    both = replace(MARA.person, accounts=frozenset({"U0SAM", "U0MARA"}))
    small.members_by_account["U0MARA"] = replace(MARA, person=both)
    small.claims(request)
    assert small.read(request).status == "pending"


def test_a_payload_that_does_not_fit_its_digest_is_not_sent(small: ApprovalWorld) -> None:
    request = small.approved()
    with small.database.writing() as session:
        session.connection().exec_driver_sql("DROP TRIGGER cardops_request_payload_frozen")
        session.connection().exec_driver_sql("UPDATE approval_request SET payload = x'78'")
    small.claims(request)
    assert small.read(request).status == "failed"
    assert "doesn’t match its digest" in small.read(request).reason
    assert small.paytend.calls == []
