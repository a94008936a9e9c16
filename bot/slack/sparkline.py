"""The trend of the partner balance in a line of text: little bars, and words for who does not see them (pure)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from paytend import Money

BARS = "▁▂▃▄▅▆▇█"
BUCKETS = 12
WINDOW = timedelta(hours=24)

Sample = tuple[datetime, Decimal]


def draw(samples: Sequence[Sample], *, until: datetime) -> str:
    """Return the last sample of each of twelve parts of the last 24 hours as bars; "" when there are too few."""
    begin = until - WINDOW
    last: dict[int, Decimal] = {}
    for at, amount in samples:
        last[min(int((at - begin) / WINDOW * BUCKETS), BUCKETS - 1)] = amount
    values = [last[place] for place in sorted(last)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    steps = len(BARS) - 1
    return "".join(
        BARS[int((value - low) / (high - low) * steps) if high > low else steps // 2] for value in values
    )


def say_trend(samples: Sequence[Sample], *, currency: str) -> str:
    """Return in words how the balance moved since the first sample of the last 24 hours."""
    if len(samples) < 2:
        return "no trend yet"
    change = samples[-1][1] - samples[0][1]
    if not change:
        return "unchanged in the last 24 h"
    money = Money(amount=abs(change), currency=currency)
    return f"{'up' if change > 0 else 'down'} {money} in the last 24 h"
