"""Documents, docstrings and comments keep clear of turns of phrase that no native engineer writes."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
PACKAGES = ("approvals", "benchmarks", "bot", "commands", "notifier", "paytend", "sandbox", "storage")
# Write instead: reports; is notified; anyone who; who; again; check, snapshot; is in; in progress; is not a.
NOT_PLAIN = re.compile(
    r"\btell(s|ing)? of\b|\bhear(s|d|ing)? of\b|\bwhoever\b|\bwhom\b|\banew\b|\btakes? a look\b|\ba look at\b"
    r"|\bstands? (in|on|there|beside|behind|twice)\b|\bin hand\b|(?<!there )\bis no(?! (longer|more)\b)\b",
    re.IGNORECASE,
)


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The comments and docstrings of a module, by line; without those of refusals, which people in Slack read."""
    text = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and "Refusal" in {ast.unparse(base) for base in node.bases}:
            continue
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            yield from enumerate(text.splitlines()[first.lineno - 1 : first.end_lineno], start=first.lineno)


def test_documents_are_in_plain_language() -> None:
    lines = ((path, line) for path in DOCUMENTS for line in path.read_text(encoding="utf-8").splitlines())
    without_links = ((path, re.sub(r"\]\(\S+\)", "]", line)) for path, line in lines)

    assert [f"{path.name}: {line}" for path, line in without_links if NOT_PLAIN.search(line)] == []


def test_docstrings_and_comments_are_in_plain_language() -> None:
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in modules
        for number, line in prose(path)
        if NOT_PLAIN.search(line)
    ]

    assert found == []
