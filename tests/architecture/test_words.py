"""No template, refusal or product string has a text that the list of wordings replaced."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDING = ROOT.parent / "shared" / "wording.md"
PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend")
_ROW = re.compile(r"^\| (\d+) \| `[^`]*` \| (.*?) \| ", re.MULTILINE)
# Inside a cell, what separates literals: holes, line ends, and "several of them".
_BETWEEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[^{}\"]*\}|⏎|” \+ “|(?<!\w) / |…$|^…")
# Shorter ones are words like any others: of a whole cell, of what is between two holes, and of a label.
_WHOLE, _PIECE, _LABEL = 3, 5, 2


def normal(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("’", "'").replace("\\n", " ").replace("\\|", "|"))


def fragments(cell: str) -> Iterator[str]:
    """Yield what is looked for: a whole label with its quotation marks, or the literals of a longer text."""
    cell = re.sub(
        r'^f"|^(title|headline)=(?=")', lambda found: '"' if found[0] == 'f"' else "", normal(cell).strip()
    )
    label = re.fullmatch(r'"?([^"]*)"?', cell)
    if label and cell.startswith('"') and len(label[1].split()) < _WHOLE:
        if len(label[1].split()) >= _LABEL:
            yield f'"{label[1]}"'
        return
    if '"text": "' in cell:
        yield cell if cell.endswith(('"', "}")) else f'{cell}"'
        return
    pieces = _BETWEEN.split(cell)
    for piece in pieces:
        words = piece.strip(' "“”*.:;,')
        if len(words.split()) >= (_WHOLE if len(pieces) == 1 else _PIECE):
            yield words


def product_texts() -> Iterator[tuple[str, str]]:
    """Yield each text that people may read, with its file: templates, strings of ours and the demo's page."""
    for package in PACKAGES:
        for template in sorted((ROOT / package).rglob("*.j2")):
            yield str(template.relative_to(ROOT)), normal(template.read_text(encoding="utf-8"))
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    for path in [*modules, ROOT / "sandbox/guide.py", ROOT / "sandbox/panel.py"]:
        if "migrations" not in path.parts:
            yield str(path.relative_to(ROOT)), " ".join(strings(path))
    for name in ("README.md", "app_manifest.yml", "sandbox/slack/page/index.html"):
        yield name, normal((ROOT / name).read_text(encoding="utf-8"))
    for page in sorted((ROOT / "sandbox/slack/page").glob("*.js")):
        if page.name != "messages.js":  # it plays Slack, which does say "Only visible to you"
            yield page.name, normal(page.read_text(encoding="utf-8"))


def strings(path: Path) -> Iterator[str]:
    """Yield the strings of a module in quotation marks: of docstrings only those of refusals, which are read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and not (isinstance(node, ast.ClassDef) and "Refusal" in {ast.unparse(base) for base in node.bases})
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield f'"{normal(node.value)}"'


def test_nothing_is_worded_as_before() -> None:
    if not WORDING.exists():
        pytest.skip("the list of wordings is not beside the clone")
    rows = _ROW.findall(WORDING.read_text(encoding="utf-8"))
    texts = list(product_texts())

    assert len(rows) > 200
    assert [
        f"{number} {place}: {old}"
        for number, cell in rows
        for old in fragments(cell)
        for place, text in texts
        if old in text
    ] == []


@pytest.mark.parametrize(
    ("cell", "looked_for"),
    [
        ('"Say so"', ['"Say so"']),
        ('f"Denied by {person.called}: {reason.strip()}"', []),
        (
            "There is an open request for this already: {phrase}, asked by {who}",
            ["There is an open request for this already"],
        ),
        ('"text": "Go back"', ['"text": "Go back"']),
        ('headline="Paytend declined"', ['"Paytend declined"']),
        ("It was told as authorised before.", ["It was told as authorised before"]),
    ],
)
def test_fragments_are_long_enough_to_mean_something(cell: str, looked_for: list[str]) -> None:
    assert list(fragments(cell)) == looked_for
