"""The survivors that are known, each with the reason why no test can or need notice it."""

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Explanations:
    """The entries of `explained.toml`: by file (or pattern of files), the changed lines and the reason."""

    entries: list[dict[str, str]]

    @classmethod
    def read(cls) -> "Explanations":
        """Read the file beside this one."""
        found = tomllib.loads(Path(__file__).with_name("explained.toml").read_text())
        return cls(entries=found.get("survivor", []))

    def reason(self, file: str, diff: list[str]) -> str | None:
        """Why this survivor is no gap in the tests; None when nobody has said so."""
        was, now = (_lines(diff, sign) for sign in "-+")
        for entry in self.entries:
            if fnmatch(file, entry["file"]) and _fits(entry["was"], was) and _fits(entry["now"], now):
                return entry["reason"]
        return None


def _lines(diff: list[str], sign: str) -> str:
    return _squeezed("\n".join(line[1:] for line in diff if line[0] == sign))


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is the pattern, in which an ellipsis stands for anything."""
    parts = [re.escape(part) for part in _squeezed(pattern).split("…")]
    return re.fullmatch(".*".join(parts), text) is not None


def _squeezed(text: str) -> str:
    return " ".join(text.split())
