"""Contents never enter the trail (A22): what Paytend says stays in rows, from which retention removes it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from approvals.actions.known_codes import KnownCodes
from approvals.audit import chain
from approvals.audit.quotes import digest_text, keep_code
from approvals.execution import orders, postponements
from approvals.refusals import Refusal
from approvals.tables import AuditEvent, Request
from bot.database import retention
from bot.database.engine import SqlDatabase
from paytend.errors import OutcomeUnknown, PaytendError, Refused, Unreachable
from paytend.models import CardOrder
from paytend.money import AmountUnit
from tests.approvals.execution.test_orders import Courier, ordered
from tests.approvals.world import ADA, MILO, ApprovalWorld, make_context, snapshot

CANARY = "Anna Kern of 5 Oak Lane"


class OddRefusal(Refusal):
    """Paytend's answer was {answer}."""


def _fails(world: ApprovalWorld, error: PaytendError) -> Request:
    world.paytend.before = error
    return world.executes(world.approved())


def _refused(world: ApprovalWorld) -> Request:
    world.context = make_context(codes=KnownCodes(final_refusals=("51",)))
    return _fails(world, Refused(code="51", reason=CANARY, verified=True))


def _unknown(world: ApprovalWorld) -> Request:
    return _fails(world, OutcomeUnknown(CANARY))


def _not_sent(world: ApprovalWorld) -> Request:
    return _fails(world, Unreachable(CANARY))


def _gave_up(world: ApprovalWorld) -> Request:
    request = _unknown(world)
    world.paytend.lookup = Refused(code=CANARY, reason=CANARY, verified=True)
    world.gives_up()
    return request


def _other_content(world: ApprovalWorld) -> Request:
    """Paytend answers later about another reference: an alarm."""
    request = _unknown(world)
    world.paytend.lookup_says = {"cardId": CANARY}
    world.paytend.books[request.reference] = 1
    world.gives_up()
    return request


def _contradicted(world: ApprovalWorld) -> Request:
    request = _refused(world)
    world.paytend.books[request.reference] = 1
    world.passes(minutes=2)
    world.watches()
    return request


def _changed(world: ApprovalWorld) -> Request:
    request = world.approved()
    world.card = snapshot(kyc=CANARY, status=CANARY)
    world.claims(request)
    return request


def _put_off(world: ApprovalWorld, error: Exception, *, times: int) -> Request:
    request = world.approved()
    for _ in range(times):
        with world.database.writing() as session:
            postponements.put_off(session, world.context, request_id=request.id, error=error, now=world.now)
    return request


def _no_such_card(world: ApprovalWorld) -> Request:
    return _put_off(world, Refused(code="7", reason=f"no such card {CANARY}", verified=True), times=1)


def _lapsed(world: ApprovalWorld) -> Request:
    request = _put_off(world, Refused(code="7", reason=CANARY, verified=True), times=1)
    world.passes(days=2)
    world.ticks()
    return request


def _ordered(world: ApprovalWorld) -> Request:
    request = ordered(world, Courier())
    answer = {"orderNo": request.reference, "applyStatus": "2", "errMsg": CANARY}
    order = CardOrder.decode(answer, unit=AmountUnit.MINOR)
    with world.database.writing() as session:
        orders.record(session, world.context, order=order, now=world.now)
    return request


STORIES: dict[str, tuple[Callable[[ApprovalWorld], Request], str]] = {
    "refused": (_refused, "execution:failed"),
    "unknown": (_unknown, "execution:unknown"),
    "not sent": (_not_sent, "execution:not_sent"),
    "people are called": (_gave_up, "execution:gave_up"),
    "another order": (_other_content, "execution:alarmed"),
    "contradicted": (_contradicted, "execution:contradicted"),
    "card has changed": (_changed, "execution:refused"),
    "no such card": (_no_such_card, "execution:refused"),
    "lapsed": (_lapsed, "approval:lapsed"),
    "order": (_ordered, "order:result"),
}


