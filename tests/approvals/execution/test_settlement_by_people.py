"""Two people say what Paytend cannot say."""

import pytest
from sqlalchemy.exc import IntegrityError

from approvals.execution.rights_recheck import RightsUnreadable
from approvals.execution.settlement_by_people import AlreadySaid, NotUnknown, RequesterSettles, StillAsking
from approvals.free_text import ReasonNeeded
from approvals.policy.people import Member, NotInRole
from approvals.requests.decision_validity import OtherContent
from approvals.tables import Request
from paytend.errors import OutcomeUnknown
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, ApprovalWorld, flagged, person


def _lost(world: ApprovalWorld) -> Request:
    world.paytend.before = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.gives_up()
    return request


def test_two_people_settle_that_it_did_not_happen(world: ApprovalWorld) -> None:
    request = _lost(world)
    assert world.message_facts(request)["buttons"] == ["request_settle_happened", "request_settle_not"]

    assert world.settles(request, MARA, happened=False).status == "unknown"
    assert world.settles(request, ADA, happened=False).status == "failed"
    assert world.message_facts(request)["buttons"] == []
    world.paytend.before = None
    assert world.asks("30.00 EUR").status == "pending"


def test_two_people_settle_that_it_happened(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=True)
    assert world.settles(request, MILO, happened=True).status == "executed"
    assert "execution:settled_happened" in world.events()


def test_a_differing_word_is_told_and_settles_nothing(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=True)
    assert world.settles(request, MILO, happened=False).status == "unknown"
    assert world.outbox.of("request_settled")[-1].facts["differs"]

    assert world.settles(request, ADA, happened=True).status == "executed"


def test_one_person_is_not_two(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=True)
    with pytest.raises(AlreadySaid):
        world.settles(request, MARA, happened=True)
    with pytest.raises(AlreadySaid):
        world.settles(request, person("U0MARA2", "manager", identity="U0MARA"), happened=True)


def test_a6_whoever_changed_their_mind_replaces_nothing(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=False)
    for _ in range(3):
        with pytest.raises(AlreadySaid):
            world.settles(request, MARA, happened=True)
    assert world.settles(request, MILO, happened=True).status == "unknown"
    assert len(world.message_facts(request)["settlements"]) == 2


def test_a6_two_accounts_of_one_human_do_not_settle_alone(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.members_by_account["U0MARA2"] = person("U0MARA2", "manager")
    world.settles(request, MARA, happened=False)
    world.same(("U0MARA2", "U0MARA"))

    with pytest.raises(AlreadySaid):
        world.settles(request, world.members_by_account["U0MARA2"], happened=False)


def test_a6_two_words_are_one_when_their_people_turn_out_to_be_one(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.members_by_account["U0MARA2"] = person("U0MARA2", "manager")
    world.settles(request, MARA, happened=False)
    world.settles(request, world.members_by_account["U0MARA2"], happened=True)
    world.same(("U0MARA2", "U0MARA"))

    assert world.settles(request, MILO, happened=True).status == "unknown"
    assert world.settles(request, ADA, happened=True).status == "executed"


@pytest.mark.parametrize("now", [flagged(MARA, "is_deactivated"), person("U0MARA", "support")])
def test_a6_the_first_word_counts_no_more_when_its_person_lost_the_right(
    world: ApprovalWorld, now: Member
) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=False)
    world.members_by_account["U0MARA"] = now

    assert world.settles(request, MILO, happened=False).status == "unknown"
    assert "Mara" in world.outbox.of("request_settled")[-1].facts["lost"][0]
    assert world.settles(request, ADA, happened=False).status == "failed"


def test_a6_settling_waits_when_slack_does_not_say_who_the_first_is_now(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=False)
    world.members_by_account["U0MARA"] = Member(person=MARA.person, unreadable=frozenset({"manager", "admin"}))
    with pytest.raises(RightsUnreadable):
        world.settles(request, MILO, happened=False)
    del world.members_by_account["U0MARA"]
    with pytest.raises(RightsUnreadable):
        world.settles(request, MILO, happened=False)

    assert world.read(request).status == "unknown"
    assert len(world.message_facts(request)["settlements"]) == 1


def test_a6_whoever_turns_out_to_be_the_requester_settled_nothing(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=False)
    world.same(("U0MARA", "U0SAM"))

    assert world.settles(request, MILO, happened=False).status == "unknown"


def test_a6_the_database_keeps_one_word_of_a_person(world: ApprovalWorld) -> None:
    request = _lost(world)
    world.settles(request, MARA, happened=False)
    columns = "id, request_id, person_id, account, name, happened, reason, settled_at"
    for person_id, account in (("U0MARA", "U0MARA"), ("U0OTHER", "U0MARA"), ("U0MARA", "U0OTHER")):
        values = f"'new', '{request.id}', '{person_id}', '{account}', 'x', happened, reason, settled_at"
        with pytest.raises(IntegrityError), world.database.writing() as session:
            session.connection().exec_driver_sql(
                f"INSERT INTO approval_settlement ({columns}) SELECT {values} FROM approval_settlement"  # noqa: S608
            )


def test_the_requester_and_outsiders_settle_nothing(small: ApprovalWorld) -> None:
    request = _lost(small)
    with pytest.raises(RequesterSettles):
        small.settles(request, person("U0SAM", "manager", "admin"), happened=True)
    with pytest.raises(RequesterSettles):
        small.settles(request, person("U0SAM2", "manager", identity=SAM.person.id), happened=True)
    with pytest.raises(NotInRole):
        small.settles(request, OLE, happened=True)
    with pytest.raises(ReasonNeeded):
        small.settles(request, MARA, happened=True, reason="")


def test_the_requester_is_a_person_and_not_an_account(small: ApprovalWorld) -> None:
    asked_by = person("U0SAM2", "support", identity="U0FIRST")
    small.members_by_account["U0SAM2"] = asked_by
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.decides(small.asks(by=asked_by)))
    small.gives_up()

    with pytest.raises(RequesterSettles):  # another account of theirs
        small.settles(request, person("U0SAM3", "manager", identity="U0FIRST"), happened=True)
    with pytest.raises(RequesterSettles):  # the account that asked, after the identity map was changed
        small.settles(request, person("U0SAM2", "manager"), happened=True)


def test_nothing_is_settled_while_paytend_is_still_asked(small: ApprovalWorld) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.approved())
    with pytest.raises(StillAsking):
        small.settles(request, MARA, happened=True)
    assert small.message_facts(request)["buttons"] == []


def test_what_is_known_is_not_settled(small: ApprovalWorld) -> None:
    request = small.executes(small.approved())
    with pytest.raises(NotUnknown):
        small.settles(request, MARA, happened=False)
    request.digest = "0" * 64
    with pytest.raises(OtherContent):
        small.settles(request, MARA, happened=False)
