"""Whose card it is: asked beside the notice, never before it, and not again for every movement of the card."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlmodel import select

from notifier.inbox import cardholder_names
from notifier.inbox.cardholder_names import CardholderNames, Incomplete, LossReports
from notifier.inbox.decline_reasons import CardLook, LossReport
from notifier.inbox.dispatcher import Dispatcher
from notifier.inbox.group_commit import GroupCommit
from notifier.inbox.inbox import take_in
from notifier.routing.routes import RouteRule, Routes
from notifier.routing.silence_matcher import Matcher, matches
from notifier.routing.tables import Acknowledgement
from paytend import AmountUnit, AmountUnits, Money, Refused, Unreachable
from paytend.errors import AnotherSubject
from paytend.models.codes import CardStatus
from tests.notifier.conftest import NotifierWorld
from tests.notifier.inbox.test_inbox import row_of
from tests.notifier.stories import make_transaction


@dataclass
class Desk:
    """A teller with names over a world; `asked` are the cards that Paytend was asked about."""

    world: NotifierWorld
    names: CardholderNames
    dispatcher: Dispatcher
    asked: list[str]
    answers: dict[str, str | CardLook | Exception | None] = field(default_factory=dict)
    reports: dict[str, LossReport] = field(default_factory=dict)

    def hears(self, **changes: object) -> None:
        with self.world.database.writing() as session:
            take_in(session, [row_of(self.world, *make_transaction(**changes))])
        self.dispatcher.dispatch_due()

    def holder_shown(self, message: int = 0) -> str | None:
        shown = self.world.slack.messages[message]
        line = shown["blocks"][0]["text"]["text"].partition("\n")[0].rpartition(" · ")[2]
        assert f", {line}." in shown["text"]
        return None if line.startswith("card ") else line.partition(" ••••")[0]


@pytest.fixture
def context(world: NotifierWorld) -> Desk:
    asked: list[str] = []
    answers: dict[str, str | CardLook | Exception | None] = {"1755902": "Maria Kuusk"}
    reports: dict[str, LossReport] = {}

    def look(card_id: str, *, with_review: bool) -> CardLook:
        asked.append(card_id)
        answer = answers[card_id]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, CardLook) else CardLook(holder_name=answer)

    names = CardholderNames(
        look=look,
        reports=LossReports(find=lambda _session, card_id: reports.get(card_id), find_name={"U0SAM": "Sam"}.get),
        database=world.database,
        outbox=world.outbox,
        vault=world.vault,
        now_in=world.clock,
        monotonic=lambda: world.clock().timestamp(),
        wake=lambda: None,
        wake_deliverer=lambda: None,
    )
    dispatcher = Dispatcher(
        database=world.database,
        outbox=world.outbox,
        routes=Routes(
            rules=(RouteRule(kind="transaction", to=("alerts",)),),
            channels={"alerts": "C0ALERTS"},
            mentions={"oncall": ("U0OLGA",)},
        ),
        vault=world.vault,
        units=AmountUnits(calls=AmountUnit.MINOR, webhooks=AmountUnit.MINOR),
        timezone=UTC,
        now_in=world.clock,
        monotonic=lambda: 0.0,
        wake_deliverer=lambda: None,
        intake=GroupCommit(world.database),
        cardholder_names=names,
    )
    return Desk(world=world, names=names, dispatcher=dispatcher, asked=asked, answers=answers, reports=reports)


def test_a_notice_is_posted_at_once_and_named_afterwards(context: Desk) -> None:
    context.hears()
    context.world.delivers()
    assert context.holder_shown() is None

    assert context.names.fetch_next()
    context.world.delivers_all(2)

    assert context.holder_shown() == "Maria Kuusk"
    assert len(context.world.slack.messages) == 1
    assert not context.names.fetch_next()


def test_n25_each_copy_keeps_its_own_mentions_when_it_is_named(context: Desk) -> None:
    world = context.world
    facts: dict[str, Any] = {"mentions": [], "holder_name": None}
    with world.database.writing() as session:
        subject = world.outbox.make_key()
        for recipient, mentions in (("C0ALERTS", []), ("C0OPS", ["S0ONCALL"])):
            told = {**facts, "mentions": mentions}
            world.outbox.enqueue(
                session, kind="words", facts=told, recipient=recipient, now=world.clock.now, key=subject
            )
        assert world.outbox.amend(session, subject, {"holder_name": "Maria Kuusk"}, now=world.clock.now) == 2
    world.delivers()

    with world.database.writing() as session:
        world.outbox.amend(session, subject, {"holder_name": "Mari Kuusk"}, now=world.clock.now)

    told_last = {row.recipient: world.outbox.read(row) for row in world.rows()}
    assert told_last == {
        "C0ALERTS": {"mentions": [], "holder_name": "Mari Kuusk"},
        "C0OPS": {"mentions": ["S0ONCALL"], "holder_name": "Mari Kuusk"},
    }


def test_what_nobody_has_begun_to_post_has_the_name_from_the_start(context: Desk) -> None:
    context.hears()
    context.names.fetch_next()
    context.world.delivers()

    assert context.holder_shown() == "Maria Kuusk"
    assert context.world.slack.count("chat.update") == 0


def test_the_next_movement_of_the_card_has_it_too_without_asking(context: Desk) -> None:
    context.hears(tradeStatus=1)
    context.names.fetch_next()
    context.hears(tradeId="T2", tradeStatus=1)
    context.world.delivers_all(3)

    assert [context.holder_shown(0), context.holder_shown(1)] == ["Maria Kuusk"] * 2
    assert context.asked == ["1755902"]

    context.world.clock.passes(seconds=cardholder_names.REMEMBERED + 1)
    context.hears(tradeId="T3", tradeStatus=1)
    assert context.names.fetch_next()
    assert context.asked == ["1755902"] * 2, "a name may change"


def test_a_later_stage_keeps_the_name_also_when_it_is_not_remembered(context: Desk) -> None:
    context.hears(tradeStatus=1)
    context.world.delivers()
    context.names.fetch_next()
    context.world.clock.passes(hours=5)
    context.answers["1755902"] = Unreachable("down")
    context.hears(tradeSrc="S", tradeStatus=1)
    context.world.delivers_all(3)

    assert context.holder_shown() == "Maria Kuusk"
    assert "Settled" in context.world.slack.messages[0]["text"]


def test_a_card_without_a_name_is_not_asked_about_again_and_again(context: Desk) -> None:
    context.answers["1755902"] = None
    context.answers["1755903"] = Refused(code="99", reason="no such card", verified=True)
    for trade in ("T1", "T2"):
        for card in ("1755902", "1755903"):
            context.hears(cardId=card, tradeId=f"{trade}{card}", tradeStatus=1)
        while context.names.fetch_next():
            pass
    context.world.delivers_all(6)

    assert sorted(context.asked) == ["1755902", "1755903"]
    assert len(context.world.slack.messages) == 4


def test_a_paytend_that_is_down_is_asked_again_later_and_holds_no_notice(context: Desk) -> None:
    context.answers["1755902"] = Unreachable("down")
    context.hears()
    assert context.names.fetch_next()
    assert not context.names.fetch_next(), "not at once"
    context.world.delivers()
    assert context.holder_shown() is None

    context.answers["1755902"] = "Maria Kuusk"
    context.world.clock.passes(seconds=cardholder_names.AFTER_TROUBLE)
    context.names.fetch_next()
    context.world.delivers_all(2)

    assert context.holder_shown() == "Maria Kuusk"


def unnamed(card_id: str, subject: str = "purchase:none") -> Incomplete:
    return Incomplete(card_id=card_id, subject=subject, is_unexplained=False)


def test_n22_a_card_that_times_out_holds_no_other_and_is_given_up(context: Desk) -> None:
    context.answers |= {"1755902": Unreachable("timeout"), "1755903": "Ada Tamm"}
    context.hears()
    context.hears(cardId="1755903", tradeId="T2")
    context.world.delivers_all(2)

    assert context.names.fetch_next()
    assert context.names.fetch_next()
    context.world.delivers_all(2)
    assert context.holder_shown(1) == "Ada Tamm"

    for _ in range(20):
        with suppress(Unreachable):
            context.names.fetch_next()
        context.world.clock.passes(seconds=cardholder_names.LONGEST_PAUSE)
    assert context.asked.count("1755902") == cardholder_names.MOST_TRIES


def test_n22_a_paytend_that_answers_nobody_is_left_alone_for_a_while(context: Desk) -> None:
    cards = [f"9{number:06d}" for number in range(5)]
    context.answers |= dict.fromkeys(cards, Unreachable("down"))
    context.names.request([unnamed(card) for card in cards])

    assert context.names.fetch_next()
    assert context.names.fetch_next()
    with pytest.raises(Unreachable):
        context.names.fetch_next()


def test_n22_a_mistake_of_ours_about_one_card_holds_no_other(context: Desk) -> None:
    context.answers |= {"1755902": ValueError("ours"), "1755903": "Ada Tamm"}
    context.names.request([unnamed("1755902"), unnamed("1755903")])

    with pytest.raises(ValueError, match="ours"):
        context.names.fetch_next()
    assert context.names.fetch_next()
    assert context.names.find("1755903") == "Ada Tamm"


def test_n22_what_waits_for_one_name_is_bounded_too(context: Desk) -> None:
    context.answers["1755902"] = Unreachable("timeout")
    for number in range(cardholder_names.MOST_NOTICES + 7):
        context.names.request([unnamed("1755902", f"purchase:{number}")])

    (wanted,) = context.names._requested.values()
    assert [notice.subject for notice in wanted.notices] == [
        f"purchase:{number}" for number in range(7, cardholder_names.MOST_NOTICES + 7)
    ]


def lines(context: Desk) -> list[str]:
    """Return the lines of the first message as it is now."""
    text: str = context.world.slack.messages[0]["blocks"][0]["text"]["text"]
    return text.split("\n")[1:]


def buttons(context: Desk) -> list[str]:
    found = [
        block["elements"] for block in context.world.slack.messages[0]["blocks"] if block["type"] == "actions"
    ]
    return [element["action_id"] for row in found for element in row]


def test_a_decline_is_told_first_and_says_afterwards_why(context: Desk) -> None:
    context.answers["1755902"] = CardLook(
        holder_name="Maria Kuusk", status=CardStatus("5"), balances=(Money.read("4.10 EUR"),)
    )
    context.hears(businessDate=f"{context.world.clock.now:%Y-%m-%d %H:%M:%S}")
    context.world.delivers()
    assert lines(context) == []
    assert "card_lost" in buttons(context)

    context.names.fetch_next()
    context.world.delivers_all(2)

    assert lines(context) == ["Balance 4.10 EUR, asked 12.50 EUR"]
    assert "Balance 4.10 EUR, asked 12.50 EUR." in context.world.slack.messages[0]["text"]
    assert "card_lost" not in buttons(context), "it is explained, so nothing is suspicious"


def test_a_decline_is_looked_at_although_the_name_is_remembered(context: Desk) -> None:
    context.hears(tradeStatus=1)
    context.names.fetch_next()
    context.hears(tradeId="T2")

    assert context.names.fetch_next()
    assert context.asked == ["1755902"] * 2


def test_a_card_reported_lost_here_says_so_at_once_and_who_did_when_slack_has_said(context: Desk) -> None:
    at = context.world.clock.now
    context.reports["1755902"] = LossReport(account="U0SAM", at=at)
    context.answers["1755902"] = Unreachable("down")
    context.hears(businessDate=f"{at:%Y-%m-%d %H:%M:%S}")
    context.names.fetch_next()
    context.world.delivers()
    assert lines(context)[0].startswith("Reported lost <!date^")
    context.world.clock.passes(seconds=cardholder_names.AFTER_TROUBLE)

    context.answers["1755902"] = CardLook(holder_name="Maria Kuusk", status=CardStatus("6"))
    context.names.fetch_next()
    context.world.delivers_all(2)

    assert lines(context)[0].startswith("Reported lost by Sam <!date^")
    assert "card_lost" not in buttons(context)


def test_an_answer_about_another_card_is_not_believed(context: Desk) -> None:
    context.answers["1755902"] = AnotherSubject("card_id")
    context.hears()

    context.names.fetch_next()
    context.world.delivers()

    assert lines(context) == []
    assert context.holder_shown() is None


def test_n22_a_flood_of_cards_is_not_remembered_without_end_and_the_oldest_are_dropped(context: Desk) -> None:
    cards = [f"9{number:06d}" for number in range(cardholder_names.MOST_WAITING + 10)]
    context.names.request([unnamed(card) for card in cards])
    context.answers |= dict.fromkeys(cards, "Someone")
    while context.names.fetch_next():
        pass

    assert context.asked == cards[-cardholder_names.MOST_WAITING :]


def test_it_runs_until_it_is_stopped(context: Desk) -> None:
    context.hears()
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=context.names.run, args=(stop, wake))
    thread.start()
    _wait_until(lambda: context.asked == ["1755902"])
    stop.set()
    wake.set()
    thread.join(timeout=10)

    assert not thread.is_alive()


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + timedelta(seconds=10).total_seconds()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_purchase_on_a_card_that_was_reported_lost_is_urgent_at_once_and_says_who_reported_it(
    context: Desk,
) -> None:
    world = context.world
    context.reports["1755902"] = LossReport(account="U0SAM", at=world.clock.now - timedelta(minutes=5))
    said = {"tradeSrc": "A", "tradeStatus": 1, "businessDate": None}

    context.hears(**said)
    world.delivers()

    text = world.slack.messages[0]["text"]
    assert text.startswith("<@U0OLGA> Authorised: 12.50 EUR")
    assert "Reported lost <!date" in text
    assert "|2026-11-22 09:55 UTC>, yet it went through." in text
    assert "card_lost" in str(world.slack.messages[0]["blocks"])
    assert [row.urgent for row in world.rows()] == [True]
    with world.database.reading() as session:
        assert session.exec(select(Acknowledgement)).all()

    context.names.fetch_next()
    world.delivers_all(2)
    assert "Reported lost by Sam <!date" in world.slack.messages[0]["text"]

    context.hears(**said | {"tradeSrc": "S"})
    world.delivers_all(2)
    assert len(world.slack.messages) == 1, "it is known: its settlement rings nobody again"
    world.clock.passes(minutes=2)  # people are mentioned once a window
    context.hears(**said, amount="5000")
    world.delivers_all(2)
    assert "<@U0OLGA> Authorised: 50.00 EUR" in world.slack.messages[1]["text"], "and more money does"


def test_a_message_becomes_urgent_when_a_later_stage_shows_that_the_card_was_lost(context: Desk) -> None:
    world = context.world
    context.hears(tradeStatus=1, businessDate=None, tradeSrc="S")
    world.delivers()
    context.reports["1755902"] = LossReport(account="U0SAM", at=world.clock.now - timedelta(minutes=5))

    context.hears(tradeStatus=1, businessDate=None, tradeSrc="S", amount="900")
    world.delivers_all(3)

    [shown, reply] = world.slack.messages
    assert "yet it went through" in shown["text"]
    assert reply["text"].startswith("<@U0OLGA> Settled: 9.00 EUR")
    assert reply["thread_ts"] == shown["ts"]


def test_no_silence_holds_back_what_went_through_on_a_lost_card() -> None:
    lost = {"status": "settled", "despite": {"kind": "lost"}}
    assert not matches(Matcher(status="settled"), "transaction", lost)
    assert matches(Matcher(status="settled"), "transaction", {**lost, "despite": None})
