"""Two people agree that a difference is known; what somebody writes into the database counts for nothing."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, select

from approvals.audit.row_macs import MacUse
from approvals.books import days, differences, known
from approvals.books.classification import Finding, FindingKind
from approvals.books.differences import Audience
from approvals.books.entries import BookedRow, Movement
from approvals.books.tables import BooksDifference, BooksSaid
from approvals.policy.people import Member, NotInRole
from approvals.refusals import Refusal
from approvals.tables import AuditEvent
from notifier.rendering.facts import make_plain
from paytend.money import Money
from tests.approvals.rendering import render
from tests.approvals.world import ADA, MARA, MILO, OLE, SAM, START, ApprovalWorld, person

DAY = date(2026, 11, 20)
ROW = BookedRow(
    trade="t1",
    trade_id="T1",
    reference="SHOP",
    key="shop",
    money=Money.read("7.00 EUR"),
    type="121",
    movement=Movement.HAPPENED,
    card_id="",
    day=DAY,
    at=None,
    booked="2026-11-20",
)
FINDING = Finding(kind=FindingKind.NO_REQUEST, words="Nobody here asked for it.", day=DAY, row=ROW)


def found(world: ApprovalWorld, finding: Finding = FINDING) -> str:
    """Keep and tell a finding, as a comparison does; return its id."""
    with world.database.writing() as session:
        ids = differences.keep(session, world.context, [finding], day=DAY, others="tell", now=world.now)
        audience = Audience(channels=("C0ONCALL",), mentions=())
        differences.tell(session, world.context, ids, audience=audience, now=world.now)
        return read(session).id


def read(session: Session) -> BooksDifference:
    return session.exec(select(BooksDifference)).one()


def says(
    world: ApprovalWorld, difference_id: str, member: Member = MARA, reason: str = "a refund by hand"
) -> bool:
    with world.database.writing() as session:
        row = known.say_known(
            session, world.context, difference_id=difference_id, member=member, reason=reason, now=world.now
        )
        return row.known_at is not None


def test_two_people_make_it_known(world: ApprovalWorld) -> None:
    difference = found(world)

    assert not says(world, difference, MARA)
    assert says(world, difference, OLE)
    assert [event for event in world.events() if event.startswith("books:")] == [
        "books:differs",
        "books:said_known",
        "books:known",
    ]
    assert world.verified().is_intact


@pytest.mark.parametrize("member", [SAM, ADA], ids=["support", "admin"])
def test_only_managers_and_on_call_may_say_so(small: ApprovalWorld, member: Member) -> None:
    difference = found(small)

    with pytest.raises(NotInRole):
        says(small, difference, member)


def test_nobody_says_it_twice_with_either_account(small: ApprovalWorld) -> None:
    difference = found(small)
    says(small, difference, MARA)

    with pytest.raises(known.SaidAlready):
        says(small, difference, MARA)
    twin = replace(person("U0TWIN", "manager").person, id="U0MARA", accounts=frozenset({"U0MARA", "U0TWIN"}))
    with pytest.raises(known.SaidAlready):
        says(small, difference, replace(MARA, person=twin))


def test_the_requester_does_not_explain_their_own_top_up(small: ApprovalWorld) -> None:
    asks = person("U0BOTH", "support", "manager")
    small.members_by_account["U0BOTH"] = asks
    request = small.asks(by=asks)
    difference = found(small)
    with small.database.writing() as session:
        row = read(session)
        row.request_id = request.id
        session.add(row)

    with pytest.raises(known.AskedForIt):
        says(small, difference, asks)


@pytest.mark.parametrize("reason", ["", "ab", "4111 1111 1111 1111"])
def test_a_reason_is_needed_and_holds_no_card_number(small: ApprovalWorld, reason: str) -> None:
    difference = found(small)

    with pytest.raises(Refusal):
        says(small, difference, reason=reason)


def test_a_word_that_somebody_wrote_into_the_database_counts_for_nothing(world: ApprovalWorld) -> None:
    difference = found(world)
    with world.database.writing() as session:
        forged = BooksSaid(
            difference_id=difference,
            person_id="U0MILO",
            account="U0MILO",
            name="Milo",
            reason="it is fine",
            said_at=world.now,
            mac="00000000:" + "0" * 64,
        )
        session.add(forged)

    assert not says(world, difference, MARA)
    with world.database.reading() as session:
        assert [row.person_id for row in known.read_said(session, world.context, read(session))] == ["U0MARA"]


def test_a_word_that_was_said_to_an_older_version_still_counts(small: ApprovalWorld) -> None:
    """What the MAC covers, and in which form: rows are kept for longer than versions."""
    difference = found(small)
    says(small, difference, MARA)

    with small.database.reading() as session:
        row, said = read(session), session.exec(select(BooksSaid)).one()
    text = (
        f'{{"account":"U0MARA","at":"2026-11-20T09:00:00.000000+00:00","difference":"{row.identity}",'
        f'"id":"{difference}","person":"U0MARA","reason":"a refund by hand"}}'
    )
    assert small.context.macs.fits(said.mac, MacUse.KNOWN, text.encode())


@pytest.mark.parametrize(
    ("column", "value"),
    [("person_id", "U0MILO"), ("account", "U0MILO"), ("reason", "it is fine"), ("said_at", START + timedelta(1))],
)
def test_a_word_that_somebody_changed_counts_for_nothing(small: ApprovalWorld, column: str, value: object) -> None:
    says(small, found(small), MARA)

    with small.database.reading() as session:
        row, said = read(session), session.exec(select(BooksSaid)).one()
        assert known.read_said(session, small.context, row) == [said]
        set_committed_value(said, column, value)
        assert known.read_said(session, small.context, row) == []


def test_a_word_counts_for_what_differed_when_it_was_said_alone(small: ApprovalWorld) -> None:
    says(small, found(small), MARA)

    with small.database.reading() as session:
        other = read(session).model_copy(update={"identity": "another"})
        assert known.read_said(session, small.context, other) == []


def test_many_differences_of_several_days_are_told_with_their_days(small: ApprovalWorld) -> None:
    """After a pause, a whole week is compared at once."""
    rows = [replace(ROW, trade=f"t{number}") for number in range(11)]
    # One is older and one newer than the others, and neither comes first or last.
    ages = [1, 1, 0, 1, 1, 1, 2, 1, 1, 1, 1]
    findings = [
        replace(FINDING, row=row, day=DAY - timedelta(days=age)) for row, age in zip(rows, ages, strict=True)
    ]
    with small.database.writing() as session:
        ids = differences.keep(session, small.context, findings, day=DAY, others="alarm", now=small.now)
        audience = Audience(channels=("C0ONCALL",), mentions=())
        differences.tell(session, small.context, ids, audience=audience, now=small.now)
        facts = session.exec(select(AuditEvent.facts).where(AuditEvent.event == "books:many_differ")).one()

    [told] = small.outbox.of("books_many")
    assert (told.facts["day"], told.facts["last_day"]) == (date(2026, 11, 18), DAY)
    assert json.loads(facts) == {"count": 11, "day": "2026-11-18", "last_day": "2026-11-20"}
    plain = make_plain(told.facts)
    said = str(render("books_many", plain))
    assert "`/partner books 2026-11-18`, and so for each day until 2026-11-20, lists them." in said
    one_day = {**plain, "last_day": plain["day"]}
    waiting = {name: value for name, value in plain.items() if name != "last_day"}  # since an older version
    for each in (one_day, waiting):
        assert "`/partner books 2026-11-18` lists them." in str(render("books_many", each))


def test_a_word_is_not_moved_to_another_difference(small: ApprovalWorld) -> None:
    difference = found(small)
    says(small, difference, MARA)
    with small.database.writing() as session:
        said = session.exec(select(BooksSaid)).one()
        copied = BooksSaid(**{**said.model_dump(), "difference_id": "another"})
        session.add(copied)
        row = read(session)
        other = row.model_copy(update={"id": "another", "identity": "another"})

        assert known.read_said(session, small.context, other) == []


def test_a_row_that_was_made_in_advance_silences_nothing(small: ApprovalWorld) -> None:
    """Who writes to the database does not know the identity of a difference that is still to come."""
    first = found(small)
    with small.database.writing() as session:
        identity = read(session).identity
    other = replace(FINDING, row=replace(ROW, trade="t2"))

    assert first
    assert small.context.macs.fits(identity, "identity of a difference", b"guess") is False
    with small.database.writing() as session:
        assert len(differences.keep(session, small.context, [other], day=DAY, others="tell", now=small.now)) == 1


def test_what_is_gone_or_known_is_over(small: ApprovalWorld) -> None:
    difference = found(small)
    small.passes(hours=1)
    with small.database.writing() as session:
        assert differences.end_unseen(session, small.context, day=DAY, since=small.now, now=small.now) == 1

    with pytest.raises(known.OverAlready):
        says(small, difference, MILO)


def test_a_difference_that_comes_back_is_told_again(small: ApprovalWorld) -> None:
    found(small)
    small.passes(hours=1)
    with small.database.writing() as session:
        differences.end_unseen(session, small.context, day=DAY, since=small.now, now=small.now)

    found(small)

    assert small.events().count("books:differs") == 2


def test_days_that_nobody_compared_are_caught_up_with_for_a_week(small: ApprovalWorld) -> None:
    today = date(2026, 11, 20)
    with small.database.writing() as session:
        assert days.first_to_compare(session, today=today) == date(2026, 11, 19)
        found_on = FINDING.row
        assert found_on is not None
        old = replace(FINDING, day=date(2026, 11, 15))
        differences.keep(session, small.context, [old], day=DAY, others="tell", now=small.now)
        assert days.first_to_compare(session, today=today) == date(2026, 11, 15)
        assert days.first_to_compare(session, today=date(2026, 12, 20)) == date(2026, 12, 19)
