"""Which class each top-up and each row is in, with lists as Paytend may give them; on each database."""

import itertools
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from approvals.books.classification import BookClass, Finding, FindingKind
from approvals.books.rules import BookRule
from approvals.tables import Request
from bot.books.comparison import BookSource, compare_days
from bot.clock import Ids
from bot.database.engine import SqlDatabase
from paytend import ProtocolError, Refused, Unreachable
from tests.approvals.world import ApprovalWorld, make_context, rule, snapshot
from tests.bot.books.account import Account, listed

DAY = date(2026, 11, 20)
VILNIUS = ZoneInfo("Europe/Vilnius")
EARLIER = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture
def world(database: SqlDatabase) -> ApprovalWorld:
    return make_world(database)


@pytest.fixture
def small(sqlite: SqlDatabase) -> ApprovalWorld:
    return make_world(sqlite)


def make_world(database: SqlDatabase) -> ApprovalWorld:
    """A world whose ids are made as in production."""
    world = ApprovalWorld(database=database)
    make_id = Ids(now=lambda: world.now, random_bits=lambda bits: next(_numbers) * 7_919_777**2 % 2**bits)
    world.context = make_context(make_id=make_id)
    world.use(rules=(rule(decide_within="8h"),))
    return world


def done(world: ApprovalWorld, amount: str = "10.00 EUR", *, card: str = "1755902") -> Request:
    """A top-up that was asked for, approved and executed."""
    world.card = snapshot(card_id=card)
    request = world.executes(world.approved(amount))
    assert request.status == "executed"
    return request


class Found(list[Finding]):
    """What was found, and why it may not be all."""

    troubles = ""


def compare(
    world: ApprovalWorld, account: Account, *, first: date = DAY, last: date | None = None, **books: Any
) -> Found:
    """Compare days; by default the one on which everything happens, with the clock a day later."""
    source = BookSource(
        ask=account.send,
        database=world.database,
        context=world.context,
        rule=BookRule(**books),
        zone=VILNIUS,
        now=lambda: max(world.now, EARLIER + timedelta(days=1)),
    )
    with compare_days(source, first=first, last=last or first) as comparison:
        found = Found(comparison.findings())
        found.troubles = " ".join(comparison.troubles(first))
        return found


def classes(findings: list[Finding]) -> Counter[BookClass]:
    return Counter(finding.book_class for finding in findings)


def kinds(findings: list[Finding]) -> list[FindingKind]:
    return [finding.kind for finding in findings]


# what agrees


def test_a_row_with_our_reference_and_money_agrees(world: ApprovalWorld) -> None:
    requests = [done(world), done(world, card="1755903")]

    found = compare(world, Account([listed(request.reference) for request in requests]))

    assert kinds(found) == [FindingKind.AGREED] * 2
    assert {finding.own.request_id for finding in found if finding.own} == {request.id for request in requests}


@pytest.mark.parametrize(
    "as_listed",
    [
        str.upper,
        lambda reference: reference[:20],
        lambda reference: f"{reference[:8]}-{reference[8:]}",
        lambda reference: f"  {reference} ",
        lambda reference: f"{reference}-1",
    ],
    ids=["capitals", "cut", "with a separator", "with spaces", "with a suffix"],
)
def test_a_reference_that_is_written_differently_is_still_ours(world: ApprovalWorld, as_listed: Any) -> None:
    requests = [done(world), done(world, card="1755903")]

    found = compare(world, Account([listed(as_listed(request.reference)) for request in requests]))

    assert kinds(found) == [FindingKind.AGREED] * 2


@pytest.mark.parametrize(
    "changes",
    [{"amount": -1000}, {"fee": 10}, {"tradeStatus": None}, {"businessDate": "2026-11-20"}, {"cardId": "1755902"}],
    ids=["a debit is negative", "a fee beside it", "no status", "a date alone", "the card is named"],
)
def test_a_row_in_another_form_agrees(small: ApprovalWorld, changes: dict[str, Any]) -> None:
    request = done(small)

    assert kinds(compare(small, Account([listed(request.reference) | changes]))) == [FindingKind.AGREED]


