"""Changes single settings in the text of `.env` and leaves every other line as it is."""

import io
import re
from collections.abc import Mapping

from dotenv.parser import parse_stream

from bot.settings.example_files import quote

_OFF = r"^#[ ]?{name}=.*$"


def set_values(text: str, values: Mapping[str, str]) -> str:
    """Return the text with these settings: in their own line, in the line that is commented out, or at the end.

    A setting whose value is "" is turned off, and a setting that is there twice stays once.
    """
    for name, value in values.items():
        text = _set(text, name, f"{name}={quote(value)}" if value else f"#{name}=")
    return text


def _set(text: str, name: str, line: str) -> str:
    parts, is_set = [], False
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original.string
        if binding.key != name:
            parts.append(original)
            continue
        before = original[: len(original) - len(original.lstrip("\n"))]  # the parser counts empty lines in
        parts.append(before if is_set else f"{before}{line}\n")
        is_set = True
    found = "".join(parts)
    if is_set:
        return found
    found, count = re.subn(_OFF.format(name=re.escape(name)), lambda _: line, found, count=1, flags=re.MULTILINE)
    if count or line.startswith("#"):
        return found
    return f"{found}{'' if not found or found.endswith(chr(10)) else chr(10)}{line}\n"
