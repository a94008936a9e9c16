"""The books: what moved on the partner account beside what was approved, on each database."""

import pytest
from sqlmodel import col, select

from approvals.books.tables import BooksDay, BooksDifference
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    CONFIG,
    MANAGER,
    ONCALL,
    OTHER_MANAGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    text_of,
)


def compare(world: JourneyWorld) -> None:
    """Run the hourly job."""
    world.bot.jobs.fire("books")
    world.settles()


def differences(world: JourneyWorld) -> list[BooksDifference]:
    with world.bot.database.reading() as session:
        return list(session.exec(select(BooksDifference).order_by(col(BooksDifference.id))).all())


def kinds(world: JourneyWorld) -> list[str]:
    return [row.kind for row in differences(world) if row.gone_at is None]


def channel(world: JourneyWorld, name: str) -> list[str]:
    return [message["text"] for message in world.slack.messages(name)]


def shown(world: JourneyWorld, person: str) -> str:
    return text_of(world.slack.ephemerals(person)[-1]["blocks"])


def to_the_next_morning(world: JourneyWorld) -> None:
    world.passes(hours=21)
    compare(world)


def test_a_day_on_which_everything_agrees_is_one_message_in_the_audit_channel(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.asks_and_approves("20.00")

    to_the_next_morning(world)
    compare(world)
    world.passes(hours=1)
    compare(world)

    told = [text for text in channel(world, "C0AUDIT") if "Books of" in text]
    assert told == ["Books of 2026-11-22: 2 of 2 agree, 140.50 EUR; nothing else moved"]
    assert kinds(world) == []
    assert channel(world, "C0ONCALL") == []


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ("missing", "absent", "Paytend does not list it"),
        ("altered", "other amount", "120.50 EUR was approved, and Paytend lists 127.50 EUR"),
        ("double", "twice", "lists it 2 times, as separate transactions"),
        ("impostor", "our reference, no request", "no request here has it"),
    ],
)
def test_a_difference_is_told_at_once_to_on_call_and_managers_once(
    world: JourneyWorld, change: str, kind: str, says: str
) -> None:
    world.asks_and_approves("120.50")
    world.passes(hours=2)
    world.paytend.events.change_books(change)

    compare(world)
    for _ in range(3):
        world.passes(hours=1)
        compare(world)

    assert kinds(world) == [kind]
    for name in ("C0ONCALL", "C0APPROVALS"):
        alarms = [message for message in world.slack.messages(name) if "The books differ" in message["text"]]
        assert len(alarms) == 1
        assert says in alarms[0]["text"]
        assert "books_known" in actions_of(alarms[0])
    assert [row.event for row in world.trail()].count("books:differs") == 1


