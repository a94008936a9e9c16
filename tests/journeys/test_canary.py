"""Marked secrets go through every path; then all that was kept, logged or sent is searched for them."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from bot.logs import QUIET, LineFormatter
from sandbox.slack import seed
from sandbox.slack.web_api import ApiCall
from tests.journeys.card_world import CARDS_CONFIG
from tests.journeys.conftest import MakesWorld
from tests.journeys.test_apply import applies
from tests.journeys.test_holders import NEW, attaches, chooses_place, creates, searches
from tests.journeys.test_top_up_form import forged
from tests.journeys.world import ADMIN, CARD, HOLDER, MANAGER, ONCALL, SUPPORT, JourneyWorld, actions_of

TYPED_NUMBER = "4532015112830366"
SPACED_NUMBER = "5425 2334 3010 9903"
CARDS_OWN_NUMBER = "5555341244441115"
MERCHANTS_NUMBER = "4000056655665556"
CVV = "7391746"  # longer than a real one, so that it is not found by chance
HOLDERS_ID, NEW_ID = "CANARY1D0001", "CANARY1D0002"
PASSWORD = "canary-p4ssw0rd-9f3"
FILE_MARK = b"CANARY-IN-THE-FILE"
NUMBERS = (TYPED_NUMBER, SPACED_NUMBER, SPACED_NUMBER.replace(" ", ""), CARDS_OWN_NUMBER, MERCHANTS_NUMBER)
TOKENS = (seed.BOT_TOKEN, seed.SIGNING_SECRET, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
MARKS = (*NUMBERS, CVV, PASSWORD, HOLDERS_ID, NEW_ID, FILE_MARK.decode(), *TOKENS)


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Everything that is logged, as production writes it."""
    stream = StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(LineFormatter("json"))
    levels = {name: logging.getLogger(name).level for name in QUIET}
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def mark(world: JourneyWorld) -> None:
    """Put the marks where Paytend has them, and let it leak what it can."""
    card = world.paytend.books.cards[CARD]
    card.number, card.cvv = CARDS_OWN_NUMBER, CVV
    card.own_pin = PASSWORD
    world.paytend.books.holders[HOLDER].id_no = HOLDERS_ID
    world.paytend.switches.set_modes(full_card_numbers=True, password_in_answer=True)


def hears_all(world: JourneyWorld) -> None:
    """Deliver every webhook of Paytend's to the bot."""
    for webhook in world.paytend.webhooks:
        world.webhook_arrives(json.dumps(webhook.sealed).encode())
    world.settles()


def types_everything(world: JourneyWorld) -> None:
    for text in (
        f"/card info {TYPED_NUMBER}",
        f"/card info {CARD}",
        f"/card lost {SPACED_NUMBER}",
        f"/topup {CARD} 10 EUR for {SPACED_NUMBER}",
        f"/topup {CARD} 10 EUR customer called",
        f"/topup status {TYPED_NUMBER}",
        f"/holder status {HOLDER}",
        f"/holder status passport {HOLDERS_ID}",
        f"/holder status passport {TYPED_NUMBER}",
        f"/holder cities LT {TYPED_NUMBER}",
        f"/holder cities {TYPED_NUMBER}",
        f"/approvals show {TYPED_NUMBER}",
        "/approvals mine",
        f"/cardops {TYPED_NUMBER}",
    ):
        world.types(SUPPORT, text)
    world.types(ADMIN, "/cardops doctor")


def decides(world: JourneyWorld) -> None:
    """Deny with a card number in the reason (refused under the field), then approve."""
    world.clicks(MANAGER, "request_deny")
    world.submits(MANAGER, reason=f"because of {TYPED_NUMBER}")
    world.slack.closes(MANAGER)
    world.settles()
    world.clicks(MANAGER, "request_approve")


def fills_forms(world: JourneyWorld) -> None:
    creates(world, NEW | {"line": f"card {SPACED_NUMBER}", "id_number": NEW_ID})
    world.slack.closes(SUPPORT)
    world.settles()
    creates(world, NEW | {"id_number": NEW_ID})
    creates(world, NEW | {"id_number": NEW_ID})  # refused: there is such a cardholder now
    world.paytend.switches.lose_next_answer(operation="createCardholder")
    creates(world, NEW | {"id_number": f"{NEW_ID}X"})
    attaches(world, b"\xff\xd8\xff" + FILE_MARK)
    attaches(world, FILE_MARK)
    world.types(SUPPORT, f"/holder update {HOLDER}")
    world.submits(SUPPORT, gender="1", reason=f"he said {TYPED_NUMBER}")
    world.submits(SUPPORT, gender="1", reason="he said so")
    world.clicks(MANAGER, "request_approve")
    applies(world, remarks=f"like {TYPED_NUMBER}")
    applies(world)
    world.clicks(MANAGER, "request_approve")


