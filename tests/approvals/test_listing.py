"""Lists page by keyset, and walk an index."""

from sqlalchemy import text
from sqlmodel import Session

from approvals import listing
from approvals.listing import After, Page, riskiest_first
from approvals.rules import Status
from tests.approvals.world import MARA, OLE, SAM, World, person, rule, snapshot


def _many(world: World, count: int) -> list[str]:
    made = []
    for number in range(count):
        world.card = snapshot(card_id=f"C{number}")
        made.append(world.asks(f"{number + 1}.00 EUR").id)
        if number % 2:
            world.passes(seconds=1)
    return made


def _all(page: Page, again: object, session: Session) -> list[str]:
    found = [row.id for row in page.requests]
    while page.after is not None:
        assert callable(again)
        page = again(session, page.after)
        found += [row.id for row in page.requests]
    return found


def test_pages_hold_everything_once_and_in_order(world: World) -> None:
    made = _many(world, 7)
    with world.database.reading() as session:
        for size in (1, 2, 3, 7, 10):
            pages = {
                "waiting": lambda session, after, size=size: listing.waiting(
                    session, standing=MARA, now=world.now, after=after, size=size
                ),
                "mine": lambda session, after, size=size: listing.mine(
                    session, standing=SAM, after=after, size=size
                ),
                "history": lambda session, after, size=size: listing.history(session, after=after, size=size),
                "status": lambda session, after, size=size: listing.with_status(
                    session, status=Status.PENDING, after=after, size=size
                ),
            }
            for name, read in pages.items():
                expected = made if name in ("waiting", "status") else made[::-1]
                assert _all(read(session, None), read, session) == expected, (name, size)


def test_what_does_not_concern_somebody_is_not_in_their_list(world: World) -> None:
    made = _many(world, 2)
    both = person("U0SAM", "support", "manager")
    assert world.waiting(both) == world.waiting(OLE) == world.waiting(person("U0X", "man")) == []
    world.now = world.read(
        world.asks("3.00 EUR", card=snapshot(card_id="Z"), payload={"card_id": "Z", "money": "1.00 EUR"})
    ).decide_by
    assert world.waiting(MARA) == []
    assert len(made) == 2


def test_the_riskiest_come_first(small: World) -> None:
    small.use(rules=(rule(over="2.00 EUR", quorum=2), rule()))
    _many(small, 4)
    with small.database.reading() as session:
        page = listing.waiting(session, standing=MARA, now=small.now)
    assert [(row.quorum, row.amount_minor) for row in riskiest_first(page.requests)] == [
        (2, 400),
        (2, 300),
        (1, 200),
        (1, 100),
    ]


def test_lists_walk_an_index_instead_of_sorting(small: World) -> None:
    after = After(created_at=small.now, id="x")
    plans: list[str] = []
    with small.database.reading() as session:
        connection = session.connection()
        for condition, index in (
            (
                "status = 'pending' AND created_at >= '2026' AND (created_at > '2026' OR id > 'x')",
                "ix_request_status",
            ),
            ("requester_id = 'U0SAM' AND created_at <= '2027'", "ix_request_requester"),
            ("created_at <= '2027'", "ix_request_history"),
        ):
            order = "DESC" if "<=" in condition else "ASC"
            statement = (
                f"EXPLAIN QUERY PLAN SELECT * FROM approval_request WHERE {condition} "  # noqa: S608 - the lines above
                f"ORDER BY created_at {order}, id {order} LIMIT 11"
            )
            plan = " ".join(str(row) for row in connection.execute(text(statement)))
            assert index in plan
            plans.append(plan)
    assert not any("TEMP B-TREE" in plan for plan in plans)
    assert after.id == "x"
