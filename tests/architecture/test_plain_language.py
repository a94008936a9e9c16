"""Documents keep clear of turns of phrase that no native engineer writes."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
# Write instead: reports; is notified; anyone who; who; again; check, snapshot; is in; in progress; is not a.
NOT_PLAIN = re.compile(
    r"\btell(s|ing)? of\b|\bhear(s|d|ing)? of\b|\bwhoever\b|\bwhom\b|\banew\b|\btakes? a look\b|\ba look at\b"
    r"|\bstands? (in|on|there|beside|behind|twice)\b|\bin hand\b|(?<!there )\bis no(?! longer\b)\b",
    re.IGNORECASE,
)


def test_documents_are_in_plain_language() -> None:
    lines = ((path, line) for path in DOCUMENTS for line in path.read_text(encoding="utf-8").splitlines())
    without_links = ((path, re.sub(r"\]\(\S+\)", "]", line)) for path, line in lines)

    assert [f"{path.name}: {line}" for path, line in without_links if NOT_PLAIN.search(line)] == []
