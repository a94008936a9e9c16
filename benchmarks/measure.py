"""Times two things in turn, round by round, so that a machine whose speed drifts still gives true ratios."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How much longer `name` takes than `floor`; seconds are medians of one call, the target is the most."""

    name: str
    floor: str
    seconds: float
    floor_seconds: float
    ratio: float
    target: float

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.target else "MISSED"
        one, other = f"{self.seconds * 1e6:,.1f} µs", f"{self.floor_seconds * 1e6:,.1f} µs"
        return (
            f"{self.name:<40} {one:>14}   beside {self.floor:<36} {other:>14}"
            f"   x{self.ratio:.2f} (at most {self.target}) {verdict}"
        )


def _time(call: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times


def compare(
    *,
    name: str,
    call: Callable[[], object],
    floor: str,
    floor_call: Callable[[], object],
    times: int,
    target: float,
    rounds: int = 21,
) -> Ratio:
    """Return the median ratio over `rounds` rounds, each of `times` calls of the one and then of the other."""
    _time(call, times), _time(floor_call, times)
    pairs = [(_time(call, times), _time(floor_call, times)) for _ in range(rounds)]
    return Ratio(
        name=name,
        floor=floor,
        seconds=statistics.median(taken for taken, _ in pairs),
        floor_seconds=statistics.median(taken for _, taken in pairs),
        ratio=statistics.median(taken / floor_taken for taken, floor_taken in pairs),
        target=target,
    )
