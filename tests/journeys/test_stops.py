"""Stop: one person stops at once, everything shows it, two people resume, and what waited is carried out once."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from approvals.policy.stop_conditions import StopCause
from bot.http.app import HttpRequest
from bot.slack.edge import is_instant
from bot.slack.payloads import Incoming, read_incoming
from bot.slack.router import decides
from sandbox.slack import SlackWorkspace
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import (
    ADMIN,
    CARD,
    CONFIG,
    MANAGER,
    ONCALL,
    OTHER_MANAGER,
    SUPPORT,
    JourneyWorld,
    actions_of,
    door_of,
    text_of,
)


def fires(world: JourneyWorld) -> None:
    world.bot.jobs.fire("stops")
    world.settles()


def line(slack: SlackWorkspace) -> dict[str, Any]:
    """The line of the newest stop in the approvals channel."""
    return [
        message
        for message in slack.messages("C0APPROVALS")
        if "topped: " in message["text"] or "Resumed: " in message["text"]
    ][-1]


def reply(world: JourneyWorld, person: str) -> str:
    return text_of(world.slack.ephemerals(person)[-1]["blocks"])


def answers(world: JourneyWorld, path: str) -> tuple[int, str]:
    status, _, body = door_of(world.bot.web, path=path)("GET", "", {}, b"")
    return status, body.decode()


def test_one_person_stops_everything_at_once_and_two_resume_it(world: JourneyWorld) -> None:
    before = world.card_balance()
    world.asks()
    card = world.card()

    world.types(ONCALL, "/cardops stop all the portal shows top-ups that nobody asked for")
    assert "Stopped: everything" in world.told(ONCALL)
    assert "/cardops resume all" in reply(world, ONCALL)
    fires(world)

    # What waits is decided, waits and says why; nothing is sent.
    assert world.slack.message("C0APPROVALS", card["ts"])
    world.clicks(MANAGER, "request_approve", message=card)
    world.passes(minutes=2)
    fires(world)
    assert world.request().status == "approved"
    assert world.card_balance() == before
    shown = text_of(world.slack.message("C0APPROVALS", card["ts"])["blocks"])
    assert f"*Stopped by <@{ONCALL}>*" in shown
    assert "the portal shows top-ups that nobody asked for" in shown

    # Looking and reporting lost go on.
    world.types(SUPPORT, "/card info 1755903")
    world.types(SUPPORT, "/card lost 1755903")
    world.clicks_reply(SUPPORT, "card_lost")
    assert world.paytend.books.cards["1755903"].status == 6

    world.types(ONCALL, "/cardops resume all it was a rehearsal")
    assert "1 of 2 people" in world.told(ONCALL)
    world.passes(minutes=1)
    assert world.request().status == "approved"
    world.clicks(OTHER_MANAGER, "stop_resume", message=line(world.slack))
    assert "Resumed: everything" in world.told(OTHER_MANAGER)
    world.passes(seconds=11)
    fires(world)

    assert world.request().status == "executed"
    assert world.card_balance() == before + 12050
    assert "Stopped by" not in text_of(world.slack.message("C0APPROVALS", card["ts"])["blocks"])


def test_a_stop_is_pinned_while_it_stands(world: JourneyWorld) -> None:
    world.types(MANAGER, "/cardops stop top-ups fraud suspected")
    fires(world)
    assert line(world.slack)["pinned_to"] == ["C0APPROVALS"]
    assert actions_of(line(world.slack)) == ["stop_resume"]
    fires(world)

    world.types(MANAGER, "/cardops resume")
    world.types(ADMIN, "/cardops resume top-ups")
    fires(world)
    fires(world)

    assert "pinned_to" not in line(world.slack)
    assert line(world.slack)["text"] == "Resumed: top-ups"
    assert actions_of(line(world.slack)) == []
    calls = [call.method for call in world.slack.api_calls if call.method.startswith("pins.")]
    assert calls == ["pins.add", "pins.remove"]


def test_without_the_scope_a_stop_is_not_pinned_and_the_doctor_says_so(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.slack.credentials.scopes = frozenset(world.slack.credentials.scopes) - {"pins:write"}
    world.types(MANAGER, "/cardops stop all fraud suspected")
    fires(world)
    fires(world)

    assert "pinned_to" not in line(world.slack)
    world.types(ADMIN, "/cardops doctor")
    assert "Stopped: everything since" in reply(world, ADMIN)
    assert "Not pinned in the approvals channel: missing_scope." in reply(world, ADMIN)
    assert [call.method for call in world.slack.api_calls].count("pins.add") == 1


def test_home_readyz_and_metrics_show_a_stop(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    before, body = answers(world, "/readyz")
    assert json.loads(body)["stopped"] == []
    world.slack.opens_home(SUPPORT)
    world.settles()
    world.types(MANAGER, f"/cardops stop card {CARD} the holder is being blackmailed")
    world.bot.jobs.fire("home")

    status, body = answers(world, "/readyz")
    assert (status, json.loads(body)["stopped"]) == (before, [f"card {CARD}"]), "a stop is information"
    assert 'cardops_stops{scope="card"} 1.0' in answers(world, "/metrics")[1]
    assert 'cardops_stops{scope="all"} 0.0' in answers(world, "/metrics")[1]
    assert f"Stopped: card {CARD}" in text_of(world.slack.home(SUPPORT))


def test_a_stop_of_one_card_lets_other_cards_through(world: JourneyWorld) -> None:
    world.types(MANAGER, f"/cardops stop card {CARD} disputed")
    world.asks()
    world.clicks(OTHER_MANAGER, "request_approve")
    world.asks(card="1755903")
    world.clicks(OTHER_MANAGER, "request_approve")
    world.passes(seconds=11)

    by_card = {request.subject: request.status for request in world.requests()}
    assert by_card == {CARD: "approved", "1755903": "executed"}


def test_nobody_resumes_alone_and_support_neither_stops_nor_resumes(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(SUPPORT, "/cardops stop all because")
    assert world.refusals() == ["NotInRole"]
    world.types(MANAGER, "/cardops stop all because")
    world.types(MANAGER, "/cardops resume all")
    world.types(MANAGER, "/cardops resume all")
    assert "We need a second person" in world.told(MANAGER)
    world.types(SUPPORT, "/cardops resume all")

    assert world.refusals() == ["NotInRole", "ResumesAlone", "NotInRole"]
    assert json.loads(answers(world, "/readyz")[1])["stopped"] == ["all"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/cardops stop", "Why?"),
        ("/cardops stop all", "Why?"),
        ("/cardops stop card", "Which card?"),
        ("/cardops stop card ;;; x", "is not a card ID"),
        ("/cardops resume", "Nothing of this is stopped"),
        ("/cardops resume top-ups", "Nothing of this is stopped"),
    ],
)
def test_what_is_misread_is_told(sqlite_world: JourneyWorld, typed: str, says: str) -> None:
    sqlite_world.types(MANAGER, typed)

    assert says in sqlite_world.told(MANAGER)


def test_a_stop_without_a_scope_stops_everything(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(MANAGER, "/cardops stop fraud suspected")
    assert "Stopped: everything" in world.told(MANAGER)
    world.types(ONCALL, "/cardops stop topups keys may have leaked")
    world.types(ADMIN, "/cardops resume")
    assert "Which? Stopped are: all, top-ups." in world.told(ADMIN)
    world.types(ADMIN, "/cardops stop")
    assert reply(world, ADMIN).count("Stopped: ") == 2


def test_more_unknown_outcomes_than_allowed_stop_by_themselves(make_world: MakesWorld) -> None:
    with make_world(config=CONFIG + "stop_when: [{unknown_over: 0, stops: top-ups}]\n") as world:
        world.paytend.switches.lose_next_request(operation="topup")
        world.asks_and_approves()
        fires(world)
        fires(world)

        assert json.loads(answers(world, "/readyz")[1])["stopped"] == ["top-ups"]
        assert "by cardops itself" in text_of(line(world.slack)["blocks"])
        for person in (MANAGER, ONCALL):
            world.types(person, "/cardops resume top-ups seen")
        fires(world)
        assert json.loads(answers(world, "/readyz")[1])["stopped"] == [], "the same does not stop twice"


def test_a_stop_by_itself_mentions_on_call_and_managers(make_world: MakesWorld) -> None:
    with make_world(config=CONFIG + "stop_when: [{unknown_over: 0, stops: top-ups}]\n") as world:
        world.paytend.switches.lose_next_request(operation="topup")
        world.asks_and_approves()
        fires(world)
        shown = text_of(line(world.slack)["blocks"])
        assert shown.startswith("<!subteam^S0ONCALL> <!subteam^S0MANAGER> :octagonal_sign:"), shown


def test_a_stop_is_on_the_disk_when_slack_is_told_that_it_was_accepted() -> None:
    def delivered(text: str, command: str = "/cardops") -> Incoming:
        fields = {"command": command, "text": text, "user_id": "U0", "team_id": "T0", "trigger_id": "1"}
        return read_incoming(fields)

    assert decides(delivered("stop all fraud suspected"))
    assert decides(delivered("  Resume"))
    assert not decides(delivered("doctor"))
    assert not decides(delivered("1755902 10.00 EUR", command="/topup"))
    body = b"command=%2Fcardops&text=stop+all+fraud"
    assert not is_instant(HttpRequest(method="POST", path="/slack/events", headers={}, body=body))


def test_off_by_default_nothing_stops_by_itself(sqlite_world: JourneyWorld) -> None:
    sqlite_world.paytend.switches.lose_next_request(operation="topup")
    sqlite_world.asks_and_approves()
    fires(sqlite_world)

    assert json.loads(answers(sqlite_world, "/readyz")[1])["stopped"] == []


def test_a_broken_trail_stops_everything_where_the_operator_wants_it(make_world: MakesWorld) -> None:
    with make_world(config=CONFIG + "stop_when: [trail_broken]\n") as world:
        world.bot.jobs.fire("trail")
        assert json.loads(answers(world, "/readyz")[1])["stopped"] == []
        removed = break_trail(world)
        world.passes(hours=1)
        world.bot.jobs.fire("trail")
        world.settles()

        assert json.loads(answers(world, "/readyz")[1])["stopped"] == ["all"]
        assert "the audit trail is broken at event 1" in text_of(line(world.slack)["blocks"])
        mend_trail(world, removed)


def test_books_that_differ_stop_where_the_operator_wants_it(make_world: MakesWorld) -> None:
    with make_world(config=CONFIG + "stop_when: [{books_differ: true, stops: top-ups}]\n") as world:
        assert world.bot.approvals.stops.stop_for(StopCause.BOOKS_DIFFER, "the books differ: 1 new")
        assert not world.bot.approvals.stops.stop_for(StopCause.TRAIL_BROKEN, "not wanted")

        assert json.loads(answers(world, "/readyz")[1])["stopped"] == ["top-ups"]


def break_trail(world: JourneyWorld) -> str:
    """Change the first event as somebody with the file could, and return how it was."""
    world.types(ADMIN, "/cardops doctor")
    with world.bot.database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER cardops_audit_event_unchanged")
        actor = connection.exec_driver_sql("SELECT actor FROM audit_event WHERE seq = 1").scalar_one()
        connection.exec_driver_sql("UPDATE audit_event SET actor = 'U0EVE' WHERE seq = 1")
    return str(actor)


def mend_trail(world: JourneyWorld, actor: str) -> None:
    """Put it back: a journey ends with an unbroken trail."""
    with world.bot.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE audit_event SET actor = ? WHERE seq = 1", (actor,))


def test_a17_any_number_of_forged_stops_is_some_lines_and_one_word(world: JourneyWorld) -> None:
    forged = (
        "INSERT INTO stop (id, scope, cause, mark, reason, person_id, account, name, stopped_at, mac) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT 'forged' || i, "
        "'all', 'person', '', 'me', 'U0X', 'U0X', 'X', '2026-01-01 00:00:00.000000', '' FROM n"
    )
    with world.bot.database.writing() as session:
        session.connection().execute(text(forged))

    for _ in range(3):
        fires(world)
        world.settles()

    assert len(world.slack.messages("C0APPROVALS")) == 10
    assert answers(world, "/readyz")[1].count("all") == 1
    world.types(ADMIN, "/cardops doctor")
    assert "and 495 more like it" in text_of(world.slack.ephemerals(ADMIN)[-1]["blocks"])