def test_a_fee_with_our_reference_is_no_second_payment(small: ApprovalWorld) -> None:
    request = done(small)
    fee = listed(request.reference, 10, tradeId="F1", tradeType=500)

    assert kinds(compare(small, Account([listed(request.reference), fee]))) == [FindingKind.AGREED]


def test_a_row_that_is_booked_one_second_later_on_the_next_day_agrees(small: ApprovalWorld) -> None:
    small.now = datetime(2026, 11, 20, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in Vilnius
    request = done(small)
    account = Account([listed(request.reference, businessDate="2026-11-21 00:00:00")])
    small.passes(hours=12)

    assert kinds(compare(small, account)) == [FindingKind.AGREED]
    assert compare(small, account, first=DAY + timedelta(days=1)) == []


def test_two_days_whose_lists_overlap_show_no_double(small: ApprovalWorld) -> None:
    request = done(small)

    assert kinds(compare(small, Account([listed(request.reference)], ignores=frozenset({"day"})))) == [
        FindingKind.AGREED
    ]


def test_a_paytend_that_ignores_the_currency_shows_no_double(small: ApprovalWorld) -> None:
    first, second = done(small), done(small, "5.000001 USDT", card="1755903")
    rows = [listed(first.reference), listed(second.reference, 5_000_001, currency="USDT")]

    assert kinds(compare(small, Account(rows, ignores=frozenset({"currency"})))) == [FindingKind.AGREED] * 2


def test_usdt_is_compared_to_its_last_digit(small: ApprovalWorld) -> None:
    request = done(small, "5.000001 USDT")

    right = compare(small, Account([listed(request.reference, 5_000_001, currency="USDT")]))
    wrong = compare(small, Account([listed(request.reference, 5_000_002, currency="USDT")]))

    assert kinds(right + wrong) == [FindingKind.AGREED, FindingKind.OTHER_AMOUNT]


# ours, but not as it should be


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (lambda _: [], FindingKind.ABSENT),
        (lambda ours: [listed(ours, 1001)], FindingKind.OTHER_AMOUNT),
        (lambda ours: [listed(ours, currency="USDT")], FindingKind.OTHER_AMOUNT),
        (lambda ours: [listed(ours, cardId="1755903")], FindingKind.OTHER_CARD),
        (lambda ours: [listed(ours), listed(ours, tradeId="T2")], FindingKind.TWICE),
        (lambda ours: [listed(ours), listed(ours)], FindingKind.TWICE),
        (lambda ours: [listed(ours), listed(ours.upper(), 1, tradeId="T2")], FindingKind.TWICE),
        (lambda ours: [listed(ours), listed(f"{ours}2", tradeId="T2")], FindingKind.TWICE),
        (
            lambda ours: [listed(ours), listed(ours, tradeId="T2", businessDate="2026-11-21 08:00:00")],
            FindingKind.TWICE,
        ),
        (lambda ours: [listed(ours, tradeStatus=3)], FindingKind.TAKEN_BACK),
        (lambda ours: [listed(ours), listed(ours, tradeStatus=10)], FindingKind.TAKEN_BACK),
    ],
    ids=[
        *("absent", "another amount", "another currency", "another card", "twice", "one trade twice"),
        *("twice in another form", "twice with a suffix", "again a day later", "reversed", "refunded"),
    ],
)
def test_what_differs_is_named(world: ApprovalWorld, rows: Any, kind: FindingKind) -> None:
    request = done(world)

    found = [
        finding
        for finding in compare(world, Account(rows(request.reference)), last=DAY + timedelta(days=1))
        if finding.own
    ]

    assert kinds(found) == [kind]
    assert found[0].book_class is BookClass.DIFFERS
    assert "Its result at Paytend: done, 10.00 EUR." in found[0].words