def retrieves_a_password(world: JourneyWorld) -> None:
    """Once and the requester sees it, and once more unseen, so that one stays in memory."""
    world.passes(hours=25)  # they changed the cardholder, so they rest for a day
    world.paytend.events.audit(HOLDER, 2)
    for again in (False, True):
        world.types(SUPPORT, f"/card password {CARD}")
        world.submits(SUPPORT, card=CARD, identified="called_back", reason="forgot it")
        if again:
            world.clicks_modal(SUPPORT, "ask_again")
        world.slack.closes(SUPPORT)
        world.settles()
        world.clicks(MANAGER, "request_approve")
        if not again:
            looks_at_the_secret(world)
    world.types(SUPPORT, f"/approvals show {world.request().id}")
    world.slack.closes(SUPPORT)
    world.settles()


def looks_at_the_secret(world: JourneyWorld) -> None:
    replies = world.slack.messages("C0APPROVALS", world.card()["ts"])
    button = next(message for message in replies if "secret_once" in actions_of(message))
    world.clicks(MANAGER, "secret_once", message=button)
    world.clicks(SUPPORT, "secret_once", message=button)
    assert PASSWORD in world.modal_text(SUPPORT)
    world.slack.closes(SUPPORT)
    world.settles()
    world.clicks(SUPPORT, "secret_once", message=button)


def happens_at_paytend(world: JourneyWorld) -> None:
    events = world.paytend.events
    events.purchase(CARD, "1.00", merchant=f"SHOP {MERCHANTS_NUMBER}")
    events.decline(CARD, "1.00", merchant=f"SHOP {MERCHANTS_NUMBER}")
    events.audit(HOLDER, 3, error=f"The document {MERCHANTS_NUMBER} is no document")
    world.passes(minutes=15)
    hears_all(world)
    world.bot.approvals.follow_up.follow_orders()
    world.settles()


def looks_at_home(world: JourneyWorld) -> None:
    for person in (SUPPORT, MANAGER, ONCALL, ADMIN):
        world.slack.opens_home(person)
        world.settles()
    world.clicks(SUPPORT, "home_card", view=world.slack.home(SUPPORT))
    world.submits(SUPPORT, card=forged(TYPED_NUMBER))
    world.submits(SUPPORT, card=CARD)
    world.bot.slack.home.refresh()


def searches_with_marks(world: JourneyWorld) -> None:
    world.types(SUPPORT, "/holder create")
    chooses_place(world)
    searches(world, SUPPORT, TYPED_NUMBER, action="city_LT")
    world.slack.closes(SUPPORT)
    world.settles()


def kept_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def shows_the_password(call: ApiCall) -> bool:
    """Whether a call may contain the password: only the one that opens a modal for the person who clicked."""
    return call.method == "views.open" and '"secret_once"' in json.dumps(call.args)


def sent_to_slack(world: JourneyWorld) -> str:
    """Everything that the bot sent but for that modal: its calls, and what people see by response addresses."""
    calls = [
        {"method": call.method, **call.args} for call in world.slack.api_calls if not shows_the_password(call)
    ]
    seen = [world.slack.ephemerals(person) for person in world.slack.state.people]
    answers = [delivery.response for delivery in world.slack.deliveries]
    return json.dumps([calls, seen, answers], ensure_ascii=False, default=str)


def test_no_marked_secret_is_kept_logged_or_sent(
    make_world: MakesWorld, sqlite_folder: Path, logged: StringIO
) -> None:
    with make_world(config=CARDS_CONFIG) as world:
        go_everywhere(world, sqlite_folder, logged)


def go_everywhere(world: JourneyWorld, folder: Path, logged: StringIO) -> None:
    mark(world)

    types_everything(world)
    decides(world)
    fills_forms(world)
    happens_at_paytend(world)
    retrieves_a_password(world)
    looks_at_home(world)
    searches_with_marks(world)
    world.bot.jobs.fire_all()
    world.settles()

    stored, sent, lines = kept_in(folder), sent_to_slack(world), logged.getvalue()
    # The search does find things, and every path was walked to its end.
    assert b"cardholder:read" in stored
    assert "customer called" in sent
    assert "paytend.called" in lines
    assert sorted(request.action for request in world.requests() if request.status == "executed") == [
        "card.apply",
        "card.retrieve_password",
        "card.retrieve_password",
        "card.top_up",
        "cardholder.update",
    ]
    assert len(world.paytend.calls_of("createCardholder")) == 3
    assert len(world.paytend.calls_of("uploadDocument")) == 1
    assert lines.count("webhooks.taken") >= 4
    assert sum(PASSWORD in json.dumps(call.args) for call in world.slack.api_calls) == 1, "shown once, in a modal"
    assert b"secret:shown" in stored
    found = {
        mark: [
            place
            for place, holds in (
                ("database", mark.encode() in stored),
                ("logs", mark in lines),
                ("slack", mark in sent),
            )
            if holds
        ]
        for mark in MARKS
    }
    assert {mark: places for mark, places in found.items() if places} == {}


def test_what_is_masked_is_seen_masked(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    mark(world)

    world.types(SUPPORT, f"/card info {CARD}")
    world.types(SUPPORT, f"/holder status {HOLDER}")

    assert "1115" in world.slack.ephemerals(SUPPORT)[-2]["text"]
    assert "CA••••••••01" in sent_to_slack(world)
    assert CARDS_OWN_NUMBER not in sent_to_slack(world)
