"""Stop: nothing of the scope is claimed, everything else goes on, and two people resume it."""

import pytest

from approvals.actions.snapshot import SecondCard
from approvals.execution.execution import ClaimedExecution
from approvals.policy.people import Guest, NotInRole
from approvals.statuses import Status
from approvals.stops.resuming import NothingStopped, ResumesAlone
from approvals.stops.scope import StopKind, StopScope
from approvals.stops.standing import Stopped
from approvals.stops.stopping import STOPPERS, AlreadyStopped
from tests.approvals.standins import CARD
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, ApprovalWorld, flagged, person, rule, snapshot

TOP_UPS = StopScope(kind=StopKind.TOP_UPS)
ONE_CARD = StopScope(kind=StopKind.CARD, card_id=CARD)


def test_stop_keeps_what_is_approved_from_being_claimed(world: ApprovalWorld) -> None:
    request = world.approved()

    world.stops_claims()

    with pytest.raises(Stopped, match=r"Stopped by Mara: fraud suspected"):
        world.claims(request)
    assert world.read(request).status == Status.APPROVED
    assert world.paytend.calls == []


def test_what_was_claimed_before_the_stop_finishes(world: ApprovalWorld) -> None:
    request = world.approved()
    work = world.work(request)

    world.stops_claims()
    done = world.records(work, world.does(work))

    assert done.status == Status.EXECUTED


def test_people_go_on_deciding_while_everything_is_stopped(world: ApprovalWorld) -> None:
    world.stops_claims()

    request = world.decides(world.asks())

    assert request.status == Status.APPROVED
    assert world.message_facts(request)["stopped"][0]["reason"] == "fraud suspected"


@pytest.mark.parametrize("who", [MARA, OLE, ADA])
def test_managers_oncall_and_admins_stop_alone(small: ApprovalWorld, who) -> None:  # type: ignore[no-untyped-def]
    assert small.stops_claims(by=who).account == who.person.account


def test_others_do_not_stop(small: ApprovalWorld) -> None:
    with pytest.raises(NotInRole):
        small.stops_claims(by=SAM)
    with pytest.raises(Guest):
        small.stops_claims(by=flagged(MARA, "is_guest"))
    assert small.standing() == ()


def test_a_stop_of_one_card_stops_no_other(world: ApprovalWorld) -> None:
    stopped = world.approved()
    world.stops_claims(ONE_CARD)
    world.card = snapshot(card_id="1755903")
    other = world.approved()

    with pytest.raises(Stopped):
        world.claims(stopped)
    assert isinstance(world.claims(other), ClaimedExecution)


def test_a_stop_of_top_ups_covers_top_ups_alone() -> None:
    assert TOP_UPS.covers(action="card.top_up", cards=("1",))
    assert not TOP_UPS.covers(action="card.replace", cards=("1",))
    assert ONE_CARD.covers(action="card.replace", cards=("7", CARD))
    assert not ONE_CARD.covers(action="card.replace", cards=("7", "8"))


@pytest.mark.parametrize("scope", [StopScope(kind=StopKind.ALL), TOP_UPS, ONE_CARD])
def test_a_scope_is_read_as_it_was_stored(scope: StopScope) -> None:
    assert StopScope.read(scope.stored) == scope


@pytest.mark.parametrize("stored", ["", "nothing", "card:", "top_ups", "none"])
def test_a_scope_that_nobody_understands_covers_everything(stored: str) -> None:
    assert StopScope.read(stored).kind is StopKind.ALL


def test_two_people_resume_and_then_it_is_claimed(world: ApprovalWorld) -> None:
    request = world.approved()
    stop = world.stops_claims()

    assert world.resumes(stop, by=MARA).asked
    with pytest.raises(Stopped):
        world.claims(request)
    assert world.resumes(stop, by=OLE).resumed

    assert world.standing() == ()
    assert isinstance(world.claims(request), ClaimedExecution)
    assert world.events()[-4:] == ["stop:began", "stop:resume_asked", "stop:resumed", "execution:claimed"]


def test_nobody_resumes_alone(world: ApprovalWorld) -> None:
    stop = world.stops_claims()
    world.resumes(stop, by=MARA)

    with pytest.raises(ResumesAlone):
        world.resumes(stop, by=MARA)
    assert world.standing()