def test_a_second_row_days_later_is_found_although_the_first_agreed(small: ApprovalWorld) -> None:
    request = done(small)
    account = Account([listed(request.reference)])
    assert kinds(compare(small, account)) == [FindingKind.AGREED]
    account.rows.append(listed(request.reference, tradeId="T2", businessDate="2026-11-25 10:00:00"))
    small.passes(days=5)

    found = compare(small, account, first=date(2026, 11, 25))

    assert kinds(found) == [FindingKind.TWICE]


@pytest.mark.parametrize("state", ["pending", "denied", "withdrawn", "expired", "approved", "failed", "unknown"])
def test_what_was_not_executed_here_and_happened_there_differs(world: ApprovalWorld, state: str) -> None:
    request = bring_to(world, state)
    world.passes(hours=1)

    found = compare(world, Account([listed(request.reference)]))

    assert kinds(found) == [FindingKind.NOT_EXECUTED]
    assert f"It is {state} here" in found[0].words


def bring_to(world: ApprovalWorld, state: str) -> Request:
    request = world.asks()
    match state:
        case "denied":
            world.decides(request, deny="not this one")
        case "withdrawn":
            world.withdraws(request)
        case "expired":
            world.passes(hours=9)
            world.ticks()
        case "approved":
            world.decides(request)
        case "failed":
            # A refusal alone proves nothing: asked twice, with a pause, Paytend has no such order.
            world.paytend.before = Refused(code="51", reason="no funds", verified=True)
            world.executes(world.decides(request))
            for seconds in (1, 121):
                world.passes(seconds=seconds)
                world.looks_up()
        case "unknown":
            world.paytend.status = "3"
            world.executes(world.decides(request))
    assert world.read(request).status == state
    return request


def test_a_request_of_weeks_ago_that_happens_now_differs(small: ApprovalWorld) -> None:
    request = bring_to(small, "expired")
    small.passes(days=30)
    account = Account([listed(request.reference, businessDate="2026-12-20 10:00:00")])

    assert kinds(compare(small, account, first=date(2026, 12, 20))) == [FindingKind.NOT_EXECUTED]
    cut = Account([listed(request.reference[:18], businessDate="2026-12-20 10:00:00")])
    assert kinds(compare(small, cut, first=date(2026, 12, 20))) == [FindingKind.NOT_EXECUTED]


def test_a_request_whose_content_was_altered_never_agrees(small: ApprovalWorld) -> None:
    request = done(small)
    with small.database.writing() as session:
        connection = session.connection()
        # As somebody with the file of the database would: the guards are gone first.
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS cardops_request_frozen")
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE approval_request SET payload = X'00', amount_minor = 99900")

    found = compare(small, Account([listed(request.reference, 99900)]))

    assert kinds(found) == [FindingKind.ALTERED]


# not ours


def test_what_nobody_asked_for_is_not_ours(small: ApprovalWorld) -> None:
    rows = [
        listed("SHOP-1"),
        listed("4711", tradeId="T2"),
        listed("", tradeId="T3"),
        listed("", 50, tradeType=500),
    ]

    assert kinds(compare(small, Account(rows))) == [FindingKind.NOT_OURS] * 4


@pytest.mark.parametrize("prefix", ["", "co"])
def test_a_reference_of_our_form_without_a_request_differs(small: ApprovalWorld, prefix: str) -> None:
    theirs = prefix + small.context.make_id()

    assert kinds(compare(small, Account([listed(theirs)]), prefix=prefix)) == [FindingKind.NO_REQUEST]


# cannot tell


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount": "1O.00"}, "amount"),
        ({"amount": None}, "amount"),
        ({"currency": None}, "amount"),
        ({"businessDate": "Friday"}, "time"),
        ({"businessDate": None}, "time"),
        ({"tradeStatus": 42}, "status"),
    ],
)
def test_a_row_that_cannot_be_read_neither_agrees_nor_is_absent(
    small: ApprovalWorld, changes: dict[str, Any], says: str
) -> None:
    request = done(small)
    row = {name: value for name, value in (listed(request.reference) | changes).items() if value is not None}

    found = compare(small, Account([row]))

    assert kinds(found) == [FindingKind.UNCLEAR]
    assert says in found[0].words


