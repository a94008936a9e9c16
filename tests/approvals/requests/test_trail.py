"""What the trail keeps of a request from the asking to its end."""

import json
from typing import Any

import pytest
from sqlmodel import col, select

from approvals.free_text import HoldsCardNumber
from approvals.refusals import Refusal
from approvals.requests import decisions, stored
from approvals.requests.stored import UnknownRequest
from approvals.statuses import Verdict
from approvals.tables import AuditEvent, Request
from tests.approvals.world import MARA, MILO, ApprovalWorld, rule


def trail(world: ApprovalWorld, request: Request) -> list[tuple[str, str, dict[str, Any]]]:
    subject = f"request:{request.id}"
    with world.database.reading() as session:
        rows = session.exec(select(AuditEvent).where(AuditEvent.subject == subject).order_by(col(AuditEvent.seq)))
        return [(row.event, row.actor, json.loads(row.facts)) for row in rows]


def test_each_step_is_kept_with_who_made_it_and_what_they_had_before_them(small: ApprovalWorld) -> None:
    small.use(rules=(rule(quorum=2),))
    request = small.asks()
    small.decides(request, MARA)
    small.decides(request, MILO)
    opened, counted, approved = trail(small, request)

    assert opened == (
        "approval:opened",
        "U0SAM",
        {
            "status": "pending",
            "digest": request.digest,
            "version": 1,
            "action": "card.top_up",
            "subject": "1755902",
            "rule": "top-ups",
            "money": "10.00 EUR",
            "request": request.mac,
        },
    )
    decision = {"verdict": "approve", "reason": ""}
    with small.database.reading() as session:
        macs = {row.person_id: row.mac for row in stored.find_decisions(session, request.id)}
    assert counted == (
        "approval:counted",
        "U0MARA",
        {
            "status": "pending",
            "digest": request.digest,
            "version": 1,
            "by": "U0MARA",
            "person": "U0MARA",
            "decision": macs["U0MARA"],
            "count": "1 of 2",
            **decision,
        },
    )
    assert approved == (
        "approval:approved",
        "U0MILO",
        {
            "status": "approved",
            "digest": request.digest,
            "version": 2,
            "why": "Approved (2 of 2).",
            "by": "U0MILO",
            "person": "U0MILO",
            "decision": macs["U0MILO"],
            "count": "2 of 2",
            **decision,
        },
    )


def test_a_denial_and_a_withdrawal_are_kept_with_their_words(small: ApprovalWorld) -> None:
    denied = small.decides(small.asks(), deny=" not agreed ")
    event, actor, facts = trail(small, denied)[-1]
    assert (event, actor, facts["reason"]) == ("approval:denied", "U0MARA", "not agreed")
    assert (facts["verdict"], facts["why"], facts["count"]) == ("deny", "Denied by Mara: not agreed", "0 of 1")

    withdrawn = small.withdraws(small.asks("20.00 EUR"))
    event, actor, facts = trail(small, withdrawn)[-1]
    assert (event, actor, facts["why"]) == ("approval:withdrawn", "U0SAM", "Withdrawn by Sam.")
    assert facts["status"] == "withdrawn"


def test_a_card_number_beside_an_approval_is_refused_too(small: ApprovalWorld) -> None:
    request = small.asks()

    with pytest.raises(HoldsCardNumber), small.database.writing() as session:
        decisions.decide(
            session,
            small.context,
            request_id=request.id,
            digest=request.digest,
            verdict=Verdict.APPROVE,
            member=MARA,
            reason="4111 1111 1111 1111",
            now=small.now,
        )
    assert small.decisions(request) == 0


def test_a_request_that_there_is_not_is_refused(small: ApprovalWorld) -> None:
    request = small.asks()
    with small.database.reading() as session:
        for find in (stored.find, stored.find_named):
            with pytest.raises(UnknownRequest):
                find(session, "no such id")
        assert stored.find(session, request.id).id == request.id
        assert stored.find_named(session, request.id.upper()).id == request.id
        assert stored.find_named(session, request.reference).id == request.id


def test_the_words_say_since_when_there_is_nothing_left_to_decide(small: ApprovalWorld) -> None:
    def words(request: Request) -> str:
        with pytest.raises(Refusal) as refusal:
            small.decides(request, MILO)
        return str(refusal.value)

    end = "."
    assert (
        words(small.withdraws(small.asks())) == f"This request is already withdrawn at 2026-11-20 09:00 UTC{end}"
    )
    denied = small.decides(small.asks("20.00 EUR"), deny="not agreed")
    assert words(denied) == f"This request is already denied by Mara at 2026-11-20 09:00 UTC{end}"
    approved = small.approved("30.00 EUR")
    assert words(approved) == f"This request is already approved by Mara at 2026-11-20 09:00 UTC{end}"
