"""How long the partner balance lasts at the pace of a window, from the samples of it (pure).

What was spent is the sum of the falls from one sample to the next; a rise is money that was paid in to the partner
account, and is left out. So a payment in that comes between two samples hides what was spent between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from itertools import pairwise

from paytend import Money
from paytend.money import PRECISION
from storage.durations import say_duration

Sample = tuple[datetime, Decimal]

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
_NAMES = {DAY: "24 h", WEEK: "7 days"}
ENOUGH = 4  # one part in so many of a window has to be known, else its pace is not
RESERVE = timedelta(days=7)
_LONGEST = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What was spent in a window, and how much of it the samples cover; amounts in whole units."""

    window: timedelta
    covered: timedelta
    spent: Decimal

    @property
    def is_known(self) -> bool:
        """Whether enough of the window is covered to speak of a pace."""
        return self.covered * ENOUGH >= self.window

    @property
    def a_day(self) -> Decimal:
        """What is spent in a day at this pace."""
        seconds = Decimal(int(self.covered.total_seconds()))
        return self.spent * 86_400 / seconds if seconds else Decimal(0)

    def lasts(self, balance: Decimal) -> timedelta | None:
        """Return how long a balance lasts at this pace; None when nothing is spent, or too little is known."""
        if not self.is_known or not self.spent:
            return None
        seconds = max(balance, Decimal(0)) / self.a_day * 86_400
        return timedelta(seconds=int(min(seconds, Decimal(_LONGEST.total_seconds()))))


def measure(samples: Sequence[Sample], *, window: timedelta, now: datetime) -> Pace:
    """Return the pace of a window that ends now; `samples` in the order of their times."""
    within = [(at, amount) for at, amount in samples if now - window <= at <= now]
    spent = sum((max(one[1] - other[1], Decimal(0)) for one, other in pairwise(within)), Decimal(0))
    covered = within[-1][0] - within[0][0] if within else timedelta(0)
    return Pace(window=window, covered=covered, spent=spent)


def say_lasts(pace: Pace, *, balance: Money) -> str:
    """Return in words how long a balance lasts at a pace, and what that rests on."""
    name = _NAMES.get(pace.window) or say_duration(pace.window, parts=1)
    if not pace.is_known:
        return f"Not enough history for a forecast by the last {name}"
    is_whole = pace.window - pace.covered < pace.window / 10
    over = "" if is_whole else f", watched for {_say(pace.covered)} of it"
    lasts = pace.lasts(balance.amount)
    if lasts is None:
        return f"Nothing spent in the last {name}{over}"
    spent = Money(amount=pace.spent, currency=balance.currency)
    return f"{_say_about(lasts)} left at the pace of the past {name} ({spent} spent{over})"


def _say_about(lasts: timedelta) -> str:
    if lasts >= _LONGEST:
        return "More than a year"
    return "Less than an hour" if lasts < timedelta(hours=1) else f"About {_say(lasts)}"


def _say(time: timedelta) -> str:
    """Return a duration in whole days from three days on, in whole hours from one on."""
    unit = timedelta(days=1) if time >= timedelta(days=3) else timedelta(hours=1)
    return say_duration(max(time // unit, 1) * unit, parts=2)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """How much to pay in to the partner account; `pace` is what it was reckoned with, None for none."""

    amount: Money
    target: Money
    pace: Pace | None


def propose(balance: Money, *, warn: Decimal, paces: Sequence[Pace]) -> Proposal:
    """Return what brings a balance to `warn` and a week of the pace, rounded up to two digits.

    The first pace that is known counts; without one the target is twice `warn`. Nothing to pay in is 0.
    """
    pace = next((pace for pace in paces if pace.is_known), None)
    reserve = warn if pace is None else pace.a_day * int(RESERVE.total_seconds()) / 86_400
    step = Decimal(1).scaleb(-PRECISION[balance.currency])
    target = (warn + reserve).quantize(step, rounding=ROUND_UP)
    missing = max(target - balance.amount, Decimal(0))
    return Proposal(
        amount=Money(amount=_round_up(missing), currency=balance.currency),
        target=Money(amount=target, currency=balance.currency),
        pace=pace,
    )


def _round_up(amount: Decimal) -> Decimal:
    """Return an amount rounded up to two digits, and at least to whole units: 12,437.10 to 13,000."""
    step = Decimal(1).scaleb(max(amount.adjusted() - 1, 0)) if amount else Decimal(1)
    return (amount / step).to_integral_value(rounding=ROUND_UP) * step