def test_pages_that_contradict_each_other_cannot_be_told(small: ApprovalWorld) -> None:
    request = done(small)
    rows = [listed(request.reference), listed(request.reference, 999)]

    assert kinds(compare(small, Account(rows))) == [FindingKind.UNCLEAR]


def test_a_row_without_reference_and_an_absent_top_up_of_its_amount_cannot_be_told(small: ApprovalWorld) -> None:
    done(small)

    found = compare(small, Account([listed("", tradeId="T1"), listed("", 1234, tradeId="T2")]))

    assert kinds(found) == [FindingKind.UNCLEAR, FindingKind.UNCLEAR, FindingKind.NOT_OURS]


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (
            Account(fails={"EUR": Refused(code="3001", reason="no such currency", verified=True)}),
            "no such currency",
        ),
        (Account(fails={0: Unreachable("no")}), "isn’t responding"),
        (Account(fails={0: ProtocolError()}), "cannot be verified"),
        (Account(total=7), "7 rows, and gives 0"),
        (Account(currencies=("EUR", "GBP"), fails={"GBP": Refused(code="1", reason="no", verified=True)}), "GBP"),
    ],
    ids=["a currency refused", "no answer", "not verified", "a wrong total", "a currency of the balance"],
)
def test_a_list_that_is_not_whole_says_so(small: ApprovalWorld, account: Account, says: str) -> None:
    done(small)

    found = compare(small, account)

    assert says in found.troubles
    # In another currency that is missing, EUR is compared all the same.
    assert kinds(found) == [FindingKind.ABSENT if says == "GBP" else FindingKind.UNCLEAR]


def many(count: int) -> list[dict[str, Any]]:
    return [listed(f"SHOP-{number:05}", tradeId=f"S{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (Account(fails={60: Unreachable("no")}), "isn’t responding"),
        (Account(gives=60), "90 rows, and gives 60"),
        (Account(ignores=frozenset({"start"})), "with an earlier one"),
        (Account(total=None, ignores=frozenset({"start"})), "with an earlier one"),
        (Account(grows=[listed(f"NEW-{number}") for number in range(9)]), "changed while it was read"),
    ],
    ids=["a page fails", "more than it gives", "the first page again", "again, without a total", "it grows"],
)
def test_pages_that_do_not_make_a_whole_say_so(small: ApprovalWorld, account: Account, says: str) -> None:
    done(small)
    account.rows = many(90)

    found = compare(small, account)

    assert says in found.troubles
    assert FindingKind.ABSENT not in kinds(found)
    assert classes(found)[BookClass.AGREED] == 0


def test_a_list_that_grew_once_is_read_again(small: ApprovalWorld) -> None:
    request = done(small)
    account = Account(many(40), grows=[listed(request.reference)])

    found = compare(small, account)

    assert found.troubles == ""
    assert classes(found) == {BookClass.AGREED: 1, BookClass.NOT_OURS: 40}


@pytest.mark.parametrize("total", ["true", None])
def test_all_pages_are_read(small: ApprovalWorld, total: str | None) -> None:
    request = done(small)

    found = compare(small, Account([*many(95), listed(request.reference)], total=total))

    assert found.troubles == ""
    assert classes(found) == {BookClass.AGREED: 1, BookClass.NOT_OURS: 95}


def test_a_second_payment_shows_even_in_a_list_that_is_not_whole(small: ApprovalWorld) -> None:
    request = done(small)
    account = Account([listed(request.reference), listed(request.reference, tradeId="T2")], total=3)

    assert kinds(compare(small, account)) == [FindingKind.TWICE]


def test_a_top_up_of_the_last_hour_is_not_absent_yet(small: ApprovalWorld) -> None:
    small.now = EARLIER + timedelta(days=1)
    done(small)

    found = compare(small, Account(), first=small.now.date())

    assert kinds(found) == [FindingKind.EARLY]


def test_nothing_but_questions_goes_to_paytend(small: ApprovalWorld) -> None:
    account = Account([listed(done(small).reference)])

    compare(small, account)

    assert set(account.asked) == {"getPartnerBalance", "getPartnerTransactions"}
