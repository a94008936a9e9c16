"""The one JSON form of a value, so that equal values have equal digests and keyed hashes. Pure."""

import json
from typing import Any


class NotCanonical(ValueError):
    """A value that has no exact JSON form: a float, bytes, or a key that is not a text."""


def canonical_json(value: Any) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8; raises NotCanonical."""
    _refuse_inexact(value)
    # The digests of stored requests were made with these options: with any other, none of them fits any more.
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a text with half a character") from error  # an unpaired surrogate


def _refuse_inexact(value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case dict():
            # `json.dumps` turns 1 and "1" into the same key, so two payloads would share a digest.
            if not all(isinstance(name, str) for name in value):
                raise NotCanonical("a key that is not a text")
            for inner in value.values():
                _refuse_inexact(inner)
        case list() | tuple():
            for inner in value:
                _refuse_inexact(inner)
        case _:
            raise NotCanonical(f"a {type(value).__name__} has no exact JSON form")


def read_object(text: str) -> dict[str, Any]:
    """Return an object that anybody may have written; empty for what cannot be read, or is nested too deep."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
