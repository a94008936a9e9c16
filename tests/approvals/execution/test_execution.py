"""Claim, do, record: at most one call, whatever happens between the steps."""

from datetime import timedelta

import pytest

from approvals.actions.outcomes import Outcome, Result
from approvals.execution import interrupted_executions
from approvals.execution.records import ExecutionLeaseLost
from approvals.requests.move import Overtaken
from paytend.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable
from tests.approvals.standins import CARD
from tests.approvals.world import ApprovalWorld, rule, snapshot


def test_an_approved_top_up_is_done_once_and_told(world: ApprovalWorld) -> None:
    request = world.approved()

    assert world.executes(request).status == "executed"
    assert world.paytend.books == {request.reference: 1}
    facts = world.message_facts(request)
    assert facts["status_words"] == "Completed"
    assert facts["done"]["provider_reference"] == "T77"
    outcome = world.outbox.of("request_outcome")[-1]
    assert (outcome.thread_of, outcome.facts["mention"]) == (f"request:{request.id}", ["U0SAM"])
    assert world.verified().is_intact


def test_approved_and_done_are_different_lines(small: ApprovalWorld) -> None:
    request = small.approved()
    facts = small.message_facts(request)
    assert facts["approved"]
    assert facts["done"] is None
    assert facts["status_words"] == "Approved – sending to Paytend"


def test_only_approved_requests_can_be_claimed(world: ApprovalWorld) -> None:
    request = world.asks()
    assert world.candidates() == []
    with pytest.raises(Overtaken):
        world.claims(request)


def test_a_candidate_names_whose_rights_are_read(small: ApprovalWorld) -> None:
    request = small.approved()
    (candidate,) = small.candidates()
    assert (candidate.request_id, candidate.subject, candidate.accounts) == (request.id, CARD, ("U0MARA",))


def test_f5_killed_between_approval_and_claim_another_worker_takes_it(world: ApprovalWorld) -> None:
    request = world.approved()
    assert world.candidates()[0].request_id == request.id
    assert world.executes(request).status == "executed"


