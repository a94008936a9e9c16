"""Deciding and withdrawing: whose decision counts, and when, on both databases."""

from dataclasses import replace

import pytest

from approvals.audit import chain
from approvals.free_text import HoldsCardNumber, ReasonNeeded
from approvals.policy.eligibility import ChangedCardholder, SelfApproval
from approvals.policy.people import Deactivated, Guest, IsBot, Member, NotInRole, RolesUnreadable, Stranger
from approvals.policy.rules import LimitReached, NothingAllows
from approvals.requests.decision_validity import AlreadyDecided, NotPending, NotYours, OtherContent
from approvals.requests.decisions import announce_review
from approvals.tables import CardholderChange
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, ApprovalWorld, flagged, limit, person, rule


def test_a_request_is_posted_and_a_managers_approval_approves_it(world: ApprovalWorld) -> None:
    request = world.asks()

    (card,) = world.outbox.of("request_card")
    assert (card.recipient, card.key) == ("C0APPROVALS", f"request:{request.id}")
    assert card.facts["approvals"] == "0 of 1"
    assert world.decides(request).status == "approved"
    assert world.message_facts(request)["approved"]["by"] == ["U0MARA"]
    assert world.events() == ["approval:opened", "approval:approved"]


def test_the_requester_never_approves(world: ApprovalWorld) -> None:
    both = person("U0SAM", "support", "manager")
    request = world.asks()

    with pytest.raises(SelfApproval):
        world.decides(request, both)
    assert world.decisions(request) == 0


def test_a21_the_requesters_second_account_is_the_same_person(world: ApprovalWorld) -> None:
    second = person("U0SAM2", "manager", identity="U0SAM")

    with pytest.raises(SelfApproval):
        world.decides(world.asks(), second)


def test_one_human_with_two_accounts_counts_once(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2),))
    request = world.asks()
    world.decides(request, MARA)

    with pytest.raises(AlreadyDecided) as refusal:
        world.decides(request, person("U0MARA2", "manager", identity="U0MARA"))
    assert str(refusal.value) == "You already approved this at 2026-11-20 09:00 UTC."
    assert world.read(request).status == "pending"


def test_one_human_in_three_groups_counts_once_at_quorum_two(world: ApprovalWorld) -> None:
    world.use(rules=(rule(quorum=2, approvers=["manager", "admin", "oncall"]),))
    busy = person("U0BUSY", "manager", "admin", "oncall")
    request = world.asks()

    assert world.decides(request, busy).status == "pending"
    with pytest.raises(AlreadyDecided):
        world.decides(request, busy)
    assert world.decides(request, MILO).status == "approved"


def test_a_double_click_after_the_end_is_told_who_decided(world: ApprovalWorld) -> None:
    request = world.asks()
    world.decides(request)

    with pytest.raises(AlreadyDecided):
        world.decides(request)
    with pytest.raises(NotPending, match="already approved by Mara at 2026-11-20 09:00 UTC"):
        world.decides(request, MILO)


@pytest.mark.parametrize(
    ("flag", "refusal"),
    [
        ("is_stranger", Stranger),
        ("is_guest", Guest),
        ("is_deactivated", Deactivated),
        ("is_bot", IsBot),
    ],
)
def test_only_active_full_members_of_this_workspace_decide(
    small: ApprovalWorld, flag: str, refusal: type[Exception]
) -> None:
    request = small.asks()
    with pytest.raises(refusal):
        small.decides(request, flagged(MILO, flag))
    assert small.decisions(request) == 0


def test_a_person_outside_the_role_and_an_admin_do_not_decide(small: ApprovalWorld) -> None:
    request = small.asks()
    for who in (OLE, ADA, person("U0LEFT")):
        with pytest.raises(NotInRole, match="manager"):
            small.decides(request, who)


def test_a_group_that_cannot_be_read_refuses(small: ApprovalWorld) -> None:
    unread = Member(person=MARA.person, unreadable=frozenset({"manager"}))
    with pytest.raises(RolesUnreadable):
        small.decides(small.asks(), unread)


def test_f19_a_changed_digest_is_refused(world: ApprovalWorld) -> None:
    with pytest.raises(OtherContent):
        world.decides(world.asks(), digest="0" * 64)


def test_a_denial_needs_a_reason_and_ends_it(world: ApprovalWorld) -> None:
    request = world.asks()
    for reason in ("", "no", " " * 5, "x" * 501):
        with pytest.raises(ReasonNeeded):
            world.decides(request, deny=reason)

    assert world.decides(request, deny="not this month: *really* <!channel>").status == "denied"
    told = world.outbox.of("request_outcome")[-1].facts
    assert (told["mention"], told["denied_by"]) == (["U0SAM"], "U0MARA")
    assert told["denial"] == "not this month: *really* <!channel>"
    assert world.message_facts(request)["buttons"] == []
    with pytest.raises(NotPending):
        world.decides(request, MILO)


def test_a_card_number_in_a_reason_is_refused_and_not_stored(small: ApprovalWorld) -> None:
    request = small.asks()
    with pytest.raises(HoldsCardNumber):
        small.decides(request, deny="it is 4111 1111 1111 1111")
    with pytest.raises(HoldsCardNumber):
        small.asks(reason="for 4111111111111111")
    assert small.decisions(request) == 0


