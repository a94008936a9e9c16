"""The rest of 24 hours after a change of a cardholder, cardholders who are not known, and their review (KYC)."""

import pytest

from approvals.actions.outcomes import Outcome, Result
from approvals.actions.snapshot import Snapshot
from approvals.actions.usability import Unreviewed
from approvals.execution.execution import NotClaimed
from approvals.policy.cardholder_changes import CARDHOLDER_REST, find_known_holder
from approvals.policy.eligibility import ChangedCardholder, RequesterChangedCardholder
from approvals.tables import CardholderChange, Request
from tests.approvals.world import MARA, MILO, SAM, ApprovalWorld, person, rule, snapshot

PASSWORD = {"card_id": "1755902", "identified": "video"}
NOT_KNOWN = {"holder_id": "", "holder_name": "", "kyc": ""}


def changes(world: ApprovalWorld, by: str, *, holder: str = "H1") -> None:
    with world.database.writing() as session:
        change = CardholderChange(id=f"c{by}{holder}", cardholder_id=holder, person_id=by, changed_at=world.now)
        session.add(change)


def asks_for_password(world: ApprovalWorld, card: Snapshot) -> Request:
    world.use(rules=(rule(), rule(name="passwords", action="card.retrieve_password")))
    world.card = card
    return world.asks(action="card.retrieve_password", payload=PASSWORD)


def test_a14_the_requester_who_changed_the_cardholder_gets_no_password(world: ApprovalWorld) -> None:
    changes(world, "U0SAM")
    with pytest.raises(RequesterChangedCardholder):
        asks_for_password(world, snapshot())
    with pytest.raises(RequesterChangedCardholder):
        world.asks()  # nor money

    world.now += CARDHOLDER_REST
    assert asks_for_password(world, snapshot()).status == "pending"


def test_a14_nor_with_their_other_account(world: ApprovalWorld) -> None:
    changes(world, "U0SAM")
    world.members_by_account["U0SAM2"] = person("U0SAM2", "support")
    world.same(("U0SAM2", "U0SAM"))
    with pytest.raises(RequesterChangedCardholder):
        world.asks(by=world.members_by_account["U0SAM2"])


def test_a14_a_change_after_the_approval_is_noticed_at_the_claim(world: ApprovalWorld) -> None:
    request = world.decides(asks_for_password(world, snapshot()))
    changes(world, "U0SAM")

    outcome = world.claims(request)

    assert isinstance(outcome, NotClaimed)
    assert "changed the cardholder within the last 24 hours" in outcome.words
    assert world.read(request).status == "failed"


def test_a14_a_cardholder_who_is_not_known_counts_as_changed(world: ApprovalWorld) -> None:
    changes(world, "U0MARA", holder="H7")
    request = asks_for_password(world, snapshot(**NOT_KNOWN))

    notes = " ".join(world.message_facts(request)["unusual"])
    assert "doesn’t say whose card this is" in notes
    assert "U0MARA" in notes
    with pytest.raises(ChangedCardholder):
        world.decides(request, MARA)
    world.decides(request, MILO)
    changes(world, "U0MILO", holder="H8")
    assert isinstance(world.claims(request), NotClaimed)
    assert world.read(request).status == "pending", "his approval counts no more"


def test_a14_the_requester_who_changed_any_cardholder_does_not_ask_about_one_who_is_not_known(
    world: ApprovalWorld,
) -> None:
    changes(world, "U0SAM", holder="H7")
    with pytest.raises(RequesterChangedCardholder):
        asks_for_password(world, snapshot(**NOT_KNOWN))
    world.card = snapshot(**NOT_KNOWN)
    with pytest.raises(RequesterChangedCardholder):
        world.asks()


def test_a14_a_change_of_another_cardholder_keeps_nobody_from_a_known_one(small: ApprovalWorld) -> None:
    changes(small, "U0SAM", holder="H7")
    changes(small, "U0MARA", holder="H7")

    assert small.approved().status == "approved"


def test_a14_the_message_says_who_may_not_decide(small: ApprovalWorld) -> None:
    changes(small, "U0MARA")
    assert "U0MARA" in small.message_facts(small.asks())["unusual"][0]


def test_a14_the_holder_of_a_card_that_we_activated_is_known(world: ApprovalWorld) -> None:
    world.use(rules=(rule(), rule(name="activations", action="card.activate")))
    world.card = snapshot(status="4", holder_id="H9")
    request = world.asks(action="card.activate", payload={"card_id": "1755902", "holder_id": "H9"})
    with world.database.reading() as session:
        assert find_known_holder(session, "1755902") == ""
    work = world.work(world.decides(request))
    world.records(work, Outcome(result=Result.EXECUTED, words="done"))
    with world.database.reading() as session:
        assert find_known_holder(session, "1755902") == "H9"


@pytest.mark.parametrize("kyc", ["rejected", "pending", "under review", "data incomplete", "unknown (9)"])
def test_a16_without_an_approved_review_nothing_delicate_is_asked_for(small: ApprovalWorld, kyc: str) -> None:
    with pytest.raises(Unreviewed, match="KYC"):
        asks_for_password(small, snapshot(kyc=kyc))
    with pytest.raises(Unreviewed):
        small.asks()


@pytest.mark.parametrize("kyc", ["rejected", ""])
def test_a16_a_review_that_changed_since_ends_it_before_sending(world: ApprovalWorld, kyc: str) -> None:
    request = world.approved()
    world.card = snapshot(kyc=kyc)

    outcome = world.claims(request)

    assert isinstance(outcome, NotClaimed)
    assert f"KYC changed from approved to {kyc or 'not known'} since" in outcome.words
    assert world.read(request).status == "failed"
    assert world.paytend.calls == []


def test_a16_a_review_that_nobody_tells_is_told_to_approvers_and_noticed_when_it_is_bad(
    small: ApprovalWorld,
) -> None:
    small.card = snapshot(kyc="")
    request = small.asks()
    assert "KYC not available" in small.message_facts(request)["unusual"][0]
    small.decides(request)
    small.card = snapshot(kyc="rejected")

    outcome = small.claims(request)

    assert isinstance(outcome, NotClaimed)
    assert "changed from not known to rejected since the request" in outcome.words


def test_a16_what_is_not_delicate_does_not_look_at_the_review(small: ApprovalWorld) -> None:
    small.use(rules=(rule(name="found", action="card.found"),))
    small.card = snapshot(status="6", kyc="rejected")
    payload = {"card_id": "1755902"}
    assert small.asks(action="card.found", payload=payload, by=SAM).status == "pending"
