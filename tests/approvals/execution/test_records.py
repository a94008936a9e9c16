"""What is written down of an execution: in its row, and in the trail."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import col, select

from approvals.actions.known_codes import KnownCodes
from approvals.actions.outcomes import Outcome, Result
from approvals.audit.quotes import digest_text
from approvals.execution.records import PAUSES, pause_after
from approvals.policy.cardholder_changes import find_recent_changes
from approvals.tables import AuditEvent, Execution, Request
from paytend.errors import OutcomeUnknown, Refused, Unreachable
from tests.approvals.actions.payloads import PAYLOADS
from tests.approvals.world import ADA, MARA, ApprovalWorld, rule, snapshot


def trail(world: ApprovalWorld, request: Request) -> dict[str, dict[str, Any]]:
    """The facts of each event about a request, the newest where there are several."""
    subject = f"request:{request.id}"
    with world.database.reading() as session:
        rows = session.exec(select(AuditEvent).where(AuditEvent.subject == subject).order_by(col(AuditEvent.seq)))
        return {row.event: {"actor": row.actor, **json.loads(row.facts)} for row in rows}


def test_what_was_done_is_written_down_with_what_paytend_said(small: ApprovalWorld) -> None:
    request = small.approved()
    claimed = small.now
    work = small.work(request)
    small.passes(seconds=2)
    from_claim = small.execution(request)
    assert (from_claim.attempts, from_claim.outcome, from_claim.looks) == (1, "", 0)
    assert from_claim.lease_until == claimed + small.context.lease
    assert work.send_before == claimed.timestamp() + small.context.send_within.total_seconds()

    small.records(work, small.does(work))
    execution = small.execution(request)
    assert (execution.outcome, execution.words) == ("executed", "Completed.")
    assert (execution.claimed_at, execution.sent_at, execution.finished_at) == (claimed, claimed, small.now)
    assert execution.provider_reference == "T77"
    assert json.loads(execution.answer)["tradeId"] == "T77"
    assert execution.next_look_at is None

    told = trail(small, request)["execution:executed"]
    assert (told["actor"], told["said"], told["status"]) == ("cardops", "done", "executed")
    assert told["words_digest"] == digest_text("Completed.")
    assert (told["provider_reference"], told["answer_digest"]) == (
        "T77",
        sha256(execution.answer.encode()).hexdigest(),
    )
    assert trail(small, request)["execution:claimed"]["lease"] == execution.lease


def test_a_final_refusal_is_written_down_as_failed(small: ApprovalWorld) -> None:
    small.context = replace(small.context, codes=KnownCodes(final_refusals=("51",)))
    small.paytend.before = Refused(code="51", reason="no funds", verified=True)
    request = small.executes(small.approved())
    execution = small.execution(request)

    assert (execution.outcome, execution.words) == ("failed", "no funds (Paytend 51)")
    assert json.loads(execution.answer) == {"code": "51"}
    assert execution.finished_at == small.now
    assert small.read(request).ended_at == small.now


def test_a_lost_answer_is_written_down_as_unknown_and_asked_about_a_second_later(small: ApprovalWorld) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.approved())
    execution = small.execution(request)

    assert (execution.outcome, execution.words, execution.looks) == ("unknown", "no answer", 0)
    assert (execution.sent_at, execution.unknown_since) == (small.now, small.now)
    assert execution.next_look_at == small.now + timedelta(seconds=1)
    assert execution.finished_at is None
    told = trail(small, request)["execution:unknown"]
    assert (told["actor"], told["said"], told["answer_digest"]) == ("cardops", "no answer, after it was sent", "")
    assert told["words_digest"] == digest_text("no answer")


def test_what_was_never_sent_is_tried_again_after_growing_pauses(small: ApprovalWorld) -> None:
    small.paytend.before = Unreachable("refused")
    request = small.approved()
    for attempt in (1, 2, 3):
        small.executes(request)
        execution = small.execution(request)
        assert (execution.attempts, execution.outcome, execution.words) == (attempt, "never_sent", "refused")
        assert execution.next_look_at == small.now + PAUSES[attempt]
        small.now = execution.next_look_at

    assert [found.request_id for found in small.candidates()] == [request.id]
    small.passes(microseconds=-1)
    assert small.candidates() == []


def test_a_second_claim_begins_anew(small: ApprovalWorld) -> None:
    small.paytend.before = Unreachable("refused")
    request = small.approved()
    first = small.work(request)
    small.records(first, small.does(first))
    small.passes(seconds=2)

    second = small.work(request)
    execution = small.execution(request)

    assert second.lease != first.lease
    assert (execution.lease, execution.outcome, execution.next_look_at) == (second.lease, "", None)
    assert (execution.claimed_at, execution.lease_until) == (small.now, small.now + small.context.lease)


def test_pauses_grow_to_an_hour_and_stay_there() -> None:
    seconds = [pause_after(tries).total_seconds() for tries in range(11)]

    assert seconds == [1, 2, 5, 10, 30, 60, 300, 900, 3600, 3600, 3600]


def test_lookups_are_counted_and_spread(small: ApprovalWorld) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.approved())
    small.paytend.lookup = Unreachable("down")
    for lookups in (1, 2, 3):
        small.passes(seconds=60)
        small.looks_up()
        execution = small.execution(request)
        assert (execution.looks, execution.words) == (lookups, "down")
        assert execution.next_look_at == small.now + PAUSES[lookups]


def test_a9_a_request_that_was_altered_goes_to_people_and_holds_up_no_other_lookup(small: ApprovalWorld) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    first = small.executes(small.approved())
    small.card = snapshot(card_id="2")
    second = small.executes(small.decides(small.asks(payload={"card_id": "2", "money": "5.00 EUR"})))
    with small.database.writing() as session:
        session.connection().exec_driver_sql("DROP TRIGGER cardops_request_payload_frozen")
        altered = "UPDATE approval_request SET payload = x'78' WHERE id = ?"
        session.connection().exec_driver_sql(altered, (first.id,))
    small.passes(seconds=2)

    assert [result.status.value for result in small.looks_up()] == ["not_found"]
    assert small.execution(second).looks == 1
    assert small.execution(first).next_look_at is None
    assert small.execution(first).gave_up_at == small.now


def test_people_are_called_once_after_five_minutes_with_the_roles_that_can_settle(small: ApprovalWorld) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.approved())
    small.paytend.lookup = Unreachable("down")
    small.passes(minutes=5, seconds=-1)
    small.looks_up()
    assert small.execution(request).gave_up_at is None
    assert small.outbox.of("request_unknown") == []

    small.passes(seconds=1)
    with small.database.writing() as session:
        session.get_one(Execution, request.id).next_look_at = small.now
    small.looks_up()
    gave_up = small.execution(request).gave_up_at
    assert gave_up == small.now, "the very instant counts"
    small.passes(hours=1)
    small.looks_up()

    [told] = small.outbox.of("request_unknown")
    assert told.facts["roles"] == ["manager", "admin"]
    assert told.facts["words"] == "down"
    assert told.broadcast
    assert trail(small, request)["execution:gave_up"]["words_digest"] == digest_text("down")
    assert small.execution(request).gave_up_at == gave_up


@pytest.mark.parametrize("happened", [True, False])
def test_each_word_and_the_end_are_in_the_trail(small: ApprovalWorld, happened: bool) -> None:
    small.paytend.before = OutcomeUnknown("no answer")
    request = small.executes(small.approved())
    small.gives_up()
    small.settles(request, MARA, happened=happened, reason=" seen in the portal ")

    word = trail(small, request)["execution:word_given"]
    assert (word["actor"], word["happened"], word["reason"]) == ("U0MARA", happened, "seen in the portal")
    [told] = small.outbox.of("request_settled")
    assert (told.facts["by"], told.facts["happened"], told.facts["reason"]) == (
        "U0MARA",
        happened,
        "seen in the portal",
    )
    assert (told.facts["count"], told.facts["differs"]) == ("1 of 2", False)

    small.settles(request, ADA, happened=happened)
    end = trail(small, request)["execution:settled_happened" if happened else "execution:settled_not"]
    assert end["actor"] == "U0ADA"
    words = "it happened" if happened else "it did not happen"
    assert end["why"] == f"Two people settled that {words}: seen in the portal"
    assert small.outbox.of("request_settled")[-1].facts["count"] == "2 of 2"
    assert small.execution(request).outcome == ("executed" if happened else "failed")


def test_what_was_left_executing_is_unknown_once_its_lease_is_over(small: ApprovalWorld) -> None:
    request = small.approved()
    small.work(request)
    small.passes(seconds=small.context.lease.total_seconds() - 1)
    small.ticks()
    assert small.read(request).status == "executing"

    small.passes(seconds=1)
    small.ticks()
    assert small.read(request).status == "unknown"
    assert "interrupted" in small.execution(request).words


def test_a_cardholder_change_whose_outcome_is_unknown_counts_as_one(small: ApprovalWorld) -> None:
    small.use(rules=(rule(action="cardholder.update"),))
    small.card = snapshot(subject="101982", holder_id="101982")
    request = small.asks(action="cardholder.update", payload=PAYLOADS["cardholder.update"])
    small.decides(request)
    small.records(small.work(request), Outcome(result=Result.UNKNOWN, words="no answer"))

    with small.database.reading() as session:
        assert find_recent_changes(
            session, action="cardholder.update", cardholder_id="101982", now=small.now
        ).ids == {"U0SAM"}