def test_f6_killed_after_the_intent_nothing_is_sent_again(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    world.passes(minutes=3)
    world.ticks()

    assert world.read(request).status == "unknown"
    with pytest.raises(Overtaken):
        world.claims(request)
    world.gives_up()
    assert world.read(request).status == "unknown"
    assert world.paytend.calls.count("topup") == 0


def test_f7_killed_between_call_and_commit_the_lookup_finds_it(world: ApprovalWorld) -> None:
    request = world.approved()
    world.does(world.work(request))
    world.passes(minutes=3)
    world.ticks()
    world.passes(seconds=1)
    world.looks_up()

    assert world.read(request).status == "executed"
    assert world.paytend.calls.count("topup") == 1


@pytest.mark.parametrize("lost", [OutcomeUnknown("no answer"), ProtocolError()])
def test_f8_a_lost_answer_is_unknown_then_found_and_never_repeated(world: ApprovalWorld, lost: Exception) -> None:
    world.paytend.after = lost
    request = world.executes(world.approved())

    assert request.status == "unknown"
    assert "checking with Paytend" in world.message_facts(request)["status_words"]
    world.passes(seconds=1)
    world.looks_up()
    assert world.read(request).status == "executed"
    assert world.paytend.books == {request.reference: 1}
    assert world.paytend.calls.count("topup") == 1


def test_f9_executed_late_is_found_late(world: ApprovalWorld) -> None:
    world.paytend.before = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.passes(seconds=30)
    world.looks_up()
    assert world.read(request).status == "unknown"

    world.paytend.books[request.reference] = 1
    world.passes(seconds=60)
    world.looks_up()
    assert world.read(request).status == "executed"


@pytest.mark.parametrize(("signed", "status"), [(True, "failed"), (False, "unknown")])
def test_f11_a_refusal_is_failed_if_it_is_signed_and_paytend_has_no_such_order(
    world: ApprovalWorld, signed: bool, status: str
) -> None:
    world.paytend.before = Refused(code="51", reason="no funds", verified=signed)
    request = world.executes(world.approved())
    assert request.status == "unknown"
    for _ in range(10):
        world.passes(minutes=1)
        world.looks_up()
    assert world.read(request).status == status


@pytest.mark.parametrize(
    ("status", "result"), [("2", "unknown"), ("3", "unknown"), ("9", "unknown"), ("", "unknown")]
)
def test_paytends_status_decides_what_is_believed(small: ApprovalWorld, status: str, result: str) -> None:
    small.paytend.status = status
    assert small.executes(small.approved()).status == result


def test_f12_a_lookup_that_fails_for_an_hour_alerts_after_five_minutes(world: ApprovalWorld) -> None:
    world.paytend.after = OutcomeUnknown("no answer")
    request = world.executes(world.approved())
    world.paytend.lookup = Unreachable("down")
    for _ in range(240):
        world.passes(seconds=15)
        world.looks_up()

    assert world.read(request).status == "unknown"
    (alert,) = world.outbox.of("request_unknown")
    assert alert.broadcast
    assert world.paytend.calls.count("getTopupResult") < 20
    world.paytend.lookup = None
    world.passes(hours=1)
    world.looks_up()
    assert world.read(request).status == "executed"
    assert world.paytend.calls.count("topup") == 1


def test_f13_never_sent_returns_to_approved_and_is_tried_again(world: ApprovalWorld) -> None:
    world.paytend.before = Unreachable("refused")
    request = world.approved()
    assert world.executes(request).status == "approved"
    assert world.candidates() == []

    world.passes(seconds=2)
    world.paytend.before = None
    assert world.candidates()[0].request_id == request.id
    assert world.executes(request).status == "executed"
    assert world.execution(request).attempts == 2


def test_never_sent_until_the_end_expires(small: ApprovalWorld) -> None:
    small.paytend.before = Unreachable("refused")
    request = small.approved()
    small.executes(request)
    small.passes(minutes=31)
    small.ticks()
    assert small.read(request).status == "expired"
    assert small.paytend.books == {}


def test_f14_a_sleeper_gives_up_before_the_send_and_is_fenced_off(world: ApprovalWorld) -> None:
    request = world.approved()
    work = world.work(request)
    world.passes(minutes=4)
    world.ticks()

    outcome = world.does(work)
    assert (outcome.result, world.paytend.calls) == (Result.NEVER_SENT, [])
    with pytest.raises(ExecutionLeaseLost):
        world.records(work, outcome)
    assert world.read(request).status == "unknown"


def test_a_result_of_an_earlier_claim_is_fenced_off(world: ApprovalWorld) -> None:
    world.paytend.before = Unreachable("refused")
    request = world.approved()
    first = world.work(request)
    world.records(first, world.does(first))
    world.passes(seconds=5)
    world.work(request)

    with pytest.raises(ExecutionLeaseLost):
        world.records(first, Outcome(result=Result.EXECUTED, words="late"))


def test_the_second_claim_of_the_same_request_is_overtaken(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    with pytest.raises(Overtaken):
        world.claims(request)


def test_at_start_whatever_is_executing_becomes_unknown(small: ApprovalWorld) -> None:
    request = small.approved()
    small.work(request)
    with small.database.writing() as session:
        assert interrupted_executions.mark_left_behind(session, small.context, now=small.now) == 1
    assert small.read(request).status == "unknown"


def test_another_action_takes_the_same_way(world: ApprovalWorld) -> None:
    world.use(rules=(rule(action="card.found", name="found"),))
    world.card = snapshot(status="6")
    request = world.asks(action="card.found", payload={"card_id": CARD})
    world.decides(request)

    assert world.executes(request).status == "executed"
    assert world.paytend.card_status == "5"
    assert world.message_facts(request)["money"] is None


def test_a_clock_that_jumps_back_neither_expires_nor_sends_twice(small: ApprovalWorld) -> None:
    request = small.approved()
    work = small.work(request)
    small.now -= timedelta(minutes=10)
    small.ticks()
    assert small.read(request).status == "executing"
    small.records(work, small.does(work))
    assert small.paytend.books == {request.reference: 1}


def test_at_the_very_end_of_its_time_nothing_can_be_claimed(small: ApprovalWorld) -> None:
    request = small.approved()
    assert request.execute_by is not None
    small.now = request.execute_by

    assert small.candidates() == []
