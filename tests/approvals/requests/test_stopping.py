"""An approved request is stopped before it is carried out: by whom, until when, and against a claim."""

from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from approvals.free_text import ReasonNeeded
from approvals.policy.people import Member, NotInRole
from approvals.refusals import Refusal
from approvals.requests.decision_validity import NotStoppable, OtherContent
from approvals.requests.move import Overtaken
from tests.approvals.execution.test_races import Race
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, ApprovalWorld, flagged, person, snapshot

SOFIA = person("U0SOFIA", "support")


@pytest.mark.parametrize("by", [SAM, MARA, MILO, ADA])
def test_a12_the_requester_an_approver_or_an_admin_stops_it(world: ApprovalWorld, by: Member) -> None:
    request = world.stops(world.approved(), by, reason="the customer called again")

    assert (request.status, request.ended_at) == ("withdrawn", world.now)
    assert "the customer called again" in request.reason
    assert world.events()[-1] == "approval:stopped"
    facts = world.message_facts(request)
    assert (facts["buttons"], facts["approved"]["by"]) == ([], ["U0MARA"])
    assert "Stopped" in facts["status_words"]
    outcome = world.outbox.of("request_outcome")[-1].facts
    assert (outcome["event"], outcome["mention"]) == ("approval:stopped", ["U0SAM"])
    assert world.candidates() == []
    with pytest.raises(Overtaken):
        world.claims(request)
    assert world.paytend.calls == []
    assert world.asks("30.00 EUR").status == "pending"


def test_a12_the_requester_is_a_person_whichever_account_they_use(world: ApprovalWorld) -> None:
    request = world.approved()
    world.members_by_account["U0SAM2"] = person("U0SAM2")
    world.same(("U0SAM2", "U0SAM"))

    assert world.stops(request, world.members_by_account["U0SAM2"]).status == "withdrawn"


@pytest.mark.parametrize("by", [SOFIA, OLE, person("U0NOBODY")])
def test_a12_nobody_else_stops_it(small: ApprovalWorld, by: Member) -> None:
    request = small.approved()
    with pytest.raises(NotInRole):
        small.stops(request, by)
    for flag in ("is_guest", "is_stranger", "is_deactivated", "is_bot"):
        with pytest.raises(Refusal):
            small.stops(request, flagged(SAM, flag))

    assert small.read(request).status == "approved"


def test_a12_only_what_is_approved_is_stopped_with_a_reason_and_for_what_was_seen(small: ApprovalWorld) -> None:
    request = small.asks()
    with pytest.raises(NotStoppable):
        small.stops(request, SAM)
    small.decides(request)
    for reason in ("", "no", "   "):
        with pytest.raises(ReasonNeeded):
            small.stops(request, SAM, reason=reason)
    seen = small.read(request)
    seen.digest = "0" * 64
    with pytest.raises(OtherContent):
        small.stops(seen, SAM)
    small.executes(request)
    with pytest.raises(NotStoppable):
        small.stops(request, SAM)


def test_a12_what_is_stopped_counts_against_no_limit(small: ApprovalWorld) -> None:
    small.stops(small.approved("900.00 EUR"), SAM)

    assert small.message_facts(small.asks("30.00 EUR"))["money"]["day"] == "30.00 EUR"


@pytest.mark.parametrize("rounds", [4, pytest.param(40, marks=pytest.mark.soak)])
def test_a12_a_stop_and_a_claim_at_the_same_time_have_one_end(world: ApprovalWorld, rounds: int) -> None:
    for number in range(rounds):
        world.card = snapshot(card_id=f"S{number}", holder_id=f"H{number}")
        request, race = world.approved(), Race()
        race.run([partial(world.claims, request), partial(world.stops, request, SAM)])

        assert (len(race.results), len(race.refusals)) == (1, 1)
        assert world.read(request).status in ("executing", "withdrawn")


def test_a12_the_database_wants_a_reason_too(world: ApprovalWorld) -> None:
    world.approved()
    statement = "UPDATE approval_request SET status = 'withdrawn', version = version + 1, reason = :reason"
    with pytest.raises(IntegrityError), world.database.writing() as session:
        session.connection().execute(text(statement), {"reason": " "})
