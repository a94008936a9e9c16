"""Small checks of JSON shapes that answer in the words of Slack; a check yields one problem a line."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Check = Callable[[Any, str], Iterator[str]]


def problem(message: str, pointer: str) -> str:
    """Return a problem as Slack words it in `response_metadata.messages`."""
    return f"[ERROR] {message} [json-pointer:{pointer}]"


def string(limit: int, *, least: int = 1, pattern: str | None = None) -> Check:
    """Check for a string of `least` to `limit` characters that matches `pattern` as a whole."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)
        elif len(value) > limit:
            yield problem(f"must be less than {limit + 1} characters", pointer)
        elif pattern is not None and not re.fullmatch(pattern, value):
            yield problem("must match the expected format", pointer)

    return check


def integer(low: int, high: int) -> Check:
    """Check for a whole number from `low` to `high`."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("must be a number", pointer)
        elif not low <= value <= high:
            yield problem(f"must be between {low} and {high}", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """Check for true or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", pointer)


def one_of(*allowed: str | int) -> Check:
    """Check for one of a closed set of values."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in allowed or isinstance(value, bool):
            yield problem(f"must be one of {', '.join(map(str, allowed))}", pointer)

    return check


def array(item: Check, *, least: int = 1, most: int) -> Check:
    """Check for a list of `least` to `most` items that each pass `item`."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", pointer)
        elif len(value) < least:
            yield problem(f"no fewer than {least} items allowed", pointer)
        elif len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        else:
            for place, each in enumerate(value):
                yield from item(each, f"{pointer}/{place}")

    return check


def record(
    *,
    required: Mapping[str, Check] | None = None,
    optional: Mapping[str, Check] | None = None,
    also: Iterable[Check] = (),
) -> Check:
    """Check for an object with these fields and no others, and then for rules between its fields."""
    must, may, rules = dict(required or {}), dict(optional or {}), tuple(also)

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        found = [problem(f"missing required field: {name}", pointer) for name in must if name not in value]
        for name, each in value.items():
            field = must.get(name) or may.get(name)
            if name == "type":
                continue  # the variant has looked at it
            if field is None:
                found.append(problem(f"invalid additional property: {name}", pointer))
            else:
                found.extend(field(each, f"{pointer}/{name}"))
        yield from found
        if not found:
            for rule in rules:
                yield from rule(value, pointer)

    return check


def variant(kinds: Mapping[str, Check]) -> Check:
    """Check for an object whose `type` names one of `kinds`."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
        elif not isinstance(kind, str) or kind not in kinds:
            yield problem(f"unsupported type: {kind}", pointer)
        else:
            yield from kinds[kind](value, pointer)

    return check


def exactly_one(*names: str) -> Check:
    """Check that an object has exactly one of these fields."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if sum(name in value for name in names) != 1:
            yield problem(f"must have exactly one of: {', '.join(names)}", pointer)

    return check


def at_least_one(*names: str) -> Check:
    """Check that an object has one or more of these fields."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not any(name in value for name in names):
            yield problem(f"must have at least one of: {', '.join(names)}", pointer)

    return check
