"""Requests whose sealed content cannot be read end or wait in words, and stop no others (cases A9, A10)."""

from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from approvals.actions.outcomes import LookupStatus
from approvals.context import ApprovalContext
from approvals.execution import reconciliation
from approvals.requests.stored import Altered
from approvals.tables import Execution, Request
from bot.jobs.follow_up import RequestFollowUp
from paytend.errors import OutcomeUnknown
from paytend.operations.encoding import NotSendable
from storage.vault import Vault
from tests.approvals.standins import RecordingOutbox
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, snapshot


def loses_key(world: ApprovalWorld) -> None:
    """From now on nothing that was sealed before can be opened."""
    known: dict[str, Any] = {field.name: getattr(world.context, field.name) for field in fields(ApprovalContext)}
    vault = Vault([b"o" * 32], random_bytes=lambda count: b"n" * count)
    world.context = ApprovalContext(**{**known, "vault": vault})


def unknown(world: ApprovalWorld, *, card: str = "1755902") -> Request:
    world.card = snapshot(card_id=card)
    world.paytend.before = OutcomeUnknown("no answer")
    return world.executes(world.approved())


def execution_of(world: ApprovalWorld, request: Request) -> Execution:
    with world.database.reading() as session:
        return session.get_one(Execution, request.id)


def test_a9_an_unknown_that_cannot_be_read_gives_up_at_once_and_people_settle_it(world: ApprovalWorld) -> None:
    request = unknown(world)
    loses_key(world)
    world.passes(seconds=2)

    assert world.looks_up() == []

    told = world.outbox.of("request_unknown")[-1]
    words = str(told.facts["words"])
    assert told.broadcast
    assert words.startswith("What was asked for cannot be read any more, so Paytend is not asked")
    assert words.endswith(f"what the trail says: card.top_up, 10.00 EUR, 1755902, reference {request.reference}.")
    assert world.message_facts(request)["buttons"] == ["request_settle_happened", "request_settle_not"]
    assert execution_of(world, request).next_look_at is None

    world.passes(days=3)
    assert world.looks_up() == []
    assert len(world.outbox.of("request_unknown")) == 1, "people are called once"
    world.settles(request, MARA, happened=False)
    assert world.settles(request, ADA, happened=False).status == "failed"
    world.card = snapshot()
    assert world.asks("30.00 EUR").status == "pending", "the card is free again"
    assert world.verified().is_intact


def test_a9_one_that_was_given_up_before_asks_people_no_second_time(world: ApprovalWorld) -> None:
    request = unknown(world)
    world.paytend.lookup = OutcomeUnknown("no answer")
    world.gives_up()
    assert len(world.outbox.of("request_unknown")) == 1
    loses_key(world)
    world.passes(hours=2)
    world.looks_up()

    assert len(world.outbox.of("request_unknown")) == 1
    assert execution_of(world, request).next_look_at is None


def test_a9_an_approved_one_that_cannot_be_read_ends_with_words(world: ApprovalWorld) -> None:
    request = world.approved()
    loses_key(world)

    world.claims(request)

    with world.database.reading() as session:
        ended = session.get_one(Request, request.id)
    assert ended.status == "failed"
    assert ended.reason == f"Stopped before sending: {Altered()}"
    assert world.paytend.calls == []


def test_a9_a_pending_one_that_cannot_be_read_is_refused_withdrawn_and_expires(world: ApprovalWorld) -> None:
    request = world.asks()
    world.card = snapshot(card_id="1755903")
    other = world.asks()
    loses_key(world)
    with pytest.raises(Altered):
        world.decides(request, MILO)

    assert world.withdraws(request).status == "withdrawn"
    world.passes(days=2)
    world.ticks()
    with world.database.reading() as session:
        assert session.get_one(Request, other.id).status == "expired"


def break_row(world: ApprovalWorld, request: Request) -> None:
    """Make a row unreadable as no seal does: its rule, too, is not what we wrote."""
    with world.database.writing() as session:
        connection = session.connection()
        if world.database.is_sqlite:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'approval_request'")
            )
            for (name,) in names.all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE approval_request SET rule = '{' WHERE id = :id"), {"id": request.id})


class OutboxThatBreaks(RecordingOutbox):
    """An outbox that breaks for one request as nobody thought of."""

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id

    def edit(self, session: Session, *, key: str, **more: Any) -> int:
        if self.request_id in key:
            raise ValueError("nobody thought of this")
        return super().edit(session, key=key, **more)


def test_a10_a_row_that_breaks_stops_neither_deadlines_nor_lookups(world: ApprovalWorld) -> None:
    world.card = snapshot(card_id="1755906")
    broken = world.asks()
    world.card = snapshot(card_id="1755903")
    waiting = world.asks()
    lost = unknown(world, card="1755904")
    second = unknown(world)
    break_row(world, lost)
    fields_of = {field.name: getattr(world.context, field.name) for field in fields(ApprovalContext)}
    world.context = ApprovalContext(**{**fields_of, "outbox": OutboxThatBreaks(broken.id)})
    world.paytend.books[second.reference] = 1
    world.passes(days=2)

    world.ticks()
    RequestFollowUp(
        database=world.database,
        context=world.context,
        paytend=world.paytend,  # type: ignore[arg-type]  # a sender
        now_in=lambda _session: world.now,
        watch=world.watch,
        absences=world.absences,
        wake_deliverer=lambda: None,
    ).reconcile_due()

    with world.database.reading() as session:
        status = {row.id: row.status for row in session.exec(select(Request))}
    assert status[waiting.id] == "expired"
    assert status[second.id] == "executed"
    assert status[broken.id] == "pending"
    assert status[lost.id] == "unknown"


def test_a10_an_odd_answer_is_asked_for_again_and_does_not_stop_the_others(world: ApprovalWorld) -> None:
    odd, good = unknown(world, card="1755904"), unknown(world)
    world.paytend.books[good.reference] = 1
    world.passes(minutes=1)
    asked = 0

    class OddPaytend:
        def send(self, call: Any) -> Any:
            nonlocal asked
            if call.values["reference"] == odd.reference:
                asked += 1
                raise ZeroDivisionError
            return world.paytend.send(call)

    follow_up = RequestFollowUp(
        database=world.database,
        context=world.context,
        paytend=OddPaytend(),  # type: ignore[arg-type]  # a sender
        now_in=lambda _session: world.now,
        watch=world.watch,
        absences=world.absences,
        wake_deliverer=lambda: None,
    )
    for _ in range(3):
        follow_up.reconcile_due()
        world.passes(minutes=3)

    with world.database.reading() as session:
        assert session.get_one(Request, good.id).status == "executed"
    assert asked == 3
    assert execution_of(world, odd).words == "Paytend's answer could not be read; the bot's log has more."
    assert execution_of(world, odd).gave_up_at is not None


def test_a9_what_cannot_be_sent_any_more_is_an_unreadable_lookup(small: ApprovalWorld) -> None:
    unknown(small)
    small.passes(seconds=2)
    with small.database.writing() as session:
        (claim,) = reconciliation.claim_due(session, small.context, now=small.now)

    class Picky:
        def send(self, call: Any) -> Any:
            raise NotSendable("an id is too long")

    found = reconciliation.ask(claim, Picky())
    assert (found.status, found.words) == (LookupStatus.UNREADABLE, "Paytend was not asked: an id is too long")
