"""Lists page by keyset, and walk an index."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from approvals.requests import lists
from approvals.requests.lists import PageStart, RequestPage, riskiest_first
from approvals.statuses import Status
from paytend.errors import OutcomeUnknown
from tests.approvals.world import MARA, OLE, SAM, ApprovalWorld, limit, person, rule, snapshot


def _many(world: ApprovalWorld, count: int) -> list[str]:
    made = []
    for number in range(count):
        world.card = snapshot(card_id=f"C{number}")
        made.append(world.asks(f"{number + 1}.00 EUR").id)
        if number % 2:
            world.passes(seconds=1)
    return made


def _all(read: Callable[..., RequestPage], session: Session) -> list[str]:
    page = read(session)
    found = [row.id for row in page.requests]
    while page.after is not None:
        page = read(session, after=page.after)
        found += [row.id for row in page.requests]
    return found


def test_pages_hold_everything_once_and_in_order(world: ApprovalWorld) -> None:
    made = _many(world, 7)
    with world.database.reading() as session:
        for size in (1, 2, 3, 7, 10):
            pages: dict[str, Callable[..., RequestPage]] = {
                "waiting": partial(lists.waiting, member=MARA, now=world.now, size=size),
                "mine": partial(lists.mine, member=SAM, size=size),
                "history": partial(lists.history, size=size),
                "status": partial(lists.with_status, status=Status.PENDING, size=size),
            }
            for name, read in pages.items():
                expected = made if name in ("waiting", "status") else made[::-1]
                assert _all(read, session) == expected, (name, size)


def test_a_page_has_ten_requests(small: ApprovalWorld) -> None:
    _many(small, 11)
    with small.database.reading() as session:
        for page in (
            lists.waiting(session, member=MARA, now=small.now),
            lists.mine(session, member=SAM),
            lists.history(session),
            lists.with_status(session, status=Status.PENDING),
        ):
            assert (len(page.requests), page.after is not None) == (10, True)


def test_what_does_not_concern_somebody_is_not_in_their_list(world: ApprovalWorld) -> None:
    made = _many(world, 2)
    both = person("U0SAM", "support", "manager")
    assert world.waiting(both) == world.waiting(OLE) == world.waiting(person("U0X", "man")) == []
    world.now = world.read(
        world.asks("3.00 EUR", snapshot=snapshot(card_id="Z"), payload={"card_id": "Z", "money": "1.00 EUR"})
    ).decide_by
    assert world.waiting(MARA) == []
    assert len(made) == 2


def test_the_riskiest_come_first(small: ApprovalWorld) -> None:
    small.use(rules=(rule(over="2.00 EUR", quorum=2), rule()))
    _many(small, 4)
    with small.database.reading() as session:
        page = lists.waiting(session, member=MARA, now=small.now)
    assert [(row.quorum, row.amount_minor) for row in riskiest_first(page.requests)] == [
        (2, 400),
        (2, 300),
        (1, 200),
        (1, 100),
    ]


def _statements(world: ApprovalWorld) -> list[tuple[str, Any]]:
    """Return every question that lists, clocks and a whole request's life ask."""
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(world.database.engine, "before_cursor_execute", keep)
    world.use(limits=(limit(), limit(per="requester")))
    world.paytend.before = OutcomeUnknown("lost")
    after = PageStart(created_at=world.now, id="x")
    with world.database.reading() as session:
        lists.waiting(session, member=MARA, now=world.now, after=after)
        lists.mine(session, member=SAM, after=after)
        lists.history(session, after=after)
    world.executes(world.approved())
    world.candidates()
    world.ticks()
    world.passes(seconds=1)
    world.looks_up()
    event.remove(world.database.engine, "before_cursor_execute", keep)
    return [row for row in asked if row[0].startswith("SELECT")]


def test_every_question_walks_an_index(small: ApprovalWorld) -> None:
    asked = _statements(small)
    with small.database.reading() as session:
        for statement, parameters in asked:
            rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plan = [str(row[3]) for row in rows]
            # The trail is read backwards by its row id, which is its order.
            plan = [step for step in plan if step != "SCAN audit_event"]
            scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
            assert not scans, (statement, plan)
            # What is executing or unknown are a few rows, which may be sorted; lists never are.
            if "JOIN approval_execution" not in statement and "LIMIT" in statement and "IN (" not in statement:
                assert "TEMP B-TREE" not in str(plan), (statement, plan)
    assert len(asked) > 20


def test_a_list_that_fits_one_page_exactly_has_no_other(small: ApprovalWorld) -> None:
    _many(small, 3)
    with small.database.reading() as session:
        assert lists.with_status(session, status=Status.PENDING, size=3).after is None
        assert lists.with_status(session, status=Status.PENDING, size=2).after is not None
