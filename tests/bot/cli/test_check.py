"""`cardops check`: fine on a sound database, and each broken invariant is found."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from approvals.actions.outcomes import Outcome, Result
from approvals.audit import chain
from approvals.database_guards import trigger_sql
from approvals.requests.duplicates import MoneyBlocked
from approvals.requests.move import note
from approvals.tables import Request
from bot.database import retention
from bot.jobs.audit_head import KIND, AuditHead
from tests.approvals.actions.payloads import PAYLOADS
from tests.approvals.world import ADA, MILO, ApprovalWorld, rule, snapshot
from tests.bot.cli.conftest import Operator


def alter(world: ApprovalWorld, *statements: str) -> None:
    """Change rows past every guard, as the owner of the database can."""
    with world.database.writing() as session:
        connection = session.connection()
        if world.database.is_sqlite:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
            for name in list(names):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
        if world.database.is_sqlite:
            trigger_sql.install(connection)


def test_a_sound_database_is_fine(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    world.decides(world.asks("11.00 EUR"), deny="no reason at all")

    status, said, err = operator.types("check")

    assert status == 0
    assert said.count("ok ") == 13
    assert "request" not in err


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE approval_execution SET outcome = 'failed'"], "no execution says so"),
        (["UPDATE approval_request SET payload = ''"], "lost its content before its time"),
        (["UPDATE approval_request SET quorum = 2"], "without its quorum"),
        (["UPDATE approval_decision SET digest = 'x'"], "decision on other content"),
        (["UPDATE approval_decision SET person_id = 'U0SAM'"], "by its requester"),
        (["UPDATE approval_request SET status = 'denied'", "DELETE FROM approval_decision"], "denied by nobody"),
        (
            [
                "UPDATE approval_request SET status = 'unknown'",
                "UPDATE approval_execution SET next_look_at = NULL",
            ],
            "neither is Paytend asked",
        ),
        (["UPDATE audit_event SET actor = 'nobody' WHERE seq = 2"], "at event 2"),
        (["DELETE FROM audit_event WHERE seq = 2"], "at event 2"),
        (["UPDATE approval_decision SET mac = ''"], "the decision of Mara does not fit its MAC"),
        (["UPDATE approval_decision SET name = 'Milo'"], "the decision of Milo does not fit its MAC"),
        (["DELETE FROM approval_decision"], "its decisions are not those of the trail"),
        (["UPDATE approval_request SET amount_minor = 1"], "what was asked for does not fit its MAC"),
        (["UPDATE approval_request SET mac = '', approval_mac = ''"], "it has other content in the trail"),
        (["UPDATE approval_request SET execute_by = decide_by"], "its approval does not fit its MAC"),
        (["UPDATE approval_request SET version = 9"], "has made 4 moves in the trail and 9 in its row"),
        (
            ["DELETE FROM approval_execution", "DELETE FROM approval_decision", "DELETE FROM approval_request"],
            "it is in the trail and has no row",
        ),
        (["DELETE FROM audit_event WHERE event = 'approval:approved'"], "does not start from pending"),
        (["DELETE FROM audit_event"], "the trail does not have it"),
    ],
)
def test_what_is_broken_is_found(operator: Operator, statements: list[str], said: str) -> None:
    world = operator.world()
    world.executes(world.approved())
    alter(world, *statements)

    status, _, err = operator.types("check")

    assert status == 1
    assert said in err


def test_what_executes_for_over_an_hour_is_found(operator: Operator) -> None:
    world = operator.world()
    world.now -= timedelta(days=100)
    world.claims(world.approved())

    status, _, err = operator.types("check")

    assert status == 1
    assert "executing for over an hour" in err


def settled(world: ApprovalWorld) -> Request:
    work = world.work(world.approved())
    request = world.records(work, Outcome(result=Result.UNKNOWN, words="no answer"))
    world.paytend.lookup_status = "9"
    world.gives_up()
    for who in (ADA, MILO):
        world.settles(request, who, happened=True)
    return world.read(request)


def test_what_two_people_settled_is_fine_and_what_one_settled_is_found(operator: Operator) -> None:
    world = operator.world()
    assert settled(world).status == "executed"
    assert operator.types("check")[0] == 0

    alter(world, "DELETE FROM approval_settlement WHERE person_id = 'U0ADA'")
    status, _, err = operator.types("check")

    assert status == 1
    assert "it was settled by fewer than two people" in err


def test_a17_a_database_with_every_kind_of_request_is_fine(operator: Operator) -> None:
    """Also a top-up that Paytend gave no reference of its own."""
    world = operator.world()
    world.now = datetime.now(tz=UTC)
    settled(world)
    for number, end in enumerate((None, "denied", "withdrawn", "expired", "approved", "executing", "failed")):
        world.card = snapshot(card_id=f"175591{number}")
        request = world.asks(f"{11 + number}.00 EUR")
        match end:
            case "denied":
                world.decides(request, deny="no thanks")
            case "withdrawn":
                world.withdraws(request)
            case "expired":
                world.passes(days=2)
                world.ticks()
            case "approved":
                world.decides(request)
            case "executing":
                world.work(world.decides(request))
            case "failed":
                world.records(world.work(world.decides(request)), Outcome(result=Result.FAILED, words="no"))
    no_trade_id = world.records(
        world.work(world.decides(asks_again(world))), Outcome(result=Result.EXECUTED, words="Completed.")
    )
    assert world.execution(no_trade_id).provider_reference == ""
    status, _, err = operator.types("check")

    assert (status, [line for line in err.splitlines() if "request" in line]) == (0, [])


def asks_again(world: ApprovalWorld) -> Request:
    world.card = snapshot(card_id="1755950")
    return world.asks("30.00 EUR")


def test_a17_a_lifted_request_is_fine(operator: Operator) -> None:
    world = operator.world()
    world.use(rules=(rule(name="alone", action="card.activate", lifted=True, approvers=[]),))
    world.card = snapshot(status="4")
    request = world.asks(action="card.activate", payload={"card_id": "1755902", "holder_id": "H1"})
    assert (request.status, world.decisions(request)) == ("approved", 0)

    assert operator.types("check")[0] == 0


def test_a17_a_cut_tail_is_found_against_a_head_that_was_told(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    head = operator.types("audit", "head")[1].strip()
    alter(
        world,
        "DELETE FROM audit_event WHERE event LIKE 'execution:%'",
        "DELETE FROM approval_execution",
        "UPDATE approval_request SET status = 'approved', version = 2, ended_at = NULL, reason = ''",
    )
    assert operator.types("check")[0] == 0  # without a head that is kept elsewhere nothing shows it

    status, _, err = operator.types("check", "--told", head)

    assert status == 1
    assert "it was 4 long before" in err


def test_a17_a_cut_tail_is_found_against_the_head_that_was_posted(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    with world.database.writing() as session:
        head = chain.head(session)
        facts = AuditHead(number=head.seq, hash=head.hash, at=world.now)
        world.context.outbox.enqueue(session, kind=KIND, facts=facts, recipient="C0AUDIT", now=world.now, key="x")
    alter(world, "DELETE FROM audit_event WHERE seq = 4")

    status, _, err = operator.types("check")

    assert status == 1
    assert "it was 4 long before" in err


def test_a17_contents_that_retention_removed_are_not_missed(operator: Operator) -> None:
    world = operator.world()
    world.executes(world.approved())
    list(
        retention.run(
            world.database,
            days=400,
            key=world.context.audit_key,
            actor="cardops",
            now=lambda: world.now + timedelta(days=401),
        )
    )
    assert world.read(world.asks("20.00 EUR")).payload != b""

    assert operator.types("check")[0] == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM cardholder_change", "the change that it made of a cardholder is gone"),
        ("UPDATE cardholder_change SET changed_at = '2020-01-01 00:00:00.000000'", "is not what the trail says"),
        ("UPDATE cardholder_change SET person_id = 'U0EVE'", "is not what the trail says"),
        ("UPDATE cardholder_change SET id = 'made up'", "no request has made it"),
    ],
)
def test_a14_a_change_of_a_cardholder_that_the_trail_does_not_have_is_found(
    operator: Operator, statement: str, said: str
) -> None:
    world = operator.world()
    world.use(rules=(rule(action="cardholder.update"),))
    world.card = snapshot(subject="101982", holder_id="101982")
    update = world.decides(world.asks(action="cardholder.update", payload=PAYLOADS["cardholder.update"]))
    world.records(world.work(update), Outcome(result=Result.EXECUTED, words="done"))
    assert operator.types("check")[0] == 0
    alter(world, statement)

    status, _, err = operator.types("check")
    assert (status, said in err) == (1, True), err


def test_a7_a_contradiction_is_found_where_rows_and_trail_differ(operator: Operator) -> None:
    world = operator.world()
    request = world.executes(world.approved())
    alter(world, "UPDATE approval_execution SET contradicted_at = finished_at")
    status, _, err = operator.types("check")
    assert (status, f"until two people settle it again: `/approvals show {request.id}`" in err) == (1, True), err

    with world.database.writing() as session:
        note(session, world.context, request, "execution:contradicted", actor="cardops", now=world.now)
    assert operator.types("check")[0] == 0
    alter(world, "UPDATE approval_execution SET contradicted_at = NULL")
    status, _, err = operator.types("check")
    assert (status, "The card stays blocked by the trail" in err) == (1, True), err


CONTRADICTED_LATE = "UPDATE approval_execution SET contradicted_at = '2900-01-01 00:00:00.000000'"


@pytest.mark.parametrize("in_trail", [False, True])
def test_a7_a_contradiction_of_a_time_to_come_is_named_and_two_people_end_it(
    operator: Operator, *, in_trail: bool
) -> None:
    world = operator.world()
    request = world.executes(world.approved())
    with world.database.writing() as session:  # the guards let it through
        session.connection().execute(text(CONTRADICTED_LATE))
        if in_trail:
            note(session, world.context, request, "execution:contradicted", actor="cardops", now=world.now)

    status, _, err = operator.types("check")
    says = "is contradicted since 2900-01-01 00:00 UTC, which is to come" if in_trail else "contradicted nothing"
    assert (status, says in err, f"`/approvals show {request.id}`" in err) == (1, True, True), err
    assert "request_settle_happened" in str(world.message_facts(request)["buttons"])
    with pytest.raises(MoneyBlocked):
        world.asks("5.00 EUR")

    for who in (ADA, MILO):
        world.settles(request, who, happened=True)
    world.asks("5.00 EUR")
    assert operator.types("check")[0] == 0


def test_triggers_that_are_missing_are_named(operator: Operator) -> None:
    world = operator.world()
    name = "cardops_decision_of_another_person"
    with world.database.writing() as session:
        on_table = "" if world.database.is_sqlite else " ON approval_decision"
        session.connection().execute(text(f"DROP TRIGGER {name}{on_table}"))

    status, said, err = operator.types("check")
    with world.database.writing() as session:
        trigger_sql.install(session.connection())  # other tests have the same database

    assert (status, said.count("wrong ")) == (1, 1)
    assert f"{name} on approval_decision is missing" in err
