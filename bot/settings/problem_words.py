"""Says in our own words what a model refuses: no text of a library is of use to an operator. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST = 40  # characters of something that was typed


_TOKENS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|[A-Za-z0-9+/]{32,}={0,2}")


def mask_tokens(text: str) -> str:
    """Return a text without what may be a secret that was pasted into the wrong place."""
    return _TOKENS.sub("(removed)", text)


def guess_name(wrong: str, names: Iterable[str]) -> str:
    """Return " Did you mean …?" for a near miss, else nothing."""
    near = difflib.get_close_matches(wrong.lower(), list(names), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def shorten(text: str) -> str:
    """Return what was typed, as far as it is of use: a long text may be a secret in the wrong place."""
    return text if len(text) <= _LONGEST else f"{text[:6]}…"


def say_unknown(kind: str, wrong: str, names: Iterable[str]) -> str:
    """Return that there is nothing of this name, what was perhaps meant, and what there is."""
    known = list(names)
    return f"there is no {kind} {shorten(wrong)}.{guess_name(wrong, known)} There are: {', '.join(known)}"


def say_problem(problem: Mapping[str, Any], *, names: Iterable[str] = ()) -> str:
    """Return what is wrong and what is right; `names` are the keys that the place of the problem takes."""
    kind, bounds = str(problem["type"]), problem.get("ctx", {})
    if kind == "extra_forbidden":
        return say_unknown("key", str(problem["loc"][-1]), names)
    if kind in ("value_error", "assertion_error"):
        return str(problem["msg"]).partition(", ")[2] or str(problem["msg"])
    if kind in _PATTERNS:
        return _PATTERNS[kind].format(**{name: _write(value) for name, value in bounds.items()})
    return next((words for start, words in _KINDS if kind.startswith(start)), "this cannot be used here")


def _write(value: Any) -> str:
    # Pydantic writes 'a', 'b' or 'c'.
    return str(value).replace("'", "")


_PATTERNS = {
    "greater_than_equal": "it must be {ge} or more",
    "greater_than": "it must be more than {gt}",
    "less_than_equal": "it must be {le} or less",
    "less_than": "it must be less than {lt}",
    "too_short": "the list is empty; name at least {min_length}, or leave the key out",
    "too_long": "the list is too long; at most {max_length}",
    "string_too_long": "the text is too long; at most {max_length} characters",
    "string_too_short": "it is empty",
    "literal_error": "it must be {expected}",
    "enum": "it must be {expected}",
}
# By how the type of the problem begins, in this order.
_KINDS = (
    ("missing", "it is missing"),
    ("dict", "names with values are needed here, such as {name: value}"),
    ("mapping", "names with values are needed here, such as {name: value}"),
    ("model", "names with values are needed here, such as {name: value}"),
    ("tuple", "a list is needed here, such as [one, two]"),
    ("list", "a list is needed here, such as [one, two]"),
    ("string_pattern", "it is not written in the right form"),
    ("string", "one text is needed here"),
    ("int", "a whole number is needed here, such as 2"),
    ("bool", "it must be true or false"),
    ("decimal", "a number is needed here, such as 5000.00"),
    ("float", "a number is needed here, such as 30"),
    ("finite", "a number is needed here, such as 30"),
    ("path", "the name of a file is needed here"),
    ("url", "an address is needed here, such as https://example.com"),
)
