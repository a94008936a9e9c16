"""Every action and every move is clean in `cardops check`, and each invariant has what breaks it (A17)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from approvals.actions.known_codes import KnownCodes
from approvals.actions.outcomes import Outcome, Result
from approvals.actions.table import ACTIONS
from approvals.execution import after_restore
from approvals.requests.moves import MOVES
from approvals.tables import Request
from bot.database.engine import SqlDatabase
from bot.database.invariants import CheckContext, examine
from paytend.errors import OutcomeUnknown, Refused, Unreachable
from tests.approvals.actions.payloads import PAYLOADS
from tests.approvals.world import ADA, MARA, MILO, ApprovalWorld, rule, snapshot
from tests.bot.cli.test_check import alter

FINAL = KnownCodes(final_refusals=("51",))


def broken(world: ApprovalWorld) -> dict[str, tuple[str, ...]]:
    """What `cardops check` says is wrong, by invariant."""
    means = CheckContext(
        audit_key=world.context.audit_key, macs=world.context.macs, vault=world.context.vault, now=world.now
    )
    with world.database.reading() as session:
        checks = examine(session, means, report=lambda _number: None)
        return {check.name: check.broken for check in checks if check.broken}


@pytest.fixture
def world(database: SqlDatabase) -> ApprovalWorld:
    return ApprovalWorld(database=database)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("result", [Result.EXECUTED, Result.FAILED, Result.UNKNOWN, Result.NEVER_SENT])
def test_a17_every_action_has_a_clean_life(sqlite: SqlDatabase, action: str, result: Result) -> None:
    world = ApprovalWorld(database=sqlite)
    world.use(rules=(rule(action=action),))
    payload = PAYLOADS[action]
    status = {"card.activate": "4", "card.found": "6"}.get(action, "5")
    world.card = snapshot(subject=str(payload.get("card_id") or payload.get("holder_id") or payload["sku"]))
    world.card = world.card.model_copy(update={"card_id": world.card.subject, "status": status})
    if action == "card.replace":
        second = {"card_id": payload["new_card_id"], "status": "4", "holder_id": "H1"}
        world.card = snapshot(second=second)
    request = world.decides(world.asks(action=action, payload=payload))

    world.records(world.work(request), Outcome(result=result, words="said"))

    assert broken(world) == {}


def _asked(world: ApprovalWorld) -> Request:
    return world.asks("10.00 EUR")


def _lifts(world: ApprovalWorld) -> None:
    world.use(rules=(rule(name="alone", action="card.activate", lifted=True, approvers=[]),))
    world.card = snapshot(status="4")
    world.asks(action="card.activate", payload={"card_id": "1755902", "holder_id": "H1"})


def _expires(world: ApprovalWorld) -> None:
    world.asks()
    world.passes(days=2)
    world.ticks()


def _lapses(world: ApprovalWorld) -> None:
    world.approved()
    world.passes(days=2)
    world.ticks()


def _doubts(world: ApprovalWorld) -> None:
    request = world.approved()
    world.paytend.books[request.reference] = 1
    world.passes(days=2)
    world.ticks()


def _returns(world: ApprovalWorld) -> None:
    request = world.approved()
    world.members_by_account["U0MARA"] = replace(MARA, roles=frozenset({"support"}))
    world.claims(request)


def _refuses(world: ApprovalWorld) -> None:
    request = world.approved()
    world.card = snapshot(status="8")
    world.claims(request)


def _sends(world: ApprovalWorld, error: Exception) -> Request:
    world.paytend.before = error
    return world.executes(world.approved())


def _fails(world: ApprovalWorld) -> Request:
    world.context = replace(world.context, codes=FINAL)
    return _sends(world, Refused(code="51", reason="no", verified=True))


def _finds(world: ApprovalWorld, status: str) -> None:
    request = _sends(world, OutcomeUnknown("?"))
    world.paytend.books[request.reference], world.paytend.lookup_status = 1, status
    world.passes(seconds=5)
    world.looks_up()


def _settles(world: ApprovalWorld, *, happened: bool) -> Request:
    request = _sends(world, OutcomeUnknown("?"))
    world.paytend.lookup = Unreachable("away")
    world.gives_up()
    for who in (ADA, MILO):
        world.settles(request, who, happened=happened)
    return request


def _settles_again(world: ApprovalWorld, *, happened: bool) -> None:
    """Paytend says the opposite of what people settled, and they settle that."""
    request = _settles(world, happened=not happened)
    world.paytend.lookup, world.paytend.lookup_status = None, "1" if happened else "2"
    world.paytend.books[request.reference] = 1
    world.passes(minutes=5)
    assert world.watches() == 1
    assert broken(world) == {}
    for who in (ADA, MILO):
        world.settles(request, who, happened=happened)


def _restores(world: ApprovalWorld) -> None:
    world.approved()
    with world.database.writing() as session:
        after_restore.mark_open_requests(session, world.context, now=world.now)


LIVES: dict[str, Callable[[ApprovalWorld], object]] = {
    "approval:opened": _asked,
    "approval:approved": lambda world: world.approved(),
    "approval:lifted": _lifts,
    "approval:denied": lambda world: world.decides(world.asks(), deny="not agreed"),
    "approval:withdrawn": lambda world: world.withdraws(world.asks()),
    "approval:expired": _expires,
    "approval:returned": _returns,
    "approval:stopped": lambda world: world.stops(world.approved(), MARA),
    "approval:lapsed": _lapses,
    "execution:refused": _refuses,
    "execution:claimed": lambda world: world.work(world.approved()),
    "execution:not_sent": lambda world: _sends(world, Unreachable("away")),
    "execution:executed": lambda world: world.executes(world.approved()),
    "execution:failed": _fails,
    "execution:unknown": lambda world: _sends(world, OutcomeUnknown("?")),
    "execution:restored": _restores,
    "execution:doubted": _doubts,
    "execution:found_executed": lambda world: _finds(world, "1"),
    "execution:found_failed": lambda world: _finds(world, "2"),
    "execution:settled_happened": lambda world: _settles(world, happened=True),
    "execution:settled_not": lambda world: _settles(world, happened=False),
    "execution:resettled_happened": lambda world: _settles_again(world, happened=True),
    "execution:resettled_not": lambda world: _settles_again(world, happened=False),
}


def test_a17_there_is_a_life_for_each_move() -> None:
    assert set(LIVES) == {move.event for move in MOVES}


@pytest.mark.parametrize("event", LIVES)
def test_a17_every_move_has_a_clean_life(world: ApprovalWorld, event: str) -> None:
    LIVES[event](world)

    assert event in world.events()
    assert broken(world) == {}


def _executes(world: ApprovalWorld) -> object:
    return world.executes(world.approved())


# For each invariant a life, and what breaks the invariant afterwards. Some break more than one: a trail with a gap
# proves nothing of its requests either.
BREAKS: dict[str, tuple[Callable[[ApprovalWorld], object], str, int]] = {
    "what is executed has one execution": (_executes, "UPDATE approval_execution SET outcome = 'failed'", 1),
    "contents are kept until retention removes them": (_executes, "UPDATE approval_request SET payload = ''", 1),
    "nothing went on without its quorum": (_executes, "UPDATE approval_decision SET verdict = 'deny'", 2),
    "decisions are on their request's content, and by others": (
        _executes,
        "UPDATE approval_decision SET account = 'U0SAM'",
        2,
    ),
    "what is denied was denied by somebody": (
        LIVES["approval:denied"],
        "UPDATE approval_decision SET verdict = 'approve'",
        2,
    ),
    "nothing executes for over an hour": (
        LIVES["execution:claimed"],
        "UPDATE approval_execution SET claimed_at = '2026-01-01 00:00:00.000000'",
        1,
    ),
    "what is unknown is followed": (
        LIVES["execution:unknown"],
        "UPDATE approval_execution SET next_look_at = NULL",
        1,
    ),
    "requests are what the trail proves": (_executes, "UPDATE approval_decision SET name = 'Milo'", 1),
    "what the trail has is there, and nothing else": (
        _executes,
        (
            "INSERT INTO cardholder_change (id, cardholder_id, person_id, changed_at) "
            "VALUES ('made up', 'H1', 'U0SAM', '2026-11-20 09:00:00.000000')"
        ),
        1,
    ),
    "what Paytend contradicts is in the trail and in the rows": (
        _executes,
        "UPDATE approval_execution SET contradicted_at = finished_at",
        1,
    ),
    "the audit trail is unbroken": (
        _executes,
        "UPDATE audit_event SET actor = 'nobody' WHERE event = 'execution:claimed'",
        1,
    ),
    "stops and resumptions are genuine": (
        lambda world: world.stops_claims(),
        "UPDATE stop SET reason = 'another'",
        1,
    ),
    "every trigger is there, as it was made": (_executes, "", 1),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a17_each_invariant_is_found_broken(sqlite: SqlDatabase, name: str) -> None:
    world = ApprovalWorld(database=sqlite)
    live, statement, most = BREAKS[name]
    live(world)
    assert broken(world) == {}

    if statement:
        alter(world, statement)
    else:
        with sqlite.writing() as session:
            session.connection().execute(text("DROP TRIGGER cardops_decision_once_a_person"))

    found = broken(world)
    assert name in found
    assert len(found) <= most, found


def test_a17_there_is_a_break_for_each_invariant(sqlite: SqlDatabase) -> None:
    world = ApprovalWorld(database=sqlite, now=datetime.now(tz=UTC))
    means = CheckContext(
        audit_key=world.context.audit_key, macs=world.context.macs, vault=world.context.vault, now=world.now
    )
    with sqlite.reading() as session:
        assert [check.name for check in examine(session, means, report=lambda _number: None)] == list(BREAKS)