def _facts(world: ApprovalWorld, event: str) -> dict[str, Any]:
    with world.database.reading() as session:
        row = session.exec(
            select(AuditEvent).where(AuditEvent.event == event).order_by(col(AuditEvent.seq).desc())
        ).first()
    assert row is not None, world.events()
    found: dict[str, Any] = json.loads(row.facts)
    return found


def _places(database: SqlDatabase, words: str) -> set[str]:
    """The columns of all tables in which the words stand unsealed."""
    found = set()
    with database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.connection().execute(table.select()).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if words in str(value)}
    return found


@pytest.mark.parametrize("story", STORIES)
def test_a22_what_paytend_says_is_no_part_of_the_trail(small: ApprovalWorld, story: str) -> None:
    play, event = STORIES[story]
    play(small)

    facts = _facts(small, event)
    assert {place for place in _places(small.database, CANARY) if place.startswith("audit_event")} == set()
    assert len(facts["words_digest"]) == 64


def test_a22_the_trail_has_the_kind_of_answer_the_code_and_a_digest_of_the_words(small: ApprovalWorld) -> None:
    request = _refused(small)

    facts, words = _facts(small, "execution:failed"), small.execution(request).words
    assert words == f"{CANARY} (Paytend 51)"
    assert (facts["said"], facts["code"]) == ("a signed refusal with a code of `final_refusals`", "51")
    assert facts["words_digest"] == digest_text(words)
    done = small.message_facts(request)["done"]
    assert done["why"] == words  # people still read it


@pytest.mark.parametrize("story", ["unknown", "another order", "card has changed", "no such card", "lapsed"])
def test_a22_retention_removes_the_words_from_the_rows(small: ApprovalWorld, story: str) -> None:
    _require_emptied(small, STORIES[story][0](small))


def test_a22_the_guards_of_both_databases_let_them_go(database: SqlDatabase) -> None:
    world = ApprovalWorld(database=database)
    _require_emptied(world, _refused(world))


def _require_emptied(world: ApprovalWorld, request: Request) -> None:
    assert _places(world.database, CANARY) & {"approval_request.reason", "approval_execution.words"}
    if world.read(request).status == "unknown":
        world.gives_up()
        for who in (ADA, MILO):
            world.settles(request, who, happened=True)
    world.passes(days=60)
    key = world.context.audit_key

    list(retention.run(world.database, days=1, key=key, actor="cardops", now=lambda: world.now))

    assert _places(world.database, CANARY) == set()
    assert world.message_facts(request)["status"] == world.read(request).status  # it is still shown
    assert world.verified().open_breaks == ()


def test_a22_reasons_of_people_stay(small: ApprovalWorld) -> None:
    request = small.decides(small.asks(), deny="not agreed")
    small.passes(days=60)
    list(retention.run(small.database, days=1, key=small.context.audit_key, actor="x", now=lambda: small.now))

    assert small.read(request).reason == "Denied by Mara: not agreed"
    assert _facts(small, "approval:denied")["reason"] == "not agreed"


def test_a22_a_refusal_is_noted_without_what_fills_its_holes(small: ApprovalWorld) -> None:
    refusal = OddRefusal(answer=CANARY)
    with small.database.writing() as session:
        chain.append_refusal(
            session, refusal, key=small.context.audit_key, actor="U0SAM", subject="x", now=small.now
        )

    assert _facts(small, "approval:refused") == {
        "refusal": "OddRefusal",
        "sentence": "Paytend's answer was {answer}.",
        "words_digest": digest_text(str(refusal)),
    }


@pytest.mark.parametrize("code", ["51", "2201", "E-17.b", ""])
def test_a22_a_code_stays_as_it_is(code: str) -> None:
    assert keep_code(code) == code


@pytest.mark.parametrize("code", [CANARY, "x" * 17, "12 34", "4242\n"])
def test_a22_what_is_no_code_is_a_digest(code: str) -> None:
    assert keep_code(code).startswith("sha256:")
    assert code.strip() not in keep_code(code)