def test_only_the_requester_withdraws_and_only_while_pending(world: ApprovalWorld) -> None:
    request = world.asks()
    with pytest.raises(NotYours):
        world.withdraws(request, MARA)

    assert world.withdraws(request).status == "withdrawn"
    with pytest.raises(NotPending):
        world.withdraws(request)


def test_whoever_changed_the_cardholder_today_does_not_decide(world: ApprovalWorld) -> None:
    with world.database.writing() as session:
        change = CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=world.now)
        session.add(change)
    request = world.asks()

    with pytest.raises(ChangedCardholder):
        world.decides(request)
    assert world.decides(request, MILO).status == "approved"


def test_a_day_after_the_change_they_may_decide_again(small: ApprovalWorld) -> None:
    with small.database.writing() as session:
        session.add(CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=small.now))
    small.passes(hours=24)

    assert small.decides(small.asks()).status == "approved"


def test_a_policy_tightened_in_between_needs_both_rules(world: ApprovalWorld) -> None:
    request = world.asks()
    world.use(rules=(rule(quorum=2),))
    assert world.decides(request, MARA).status == "pending"
    assert world.decides(request, MILO).status == "approved"


def test_roles_taken_away_in_between_need_both_rules(small: ApprovalWorld) -> None:
    request = small.asks()
    small.use(rules=(rule(approvers=["admin"]),))
    for who in (MARA, ADA):
        with pytest.raises(NotInRole):
            small.decides(request, who)
    small.use(rules=())
    with pytest.raises(NothingAllows):
        small.decides(request)


def test_what_the_policy_allows_no_more_can_still_be_denied(small: ApprovalWorld) -> None:
    request = small.asks()
    small.use(rules=())

    for who in (SAM, OLE):
        with pytest.raises(SelfApproval if who is SAM else NotInRole):
            small.decides(request, who, deny="not any more")
    assert small.decides(request, deny="not any more").status == "denied"


@pytest.mark.parametrize("over", ["5.00 EUR", "5.00 USDT"])
def test_what_a_limit_refuses_by_now_can_still_be_denied(small: ApprovalWorld, over: str) -> None:
    request = small.asks("10.00 EUR")
    small.use(limits=(limit(over=over),))

    with pytest.raises(LimitReached):
        small.decides(request)
    assert small.decides(request, deny="too much by now").status == "denied"


def test_a_policy_loosened_in_between_changes_nothing(small: ApprovalWorld) -> None:
    small.use(rules=(rule(quorum=2),))
    request = small.asks()
    small.use(rules=(rule(quorum=1),))

    assert small.decides(request).status == "pending"


def test_lists_are_what_waits_for_a_person(world: ApprovalWorld) -> None:
    request = world.asks()
    assert world.waiting(MARA) == [request.id]
    assert world.waiting(SAM) == world.waiting(OLE) == []
    world.decides(request)
    assert world.waiting(MARA) == world.waiting(MILO) == []


def test_somebody_looking_is_told_in_the_thread(small: ApprovalWorld) -> None:
    request = small.asks()
    with small.database.writing() as session:
        announce_review(
            session, small.context, request_id=request.id, digest=request.digest, member=MARA, now=small.now
        )
    with small.database.writing() as session, pytest.raises(NotInRole):
        announce_review(
            session, small.context, request_id=request.id, digest=request.digest, member=SAM, now=small.now
        )
    assert small.outbox.of("request_looking")[0].thread_of == f"request:{request.id}"


def test_a_refusal_is_audited(small: ApprovalWorld) -> None:
    with small.database.writing() as session:
        chain.append_refusal(
            session,
            SelfApproval(),
            key=small.context.audit_key,
            actor=SAM.person.account,
            subject="request:1",
            now=small.now,
        )
    assert small.events() == ["approval:refused"]


def test_an_identity_map_that_learns_of_a_second_account_later_still_counts_one_person(
    small: ApprovalWorld,
) -> None:
    accounts = frozenset({"U0MARA", "U0MARA2"})
    second = person("U0MARA2", "manager", identity="U0MARA2")
    second = replace(second, person=replace(second.person, accounts=accounts))
    small.use(rules=(rule(quorum=2),))
    request = small.asks()
    small.decides(request, MARA)
    with pytest.raises(AlreadyDecided):
        small.decides(request, second)

    requester = replace(second, person=replace(second.person, accounts=frozenset({"U0SAM", "U0MARA2"})))
    with pytest.raises(SelfApproval):
        small.decides(request, requester)


def test_a_rule_that_was_deleted_leaves_its_history(small: ApprovalWorld) -> None:
    request = small.executes(small.approved())
    small.use(rules=())
    assert small.message_facts(request)["rule"] == "top-ups"
    assert small.message_facts(request)["approvals"] == "1 of 1"


def test_a_click_on_old_content_is_refused_as_such_even_when_no_rule_allows_it(
    small: ApprovalWorld,
) -> None:
    request = small.asks()
    small.use(rules=())
    with pytest.raises(OtherContent):
        small.decides(request, digest="0" * 64)