def test_two_accounts_of_one_person_do_not_resume(world: ApprovalWorld) -> None:
    stop = world.stops_claims(by=OLE)
    other = person("U0MARA2", "manager", identity="U0MARA")
    world.members_by_account["U0MARA2"] = other
    world.resumes(stop, by=MARA)

    with pytest.raises(ResumesAlone):
        world.resumes(stop, by=other)
    assert world.standing()


def test_accounts_that_were_joined_since_are_one_person(world: ApprovalWorld) -> None:
    stop = world.stops_claims(by=OLE)
    world.resumes(stop, by=MARA)
    # Since then the identity map names Mara and Milo as one; only the first speaker's profile knows both accounts.
    joined = world.joined(MARA, MILO)

    with pytest.raises(ResumesAlone):
        world.resumes(stop, by=joined)
    assert world.standing()


def test_the_word_of_somebody_who_lost_the_role_does_not_count(world: ApprovalWorld) -> None:
    stop = world.stops_claims(by=OLE)
    world.resumes(stop, by=MARA)
    world.members_by_account["U0MARA"] = person("U0MARA", "support")

    assert world.resumes(stop, by=MILO).resumed == []
    assert world.standing()


def test_a_word_of_yesterday_does_not_count(world: ApprovalWorld) -> None:
    stop = world.stops_claims(by=OLE)
    world.resumes(stop, by=MARA)
    world.passes(hours=1)

    assert world.resumes(stop, by=MILO).resumed == []
    assert world.resumes(stop, by=MARA).resumed


def test_resuming_needs_a_role(small: ApprovalWorld) -> None:
    stop = small.stops_claims()

    with pytest.raises(NotInRole):
        small.resumes(stop, by=SAM)


def test_resuming_ends_only_what_people_saw(world: ApprovalWorld) -> None:
    first = world.stops_claims()
    world.resumes(first, by=MARA)
    second = world.stops_claims(by=OLE, reason="keys leaked")
    world.resumes(first, by=MILO)

    assert [stop.id for stop in world.standing()] == [second.id]
    with pytest.raises(NothingStopped):
        world.resumes(first, by=ADA)


def test_the_same_person_does_not_stop_the_same_twice(small: ApprovalWorld) -> None:
    small.stops_claims()

    with pytest.raises(AlreadyStopped, match="fraud suspected"):
        small.stops_claims()
    small.stops_claims(TOP_UPS)
    small.stops_claims(by=MILO)
    assert len(small.standing()) == 3


def test_an_approved_request_lapses_in_its_time_and_nothing_is_sent(world: ApprovalWorld) -> None:
    request = world.approved()
    world.stops_claims()

    world.passes(minutes=31)
    world.ticks()

    assert world.read(request).status == Status.EXPIRED
    assert world.paytend.calls == ["getTopupResult"]


def test_the_roles_of_stoppers() -> None:
    assert STOPPERS == ("manager", "oncall", "admin")


def test_what_is_stopped_keeps_no_other_request_waiting(world: ApprovalWorld) -> None:
    for number in range(12):
        world.card = snapshot(card_id=f"S{number}")
        world.approved()
        world.stops_claims(StopScope(kind=StopKind.CARD, card_id=f"S{number}"))
    world.card = snapshot(card_id="FREE")
    free = world.approved()

    assert [candidate.request_id for candidate in world.candidates()] == [free.id]
    world.stops_claims(TOP_UPS)
    assert world.candidates() == []
    world.resume_all()
    world.stops_claims()
    assert world.candidates() == []


def test_of_a_replacement_either_card_is_stopped_and_no_other(world: ApprovalWorld) -> None:
    world.use(rules=(rule(action="card.replace"),))
    found = {}
    for old, new in (("A", "B"), ("C", "D")):
        world.card = snapshot(card_id=old, second=SecondCard(card_id=new, status="4"))
        payload = {"card_id": old, "new_card_id": new, "reason": ""}
        found[old] = world.decides(world.asks(action="card.replace", payload=payload)).id

    for card, others in (
        ("A", [found["C"]]),
        ("B", [found["C"]]),
        ("D", [found["A"]]),
        ("E", list(found.values())),
    ):
        world.stops_claims(StopScope(kind=StopKind.CARD, card_id=card))
        assert [candidate.request_id for candidate in world.candidates()] == others, card
        world.resume_all()
