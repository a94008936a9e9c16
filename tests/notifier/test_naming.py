"""Whose card it is: asked beside the notice, never before it, and not again for every movement of the card."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

import pytest

from notifier import naming
from notifier.inbox import take_in
from notifier.naming import Names
from notifier.routes import RouteRule, Routes
from notifier.telling import Teller
from paytend import AmountUnit, Refused, Unreachable
from tests.notifier.conftest import World
from tests.notifier.stories import make_transaction
from tests.notifier.test_inbox import row_of


@dataclass
class Desk:
    """A teller with names over a world; `asked` are the cards that Paytend was asked about."""

    world: World
    names: Names
    teller: Teller
    asked: list[str]
    answers: dict[str, str | Exception | None] = field(default_factory=dict)

    def hears(self, **changes: object) -> None:
        with self.world.database.writing() as session:
            take_in(session, [row_of(self.world, *make_transaction(**changes))])
        self.teller.tell_due()

    def holder_shown(self, message: int = 0) -> str | None:
        shown = self.world.slack.messages[message]
        fields = [field["text"] for block in shown["blocks"] for field in block.get("fields", [])]
        found = [text.partition("\n")[2] for text in fields if text.startswith("*Cardholder*")]
        assert (f" of {found[0]}," in shown["text"]) if found else (" of " not in shown["text"])
        return found[0] if found else None


@pytest.fixture
def desk(world: World) -> Desk:
    asked: list[str] = []
    answers: dict[str, str | Exception | None] = {"1755902": "Maria Kuusk"}

    def ask(card_id: str) -> str | None:
        asked.append(card_id)
        answer = answers[card_id]
        if isinstance(answer, Exception):
            raise answer
        return answer

    names = Names(
        ask=ask,
        transactions=world.database,
        outbox=world.outbox,
        vault=world.vault,
        now=lambda: world.clock.now,
        monotonic=lambda: world.clock().timestamp(),
        wake=lambda: None,
        wake_deliverer=lambda: None,
    )
    teller = Teller(
        transactions=world.database,
        outbox=world.outbox,
        routes=Routes(rules=(RouteRule(kind="transaction", to=("alerts",)),), channels={"alerts": "C0ALERTS"}),
        vault=world.vault,
        unit=AmountUnit.MINOR,
        timezone=UTC,
        now=lambda: world.clock.now,
        monotonic=lambda: 0.0,
        wake_deliverer=lambda: None,
        names=names,
    )
    return Desk(world=world, names=names, teller=teller, asked=asked, answers=answers)


def test_a_notice_is_posted_at_once_and_named_afterwards(desk: Desk) -> None:
    desk.hears()
    desk.world.delivers()
    assert desk.holder_shown() is None

    assert desk.names.learn_next()
    desk.world.delivers_all(2)

    assert desk.holder_shown() == "Maria Kuusk"
    assert len(desk.world.slack.messages) == 1
    assert not desk.names.learn_next()


def test_what_nobody_has_begun_to_post_has_the_name_from_the_start(desk: Desk) -> None:
    desk.hears()
    desk.names.learn_next()
    desk.world.delivers()

    assert desk.holder_shown() == "Maria Kuusk"
    assert desk.world.slack.count("chat.update") == 0


def test_the_next_movement_of_the_card_has_it_too_without_asking(desk: Desk) -> None:
    desk.hears()
    desk.names.learn_next()
    desk.hears(tradeId="T2")
    desk.world.delivers_all(3)

    assert [desk.holder_shown(0), desk.holder_shown(1)] == ["Maria Kuusk"] * 2
    assert desk.asked == ["1755902"]

    desk.world.clock.passes(seconds=naming.REMEMBERED + 1)
    desk.hears(tradeId="T3")
    assert desk.names.learn_next()
    assert desk.asked == ["1755902"] * 2, "a name may change"


def test_a_later_stage_keeps_the_name_also_when_it_is_not_remembered(desk: Desk) -> None:
    desk.hears(tradeStatus=1)
    desk.world.delivers()
    desk.names.learn_next()
    desk.world.clock.passes(hours=5)
    desk.answers["1755902"] = Unreachable("down")
    desk.hears(tradeSrc="S", tradeStatus=1)
    desk.world.delivers_all(3)

    assert desk.holder_shown() == "Maria Kuusk"
    assert "Settled" in desk.world.slack.messages[0]["text"]


def test_a_card_without_a_name_is_not_asked_about_again_and_again(desk: Desk) -> None:
    desk.answers["1755902"] = None
    desk.answers["1755903"] = Refused(code="99", reason="no such card", verified=True)
    for trade in ("T1", "T2"):
        for card in ("1755902", "1755903"):
            desk.hears(cardId=card, tradeId=f"{trade}{card}")
        while desk.names.learn_next():
            pass
    desk.world.delivers_all(6)

    assert sorted(desk.asked) == ["1755902", "1755903"]
    assert len(desk.world.slack.messages) == 4


def test_a_paytend_that_is_down_is_asked_again_later_and_holds_no_notice(desk: Desk) -> None:
    desk.answers["1755902"] = Unreachable("down")
    desk.hears()
    with pytest.raises(Unreachable):
        desk.names.learn_next()
    desk.world.delivers()
    assert desk.holder_shown() is None

    desk.answers["1755902"] = "Maria Kuusk"
    desk.names.learn_next()
    desk.world.delivers_all(2)

    assert desk.holder_shown() == "Maria Kuusk"


def test_a_flood_of_cards_is_not_remembered_without_end(desk: Desk) -> None:
    cards = [f"9{number:06d}" for number in range(naming.MOST_WAITING + 10)]
    desk.names.want([(card, "purchase:none") for card in cards])
    desk.answers |= dict.fromkeys(cards, "Someone")
    while desk.names.learn_next():
        pass

    assert desk.asked == cards[: naming.MOST_WAITING]


def test_it_runs_until_it_is_stopped(desk: Desk) -> None:
    desk.hears()
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=desk.names.run, args=(stop, wake))
    thread.start()
    _wait_until(lambda: desk.asked == ["1755902"])
    stop.set()
    wake.set()
    thread.join(timeout=10)

    assert not thread.is_alive()


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + timedelta(seconds=10).total_seconds()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
