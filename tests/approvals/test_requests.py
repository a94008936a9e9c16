"""Asking, deciding, withdrawing and expiring, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.opening import AlreadyOpen, AskAgain, NobodyCanDecide, OtherCard, Unfit
from approvals.people import Deactivated, Guest, IsBot, NotInRole, RolesUnreadable, Standing, Stranger
from approvals.policy import LimitReached, NothingAllows, Policy
from approvals.preflight import CardUnusable
from approvals.requests import record_refusal, say_looking
from approvals.rules import (
    AlreadyDecided,
    ChangedCardholder,
    Expired,
    HoldsCardNumber,
    NotPending,
    NotYours,
    OtherContent,
    ReasonNeeded,
    SelfApproval,
)
from approvals.tables import CardholderChange
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, World, flagged, limit, person, rule, snapshot


def test_a_request_is_posted_and_a_managers_approval_approves_it(world: World) -> None:
    request = world.asks()

    (card,) = world.outbox.of("request_card")
    assert (card.recipient, card.key) == ("C0APPROVALS", f"request:{request.id}")
    assert card.facts["approvals"] == "0 of 1"
    assert world.decides(request).status == "approved"
    assert world.card_facts(request)["approved"]["by"] == ["U0MARA"]
    assert world.events() == ["approval:opened", "approval:approved"]


def test_a_requester_who_is_not_in_the_channel_follows_a_copy(small: World) -> None:
    small.decides(small.asks(follows=True))

    assert [told.recipient for told in small.outbox.of("request_card")] == ["C0APPROVALS", "U0SAM"]
    assert {told.recipient for told in small.outbox.of("request_decided")} == {"C0APPROVALS", "U0SAM"}


def test_the_requester_never_approves(world: World) -> None:
    both = person("U0SAM", "support", "manager")
    request = world.asks()

    with pytest.raises(SelfApproval):
        world.decides(request, both)
    assert world.decisions(request) == 0


def test_the_requesters_second_account_is_the_same_person(world: World) -> None:
    second = person("U0SAM2", "manager", identity="U0SAM")

    with pytest.raises(SelfApproval):
        world.decides(world.asks(), second)


def test_one_human_with_two_accounts_counts_once(world: World) -> None:
    world.use(rules=(rule(quorum=2),))
    request = world.asks()
    world.decides(request, MARA)

    with pytest.raises(AlreadyDecided) as refusal:
        world.decides(request, person("U0MARA2", "manager", identity="U0MARA"))
    assert str(refusal.value) == "Mara decided already, at 20 Nov 09:00 UTC."
    assert world.read(request).status == "pending"


def test_one_human_in_three_groups_counts_once_at_quorum_two(world: World) -> None:
    world.use(rules=(rule(quorum=2, approvers=["manager", "admin", "oncall"]),))
    busy = person("U0BUSY", "manager", "admin", "oncall")
    request = world.asks()

    assert world.decides(request, busy).status == "pending"
    with pytest.raises(AlreadyDecided):
        world.decides(request, busy)
    assert world.decides(request, MILO).status == "approved"


def test_a_double_click_after_the_end_is_told_who_decided(world: World) -> None:
    request = world.asks()
    world.decides(request)

    with pytest.raises(AlreadyDecided):
        world.decides(request)
    with pytest.raises(NotPending, match="approved already by Mara at 20 Nov 09:00 UTC"):
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
    small: World, flag: str, refusal: type[Exception]
) -> None:
    request = small.asks()
    with pytest.raises(refusal):
        small.decides(request, flagged(MILO, flag))
    assert small.decisions(request) == 0


def test_a_person_outside_the_role_and_an_admin_do_not_decide(small: World) -> None:
    request = small.asks()
    for who in (OLE, ADA, person("U0LEFT")):
        with pytest.raises(NotInRole, match="manager"):
            small.decides(request, who)


def test_a_group_that_cannot_be_read_refuses(small: World) -> None:
    unread = Standing(person=MARA.person, unreadable=frozenset({"manager"}))
    with pytest.raises(RolesUnreadable):
        small.decides(small.asks(), unread)


def test_a_changed_digest_is_refused(world: World) -> None:
    with pytest.raises(OtherContent):
        world.decides(world.asks(), digest="0" * 64)


def test_a_denial_needs_a_reason_and_ends_it(world: World) -> None:
    request = world.asks()
    for reason in ("", "no", " " * 5, "x" * 501):
        with pytest.raises(ReasonNeeded):
            world.decides(request, deny=reason)

    assert world.decides(request, deny="not this month: *really* <!channel>").status == "denied"
    assert world.outbox.of("request_outcome")[-1].facts["mention"] == ["U0SAM"]
    assert world.card_facts(request)["buttons"] == []
    with pytest.raises(NotPending):
        world.decides(request, MILO)


def test_a_card_number_in_a_reason_is_refused_and_not_stored(small: World) -> None:
    request = small.asks()
    with pytest.raises(HoldsCardNumber):
        small.decides(request, deny="it is 4111 1111 1111 1111")
    with pytest.raises(HoldsCardNumber):
        small.asks(reason="for 4111111111111111")
    assert small.decisions(request) == 0


def test_the_very_instant_of_the_deadline_is_too_late(world: World) -> None:
    request = world.asks()
    world.now = request.decide_by

    with pytest.raises(Expired):
        world.decides(request)
    world.ticks()
    assert world.read(request).status == "expired"


def test_the_last_moment_before_the_deadline_counts(world: World) -> None:
    request = world.asks()
    world.now = request.decide_by
    world.passes(microseconds=-1)

    world.ticks()
    assert world.decides(request).status == "approved"


def test_an_approval_that_is_not_carried_out_lapses(world: World) -> None:
    request = world.approved()
    world.passes(minutes=30)
    world.ticks()

    assert world.read(request).status == "expired"
    assert world.outbox.of("request_outcome")[-1].facts["mention"] == ["U0SAM"]


def test_reminders_come_at_half_and_at_three_quarters(world: World) -> None:
    world.asks()
    counts = []
    for hours in (3.9, 0.2, 1.8, 0.2, 1):
        world.passes(hours=hours)
        world.ticks()
        world.ticks()
        counts.append(len(world.outbox.of("request_reminder")))

    assert counts == [0, 1, 1, 2, 2]


def test_a_time_that_was_slept_over_is_one_reminder(small: World) -> None:
    small.asks()
    small.passes(hours=7)
    small.ticks()
    small.ticks()

    assert len(small.outbox.of("request_reminder")) == 1


def test_only_the_requester_withdraws_and_only_while_pending(world: World) -> None:
    request = world.asks()
    with pytest.raises(NotYours):
        world.withdraws(request, MARA)

    assert world.withdraws(request).status == "withdrawn"
    with pytest.raises(NotPending):
        world.withdraws(request)


def test_whoever_changed_the_cardholder_today_does_not_decide(world: World) -> None:
    with world.database.writing() as session:
        change = CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=world.now)
        session.add(change)
    request = world.asks()

    with pytest.raises(ChangedCardholder):
        world.decides(request)
    assert world.decides(request, MILO).status == "approved"


def test_a_day_after_the_change_they_may_decide_again(small: World) -> None:
    with small.database.writing() as session:
        session.add(CardholderChange(id="c1", cardholder_id="H1", person_id="U0MARA", changed_at=small.now))
    small.passes(hours=24)

    assert small.decides(small.asks()).status == "approved"


def test_a_policy_tightened_in_between_needs_both_rules(world: World) -> None:
    request = world.asks()
    world.use(rules=(rule(quorum=2),))
    assert world.decides(request, MARA).status == "pending"
    assert world.decides(request, MILO).status == "approved"


def test_roles_taken_away_in_between_need_both_rules(small: World) -> None:
    request = small.asks()
    small.use(rules=(rule(approvers=["admin"]),))
    for who in (MARA, ADA):
        with pytest.raises(NotInRole):
            small.decides(request, who)
    small.use(rules=())
    with pytest.raises(NothingAllows):
        small.decides(request)


def test_a_policy_loosened_in_between_changes_nothing(small: World) -> None:
    small.use(rules=(rule(quorum=2),))
    request = small.asks()
    small.use(rules=(rule(quorum=1),))

    assert small.decides(request).status == "pending"


def test_a_gate_that_nobody_can_satisfy_is_refused(small: World) -> None:
    small.use(rules=(rule(quorum=3),))
    with pytest.raises(NobodyCanDecide, match="needs 3 approvals by manager, and only 2 people could"):
        small.asks()
    small.use(rules=(rule(approvers=["ghosts"]),))
    with pytest.raises(NobodyCanDecide, match="nobody could"):
        small.asks()


def test_the_requester_does_not_count_among_those_who_could(small: World) -> None:
    small.standings = {"U0BOTH": person("U0BOTH", "support", "manager")}
    with pytest.raises(NobodyCanDecide):
        small.asks(by=small.standings["U0BOTH"])


def test_nothing_matches_means_refused(small: World) -> None:
    small.use(rules=())
    with pytest.raises(NothingAllows):
        small.asks()


def test_a_second_open_request_names_the_first(world: World) -> None:
    first = world.asks()
    with pytest.raises(AlreadyOpen) as refusal:
        world.asks("20.00 EUR", again=True)
    assert first.phrase in str(refusal.value)
    assert "Sam" in str(refusal.value)


def test_the_same_again_within_ten_minutes_asks(world: World) -> None:
    world.withdraws(world.asks())
    world.passes(minutes=9)

    with pytest.raises(AskAgain):
        world.asks()
    world.withdraws(world.asks("11.00 EUR"))
    assert world.asks(again=True).status == "pending"


def test_after_ten_minutes_nobody_is_asked(small: World) -> None:
    small.withdraws(small.asks())
    small.passes(minutes=10)
    assert small.asks().status == "pending"


@pytest.mark.parametrize("status", ["4", "6", "7", "8", "10", "77"])
def test_a_card_that_cannot_be_used_is_refused_at_once(small: World, status: str) -> None:
    small.card = snapshot(status=status)
    with pytest.raises(CardUnusable):
        small.asks()


@pytest.mark.parametrize(
    "amount", ["0.00 EUR", "-1.00 EUR", "1.001 EUR", "1 XXX", "NaN EUR", "1e9 EUR", "EUR", ""]
)
def test_an_amount_that_is_none_is_refused(small: World, amount: str) -> None:
    with pytest.raises(Unfit):
        small.asks(amount)


def test_the_card_looked_up_must_be_the_one_asked_for(small: World) -> None:
    with pytest.raises(OtherCard):
        small.asks(card=snapshot(card_id="999"))


def test_only_support_asks(small: World) -> None:
    with pytest.raises(NotInRole, match="support"):
        small.asks(by=MARA)


def test_a_limit_refuses(world: World) -> None:
    world.use(limits=(limit(over="100.00 EUR"),))
    world.executes(world.approved("60.00 EUR"))

    with pytest.raises(LimitReached, match=r"to 100\.01 EUR; the limit is 100\.00 EUR"):
        world.asks("40.01 EUR")
    assert world.asks("40.00 EUR").status == "pending"


def test_a_limit_raises_the_quorum(world: World) -> None:
    world.use(limits=(limit(per="requester", over="100.00 EUR", then={"quorum": 2}),))
    first = world.asks("60.00 EUR")
    world.card = snapshot(card_id="222")
    second = world.asks("60.00 EUR")

    assert (first.quorum, second.quorum) == (1, 2)
    assert world.decides(first).status == "approved"
    assert world.decides(second).status == "pending"
    world.card = snapshot()
    assert world.executes(first).status == "executed"
    world.card = snapshot(card_id="222")
    world.decides(second, MILO)
    assert world.executes(second).status == "executed"


def test_a_sum_forgets_what_was_executed_before_the_window(small: World) -> None:
    small.use(limits=(limit(over="100.00 EUR"),))
    small.executes(small.approved("100.00 EUR"))
    small.passes(hours=24)
    assert small.asks("100.00 EUR").status == "pending"


def test_denied_and_withdrawn_requests_do_not_count(small: World) -> None:
    small.use(limits=(limit(over="100.00 EUR"),))
    small.decides(small.asks("100.00 EUR"), deny="no thanks")
    small.withdraws(small.asks("99.00 EUR"))
    assert small.asks("98.00 EUR").status == "pending"


def test_another_currency_does_not_walk_around_a_limit(small: World) -> None:
    small.use(limits=(limit(),))
    with pytest.raises(LimitReached):
        small.asks("1.00 USD")


def test_lists_are_what_waits_for_a_person(world: World) -> None:
    request = world.asks()
    assert world.waiting(MARA) == [request.id]
    assert world.waiting(SAM) == world.waiting(OLE) == []
    world.decides(request)
    assert world.waiting(MARA) == world.waiting(MILO) == []


def test_somebody_looking_is_told_in_the_thread(small: World) -> None:
    request = small.asks()
    with small.database.writing() as session:
        say_looking(
            session, small.desk, request_id=request.id, digest=request.digest, standing=MARA, now=small.now
        )
    with small.database.writing() as session, pytest.raises(NotInRole):
        say_looking(session, small.desk, request_id=request.id, digest=request.digest, standing=SAM, now=small.now)
    assert small.outbox.of("request_looking")[0].thread_of == f"request:{request.id}"


def test_a_refusal_is_audited(small: World) -> None:
    with small.database.writing() as session:
        record_refusal(
            session, small.desk, refusal=SelfApproval(), standing=SAM, subject="request:1", now=small.now
        )
    assert small.events() == ["approval:refused"]


def test_an_empty_policy_is_no_policy() -> None:
    assert Policy().rules == ()


def test_an_identity_map_that_learns_of_a_second_account_later_still_counts_one_person(small: World) -> None:
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


def test_the_time_to_decide_is_the_same_when_the_clocks_change(small: World) -> None:
    small.now = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("Europe/Vilnius"))
    request = small.read(small.asks())
    assert (request.decide_by - request.created_at) == timedelta(hours=8)
    small.now += timedelta(hours=7)  # on the wall; eight hours went by
    with pytest.raises(Expired):
        small.decides(request)
    small.now -= timedelta(minutes=1)
    assert small.decides(request).status == "approved"


def test_a_rule_that_was_deleted_leaves_its_history(small: World) -> None:
    request = small.executes(small.approved())
    small.use(rules=())
    assert small.card_facts(request)["rule"] == "top-ups"
    assert small.card_facts(request)["approvals"] == "1 of 1"
