"""A low partner balance is told once, repeated as asked, and does not flap (F38, F39)."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError
from sqlmodel import select

from notifier.balance.levels import BalanceRule, Level, LevelState, decide
from notifier.balance.notices import RoutedOutbox
from notifier.balance.tables import BalanceSample
from notifier.balance.watch import BalanceWatch
from notifier.outbox.tables import Delivery, DeliveryStatus
from notifier.routing import silences
from notifier.routing.routes import Routes
from notifier.routing.silence_matcher import Matcher
from notifier.routing.storm_rules import StormRule
from paytend import AmountUnit, Money, Unreachable
from paytend.models import Answer
from paytend.operations.call import Call
from tests.notifier.conftest import START, NotifierWorld, run_together

T = TypeVar("T", bound=Answer)

RULE = BalanceRule.model_validate(
    {"every": "5m", "currencies": {"EUR": {"warn": 5000.00, "critical": "1000.00"}}, "repeat": "4h"}
)


def follow(*steps: tuple[float, str]) -> list[str | None]:
    """Return the notices of a balance that is each amount at each hour."""
    level_state, notices = LevelState(level=Level.OK), []
    for hour, amount in steps:
        change = decide(
            level_state,
            balance=Money.read(f"{amount} EUR"),
            thresholds=RULE.currencies["EUR"],
            repeat=RULE.repeat,
            now=START + timedelta(hours=hour),
        )
        level_state = change.level_state
        notices.append(change.notice and f"{change.notice} {level_state.level}{' again' * change.repeated}")
    return notices


def test_each_worse_level_is_told_at_once() -> None:
    assert follow((0, "5000"), (1, "4999.99"), (1.1, "1000"), (1.2, "999.99")) == [
        None,
        "balance_low warn",
        None,
        "balance_low critical",
    ]


def test_it_may_fall_to_critical_in_one_step() -> None:
    assert follow((0, "9000"), (1, "3.00")) == [None, "balance_low critical"]


def test_a_low_balance_is_repeated_after_the_time_that_was_asked_for() -> None:
    assert follow((0, "4000"), (3.9, "4000"), (4, "4000"), (5, "4000"), (8, "4000")) == [
        "balance_low warn",
        None,
        "balance_low warn again",
        None,
        "balance_low warn again",
    ]


def test_f39_a_balance_that_flaps_around_the_limit_is_told_once_and_recovers_once() -> None:
    assert follow(
        (0, "4999"), (0.1, "5001"), (0.2, "4998"), (0.3, "5250.00"), (0.4, "5250.01"), (0.5, "5100")
    ) == ["balance_low warn", None, None, None, "balance_recovered ok", None]


def test_a_critical_balance_that_improves_to_low_is_not_news() -> None:
    assert follow((0, "900"), (0.1, "1049"), (0.2, "2000"), (0.3, "999")) == [
        "balance_low critical",
        None,
        None,
        "balance_low critical",
    ]


@pytest.mark.parametrize(
    "currencies",
    [
        {"EUR": {"warn": 1000, "critical": 1000}},
        {"EUR": {"warn": 1000, "critical": 0}},
        {"EUR": {"warn": "1000.001", "critical": 10}},
        {"XXX": {"warn": 1000, "critical": 10}},
    ],
)
def test_thresholds_that_make_no_sense_are_refused(currencies: Any) -> None:
    with pytest.raises(ValidationError):
        BalanceRule.model_validate({"currencies": currencies})


@dataclass
class Bank:
    """Answers as Paytend does; `amount` in cents, None when it cannot be reached."""

    amount: int | None = 900_000
    currency: str = "EUR"
    calls: list[Any] = field(default_factory=list)

    def send(self, call: Call[T]) -> T:
        self.calls.append(call)
        if self.amount is None:
            raise Unreachable
        row = {"currency": self.currency, "balance": str(self.amount)}
        return call.operation.answer.decode({"accountList": [row]}, unit=AmountUnit.MINOR)


def watch(world: NotifierWorld, bank: Bank) -> BalanceWatch:
    return BalanceWatch(
        database=world.database,
        paytend=bank,
        rule=RULE,
        routes=Routes(channels={"alerts": "C0ALERTS"}),
        outbox=world.outbox,
        now_in=world.clock,
    )


def test_a_low_balance_is_told_and_its_recovery_too(world: NotifierWorld) -> None:
    bank = Bank()
    watcher = watch(world, bank)
    for amount in (900_000, 400_000, 390_000, 800_000):
        bank.amount = amount
        watcher.poll()
        world.clock.passes(minutes=5)
        world.delivers()

    low, recovered = world.slack.texts()
    assert low == "Partner balance was low, and has recovered: 8,000.00 EUR."
    assert recovered.startswith("Partner balance has recovered: 8,000.00 EUR")
    with world.database.reading() as session:
        assert [Decimal(sample.amount) for sample in session.exec(select(BalanceSample)).all()] == [
            9000,
            4000,
            3900,
            8000,
        ]


def test_n4_a_low_balance_is_neither_silenced_nor_folded(world: NotifierWorld) -> None:
    bank = Bank(amount=400_000)
    routes = Routes(channels={"alerts": "C0ALERTS"}, storms=StormRule(budget=1))
    now = world.clock.now
    with world.database.writing() as session:
        everything: dict[str, Any] = {"owner": "U0OLE", "reason": "x", "until": now + timedelta(days=1)}
        silences.begin(
            session, Matcher(kind="balance_low"), **everything, routes=routes, outbox=world.outbox, now=now
        )
    watcher = watch(world, bank)
    watcher._routed = RoutedOutbox(routes=routes, outbox=world.outbox)

    for amount in (400_000, 90_000):
        bank.amount = amount
        watcher.poll()
        world.clock.passes(seconds=1)

    low = [row for row in world.rows() if row.kind == "balance_low" and row.operation == "post"]
    assert [(row.status, row.route) for row in low] == [(DeliveryStatus.WAITING, None)] * 2


def test_n4_without_a_living_copy_it_is_announced_anew(world: NotifierWorld) -> None:
    watcher = watch(world, Bank(amount=400_000))
    watcher.poll()
    with world.database.writing() as session:
        for row in session.exec(select(Delivery)).all():
            row.status = DeliveryStatus.DEAD
    world.clock.passes(hours=4)

    watcher.poll()

    low = [row for row in world.rows() if row.kind == "balance_low"]
    assert [row.status for row in low] == [DeliveryStatus.DEAD, DeliveryStatus.WAITING]


def test_a_restart_forgets_nothing(world: NotifierWorld) -> None:
    bank = Bank(amount=400_000)
    for _ in range(3):
        watch(world, bank).poll()
        world.clock.passes(minutes=5)

    assert len(world.rows()) == 1


def test_f38_replicas_that_ask_at_the_same_time_tell_it_once(world: NotifierWorld) -> None:
    bank = Bank(amount=400_000)

    run_together(8, lambda _: watch(world, bank).poll())

    assert len(world.rows()) == 1


def test_without_an_answer_nothing_changes(world: NotifierWorld) -> None:
    with pytest.raises(Unreachable):
        watch(world, Bank(amount=None)).poll()

    assert world.rows() == []


def test_a_currency_that_paytend_does_not_name_is_no_zero_balance(world: NotifierWorld) -> None:
    rule = BalanceRule.model_validate({"currencies": {"USDT": {"warn": 10, "critical": 1}}})
    watcher = watch(world, Bank())
    watcher._rule = rule

    watcher.poll()

    assert world.rows() == []


def test_n20_a_currency_that_paytend_does_not_name_is_told_after_three_polls_and_when_it_is_known_again(
    world: NotifierWorld,
) -> None:
    bank = Bank()
    watcher = watch(world, bank)
    known_at = world.clock.now
    watcher.poll()
    bank.currency = "USD"
    for _ in range(2):
        world.clock.passes(minutes=5)
        watcher.poll()
    assert world.rows() == []

    world.clock.passes(minutes=5)
    watcher.poll()
    world.clock.passes(minutes=5)
    watcher.poll()

    [told] = world.rows()
    assert (told.kind, told.urgent, told.status) == ("balance_unknown", True, DeliveryStatus.WAITING)
    world.delivers()
    [text] = world.slack.texts()
    assert text.startswith(f"The partner balance of EUR is not known since <!date^{int(known_at.timestamp())}^")

    bank.currency = "EUR"
    watcher.poll()
    world.delivers_all(2)
    assert world.slack.texts() == ["The partner balance of EUR is known again."]


def test_n20_it_is_told_again_after_each_repeat_and_nothing_silences_it(world: NotifierWorld) -> None:
    bank = Bank(currency="USD")
    watcher = watch(world, bank)
    with world.database.writing() as session:
        everything: dict[str, Any] = {"owner": "U0SAM", "reason": "calm", "until": START + timedelta(days=7)}
        silences.begin(
            session,
            Matcher(currency="EUR"),
            **everything,
            routes=Routes(channels={}),
            outbox=world.outbox,
            now=START,
        )
    for _ in range(3 + 12 * 8):
        watcher.poll()
        world.clock.passes(minutes=5)

    kinds = [(row.kind, row.status) for row in world.rows()]
    assert kinds == [("balance_unknown", DeliveryStatus.WAITING)] * 3