def test_a_foreign_row_is_told_in_the_morning_and_alarms_nobody(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.paytend.events.change_books("foreign", "7.00")

    to_the_next_morning(world)

    assert channel(world, "C0ONCALL") == []
    assert channel(world, "C0AUDIT")[-1] == "Books of 2026-11-22: 1 of 1 agree, 120.50 EUR; 1 not ours, 7.00 EUR"


@pytest.mark.parametrize(("others", "alarms", "listed"), [("expected", 0, 0), ("tell", 0, 1), ("alarm", 1, 1)])
def test_what_others_move_is_expected_told_or_an_alarm(
    make_world: MakesWorld, others: str, alarms: int, listed: int
) -> None:
    with make_world(config=f"{CONFIG}books: {{others: {others}}}\n") as world:
        world.paytend.events.change_books("foreign", "7.00")

        compare(world)

        assert len(channel(world, "C0ONCALL")) == alarms
        assert kinds(world) == ["not ours"] * listed


def test_a_row_that_comes_late_ends_the_difference_and_that_is_told(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.paytend.events.change_books("late")
    world.passes(hours=2)
    compare(world)
    assert kinds(world) == ["absent"]

    world.passes(hours=22)
    compare(world)

    assert kinds(world) == []
    assert differences(world)[0].gone_at is not None
    message = next(each for each in world.slack.messages("C0ONCALL") if "books" in each["text"])
    assert "agree again" in message["text"]
    assert actions_of(message) == []
    assert "gone" in " ".join(world.thread("C0ONCALL"))
    assert "books:gone" in [row.event for row in world.trail()]


@pytest.mark.parametrize("form", ["upper", "cut"])
def test_references_that_paytend_writes_differently_agree_all_the_same(world: JourneyWorld, form: str) -> None:
    world.asks_and_approves("120.50")
    world.asks_and_approves("20.00")
    world.paytend.switches.set_modes(partner_references=form)

    world.passes(hours=2)
    compare(world)

    assert kinds(world) == []
    world.types(MANAGER, "/partner books today")
    assert "2 of 2 agree, 140.50 EUR; nothing else moved" in shown(world, MANAGER)


def test_rows_without_a_reference_are_known_by_their_trade(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.paytend.switches.set_modes(partner_references="none", partner_total=False)

    world.types(ONCALL, "/partner books today")

    assert "1 of 1 agree, 120.50 EUR; nothing else moved" in shown(world, ONCALL)


def test_a_top_up_that_failed_here_and_happened_there_alarms(world: JourneyWorld) -> None:
    world.paytend.switches.add("refuse", operation="topup")
    request = world.asks_and_approves("120.50")
    assert request.status != "executed"
    world.paytend.events.change_books("foreign", "120.50")
    with world.paytend.books.lock:
        world.paytend.books.partner_entries[-1].order_no = request.reference

    compare(world)

    assert kinds(world) == ["not executed here"]
    assert "Paytend lists it as done" in channel(world, "C0ONCALL")[-1]


def test_a_request_that_expired_and_happened_there_alarms(world: JourneyWorld) -> None:
    request = world.asks("120.50")
    world.passes(hours=9)
    assert world.request().status == "expired"
    world.paytend.events.change_books("foreign", "120.50")
    with world.paytend.books.lock:
        world.paytend.books.partner_entries[-1].order_no = request.reference

    compare(world)

    assert kinds(world) == ["not executed here"]


@pytest.mark.parametrize("fault", ["refuse", "error_before", "tamper"])
def test_what_could_not_be_compared_says_so_and_never_agrees(world: JourneyWorld, fault: str) -> None:
    world.asks_and_approves("120.50")
    world.paytend.switches.add(fault, operation="getPartnerTransactions", count=None)

    to_the_next_morning(world)

    told = channel(world, "C0AUDIT")[-1]
    assert "0 of 1 agree" in told
    assert "Not everything could be compared" in told
    assert kinds(world) == ["cannot tell"]
    assert channel(world, "C0ONCALL") == []

    world.paytend.switches.clear()
    compare(world)
    world.passes(hours=1)
    compare(world)
    assert channel(world, "C0AUDIT")[-1] == "Books of 2026-11-22: 1 of 1 agree, 120.50 EUR; nothing else moved"
    assert kinds(world) == []


def test_a_difference_is_known_when_two_people_say_why(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.paytend.events.change_books("double")
    compare(world)
    alarm = world.slack.messages("C0ONCALL")[-1]

    for person, says in ((MANAGER, "A second person has to agree"), (ONCALL, "known difference now")):
        world.clicks(person, "books_known", message=alarm)
        world.submits(person, reason="Paytend confirmed it by mail")
        assert says in world.modal_text(person)

    message = world.slack.messages("C0ONCALL")[0]
    assert "A known difference" in message["text"]
    assert actions_of(message) == []
    world.passes(hours=1)
    compare(world)
    assert len([text for text in channel(world, "C0ONCALL") if "The books differ" in text]) == 0


def test_stop_under_a_difference_stops_top_ups_at_once(world: JourneyWorld) -> None:
    world.asks_and_approves("120.50")
    world.paytend.events.change_books("double")
    compare(world)

    world.clicks(ONCALL, "books_stop", message=world.slack.messages("C0ONCALL")[-1])
    assert "Stopped: top-ups" in world.told(ONCALL)
    world.asks_and_approves("20.00")

    assert world.request().status == "approved"
    assert len(world.paytend.calls_of("topup")) == 1


def test_new_differences_stop_by_themselves_where_that_is_wanted(make_world: MakesWorld) -> None:
    with make_world(config=f"{CONFIG}stop_when: [books_differ]\n") as world:
        world.asks_and_approves("120.50")
        compare(world)
        assert "stop:began" not in [row.event for row in world.trail()]
        world.paytend.events.change_books("altered")

        compare(world)
        world.passes(hours=1)
        compare(world)

        assert [row.event for row in world.trail()].count("stop:began") == 1
        world.asks_and_approves("20.00")
        assert world.request().status == "approved"


def test_one_human_with_two_accounts_is_one_person(make_world: MakesWorld) -> None:
    config = f"{CONFIG}same_person: [[{MANAGER}, {OTHER_MANAGER}]]\n"
    with make_world(config=config) as world:
        world.asks_and_approves("120.50", person=MANAGER)
        world.paytend.events.change_books("double")
        compare(world)
        alarm = world.slack.messages("C0ONCALL")[-1]
        world.clicks(MANAGER, "books_known", message=alarm)
        world.submits(MANAGER, reason="it is known")

        world.clicks(OTHER_MANAGER, "books_known", message=alarm)

        assert "SaidAlready" in world.refusals()
        assert differences(world)[0].known_at is None


def test_support_may_neither_look_nor_say_that_it_is_known(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("120.50")
    world.paytend.events.change_books("double")
    compare(world)

    world.types(SUPPORT, "/partner books today")
    world.clicks(SUPPORT, "books_known", message=world.slack.messages("C0APPROVALS")[-1])

    assert world.refusals()[-2:] == ["NotInRole", "NotInRole"]


def test_a_day_with_many_findings_has_pages(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for _ in range(12):
        world.paytend.events.change_books("foreign", "7.00")

    world.types(MANAGER, "/partner books today")
    assert "0 of 0 agree; 12 not ours, 84.00 EUR · 1\u201310 of 12" in shown(world, MANAGER)
    world.clicks_reply(MANAGER, "partner_books_next")

    assert "11\u201312 of 12" in shown(world, MANAGER)
    assert [row.event for row in world.trail()].count("books:read") == 2


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("yesterdy", "is no date"),
        ("2026-11-30", "is in the future"),
        ("2024-01-01", "more than a year ago"),
        ("today all", "didn’t understand"),
    ],
)
def test_a_day_that_cannot_be_compared_is_refused_with_words(
    sqlite_world: JourneyWorld, typed: str, says: str
) -> None:
    sqlite_world.types(MANAGER, f"/partner books {typed}")

    assert says in sqlite_world.told(MANAGER)


def test_more_differences_than_messages_become_one(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("120.50")
    for _ in range(11):
        world.paytend.events.change_books("impostor")
        with world.paytend.books.lock:
            entry = world.paytend.books.partner_entries[-1]
            entry.order_no = world.request().reference[:-8] + entry.trade_id[-8:]

    compare(world)

    assert len(channel(world, "C0ONCALL")) == 1
    assert "11 differences at once" in channel(world, "C0ONCALL")[0]


def test_references_begin_with_the_prefix_and_one_without_a_request_alarms(make_world: MakesWorld) -> None:
    with make_world(config=f"{CONFIG}books: {{others: expected, prefix: CO}}\n") as world:
        request = world.asks_and_approves("120.50")
        assert request.reference.startswith("co")
        world.paytend.events.change_books("foreign", "7.00")
        with world.paytend.books.lock:
            world.paytend.books.partner_entries[-1].order_no = "CO-4711"

        compare(world)

        assert kinds(world) == ["our reference, no request"]
        with world.bot.database.reading() as session:
            assert session.get_one(BooksDay, world.clock.now().date()).is_whole


def test_nothing_is_written_at_paytend(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks_and_approves("120.50")
    before = len(world.paytend.calls)

    compare(world)

    asked = {call.operation for call in world.paytend.calls[before:]}
    assert asked == {"getPartnerBalance", "getPartnerTransactions"}
