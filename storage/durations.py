"""Durations as people write them in settings ("4h", "30m", "1h30m") and as they read them ("4 hours")."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

# No months or years: they differ in length, and "m" is minutes.
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}  # seconds, largest first
_NAMES = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_PATTERN = r"^([0-9]{1,6}[wdhms])+$"
LONGEST = timedelta(days=366)


class NotADuration(ValueError):
    """A duration is written as a number and a unit, such as 30m, 4h, 1h30m or 1d, and is at most a year."""

    def __str__(self) -> str:
        """Say how it is written."""
        return str(self.__doc__)


def parse_duration(text: str) -> timedelta:
    """Return the time that a text such as "90s", "30m", "4h", "1d", "2w" or "1h30m" says; raises NotADuration."""
    plain = text.strip().lower()
    if not re.fullmatch(_PATTERN, plain):
        raise NotADuration
    parts = re.findall(r"([0-9]+)([wdhms])", plain)
    duration = timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    if not timedelta(0) < duration <= LONGEST:
        raise NotADuration
    return duration


def write_duration(duration: timedelta) -> str:
    """Return the text of settings: "1h30m"; whole seconds."""
    return "".join(f"{number}{unit}" for number, unit in _split(duration)) or "0s"


def say_duration(duration: timedelta, *, parts: int = 2) -> str:
    """Return words for people, of the largest units: "1 hour 30 minutes"; less than a second is "0 seconds"."""
    largest = _split(duration)[:parts] or [(0, "s")]
    return " ".join(f"{number} {_NAMES[unit]}{'' if number == 1 else 's'}" for number, unit in largest)


def _split(duration: timedelta) -> list[tuple[int, str]]:
    rest = int(duration.total_seconds())
    found = []
    # Weeks are only written when they are whole: "8 days" is easier to read than "1 week 1 day".
    units = _UNITS if rest and rest % _UNITS["w"] == 0 else {u: s for u, s in _UNITS.items() if u != "w"}
    for unit, seconds in units.items():
        number, rest = divmod(rest, seconds)
        if number:
            found.append((number, unit))
    return found


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise NotADuration
    return parse_duration(value)


Duration = Annotated[
    timedelta,
    PlainValidator(_read),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["30m", "4h", "1d"]}),
]
