"""A Paytend whose answers mislead: refused and done, done late, another card, a forgotten reference."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paytend.errors import OutcomeUnknown, ProtocolError, Refused, Unreachable
from paytend.models import TopUp
from paytend.money import AmountUnit, Money
from paytend.operations.call import Call

# What a top-up may meet, and how often. `late` ones are done within LATEST, whatever was answered.
FAULTS = {
    "none": 6,
    "unreachable": 2,
    "lost_before": 2,
    "lost_after": 3,
    "late_lost": 2,
    "late_in_progress": 2,
    "slow_in_progress": 2,
    "very_late": 2,
    "failed_done": 1,
    "late_refused": 2,
    "refused": 2,
    "refused_done": 3,
    "busy_done": 2,
    "unsigned": 1,
    "untrusted_done": 1,
    "failed": 1,
    "another_card": 1,
    "another_order": 1,
    "forgotten": 1,
}
LATEST = 80.0  # seconds until a late one is done; shorter than the pause after which an absence counts
SLOWEST = 1500.0  # seconds; what takes so long is shown as being in progress
# Not shown, or signed as failed, and done all the same: people may have settled that it did not happen.
LYING = ("very_late", "failed_done")
ABSENT, EXISTS, BUSY, NO = "14", "2201", "31", "51"


@dataclass
class Order:
    """What Paytend knows of one reference."""

    card_id: str
    money: Money
    status: str  # 1 done, 2 failed, 3 in progress
    hidden_until: float = 0.0  # Paytend does not find it before
    due: float | None = None


@dataclass
class HostilePaytend:
    """The books by reference. With `repeats` a reference that is there is booked again, without any check."""

    chance: random.Random
    now: Callable[[], float]
    step: Callable[[], None] = lambda: None
    connect: Callable[[], None] = lambda: None
    sent: Callable[[str, int], None] = lambda _reference, _fail_overs: None
    fail_overs: Callable[[], int] = lambda: 0
    repeats: bool = False
    forgets: bool = True
    is_calm: bool = False
    orders: dict[str, Order] = field(default_factory=dict)
    booked: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    lied: set[str] = field(default_factory=set)  # what it did after everybody had to believe that it would not

    def passes(self) -> None:
        """Do what is due."""
        for reference, order in self.orders.items():
            if order.due is not None and order.due <= self.now():
                order.due, order.status = None, "1"
                self._book(reference)

    def happened(self, reference: str) -> bool:
        """What the portal shows."""
        return self.booked.get(reference, 0) > 0

    def is_under_way(self, reference: str) -> bool:
        """Whether it may still happen."""
        order = self.orders.get(reference)
        return order is not None and order.due is not None

    def is_in_progress(self, reference: str) -> bool:
        """Whether it may still happen, as the portal shows it; of some it shows nothing."""
        return self.is_under_way(reference) and reference not in self.lied

    def send(self, call: Call[Any]) -> TopUp:
        """Answer like paytend.Client, or not."""
        reference = call.values["reference"]
        if call.operation.name == "topup":
            self.connect()
            self.passes()
            return self._top_up(call, reference)
        self.step()
        self.passes()
        return self._look(reference)

    def _look(self, reference: str) -> TopUp:
        if not self.is_calm and self.chance.random() < 0.3:
            raise Unreachable("the question was lost")
        order = self.orders.get(reference)
        self.step()
        if order is None or order.hidden_until > self.now():
            raise Refused(code=ABSENT, reason="no such order", verified=True)
        return self._answer(reference, order)

    def _top_up(self, call: Call[Any], reference: str) -> TopUp:
        fault = "none" if self.is_calm else self.chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        if fault == "unreachable":
            raise Unreachable("refused")
        fail_overs = self.fail_overs()
        if call.before_sending is not None:
            call.before_sending()
        # From here on it may have been sent: nobody is paused between the check and the body.
        self.sent(reference, fail_overs)
        self.calls.append((reference, str(call.values["card_id"])))
        try:
            return self._take(fault, reference, call)
        finally:
            self.step()

    def _take(self, fault: str, reference: str, call: Call[Any]) -> TopUp:
        known = self.orders.get(reference)
        if known is not None and not self.repeats:
            raise Refused(code=EXISTS, reason="order number exists", verified=True)
        order = Order(card_id=str(call.values["card_id"]), money=call.values["money"], status="1")
        if fault == "lost_before":
            raise OutcomeUnknown("lost")
        if fault in {"refused", "unsigned"}:
            raise Refused(code=NO, reason="no", verified=fault == "refused")
        self.orders[reference] = order
        if fault == "failed":
            order.status = "2"
            return self._answer(reference, order)
        if fault in LYING:
            self.lied.add(reference)
            order.due = self.now() + self.chance.uniform(400, SLOWEST)
            order.status = "2" if fault == "failed_done" else "3"
            order.hidden_until = order.due if fault == "very_late" and self.forgets else 0.0
        elif fault == "slow_in_progress":
            order.status, order.due = "3", self.now() + self.chance.uniform(400, SLOWEST)
        elif fault.startswith("late"):
            order.status, order.due = "3", self.now() + self.chance.uniform(1, LATEST)
            if not self.repeats and fault != "late_in_progress":
                order.hidden_until = order.due
        else:
            self._book(reference)
        return self._say(fault, reference, order)

    def _say(self, fault: str, reference: str, order: Order) -> TopUp:
        match fault:
            case "lost_after" | "late_lost" | "very_late":
                raise OutcomeUnknown("lost")
            case "forgotten":
                # For longer than anybody asks before people are called, and for ever where that can do no harm.
                order.hidden_until = float("inf") if self.forgets and not self.repeats else 0.0
                raise OutcomeUnknown("lost")
            case "refused_done" | "late_refused":
                raise Refused(code=NO, reason="no", verified=True)
            case "busy_done":
                raise Refused(code=BUSY, reason="is being processed", verified=True)
            case "untrusted_done":
                raise ProtocolError
            case "another_card":
                return self._answer(reference, Order(card_id="666", money=order.money, status="1"))
            case "another_order":
                return self._answer("R" * 20, order)
            case _:
                return self._answer(reference, order)

    def _book(self, reference: str) -> None:
        self.booked[reference] = self.booked.get(reference, 0) + 1

    def _answer(self, reference: str, order: Order) -> TopUp:
        content = {
            "topupStatus": order.status,
            "orderNo": reference,
            "cardId": order.card_id,
            "amount": str(order.money.amount),
            "currency": order.money.currency,
            "tradeId": f"T{reference}",
        }
        return TopUp.decode(content, unit=AmountUnit.MAJOR)
