"""Times things in turn, round by round, so that a machine whose speed drifts still gives true ratios."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How much longer `name` takes than `floor`: medians of one call in seconds, and the most the ratio may be."""

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
    """Return the median ratio over `rounds` rounds, each with `times` calls of one and then of the other."""
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


def quantile(values: list[float], share: float) -> float:
    """Return the value below which this share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def in_turn(
    calls: dict[str, Callable[[], float]], *, times: int, rounds: int = 5, warm: int = 20
) -> list[dict[str, list[float]]]:
    """Return the seconds of each call in each round; the calls take turns, so that they share a drift."""
    for call in calls.values():
        for _ in range(warm):
            call()
    found = []
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(times):
            for name, call in calls.items():
                taken[name].append(call())
        found.append(taken)
    return found


def median_ratio(rounds: list[dict[str, list[float]]], one: str, other: str, share: float) -> float:
    """Return the ratio of two calls' quantiles, as the median over the rounds."""
    return statistics.median(quantile(taken[one], share) / quantile(taken[other], share) for taken in rounds)
