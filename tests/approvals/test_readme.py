"""The README draws the moves of a request as the table of moves has them."""

import re
from pathlib import Path

from approvals.rules import MOVES

README = Path(__file__).parents[2] / "README.md"


def draw_moves() -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for move in MOVES:
        source = move.source.value if move.source else "[*]"
        lines.append(f"    {source} --> {move.to.value}: {move.event.partition(':')[2].replace('_', ' ')}")
    return "\n".join([*lines, "```"])


def test_the_readme_draws_the_moves_as_they_are() -> None:
    text = README.read_text(encoding="utf-8")

    drawn = re.search(r"<!-- moves -->\n(.*?)<!-- /moves -->", text, re.DOTALL)

    assert drawn is not None
    assert drawn[1].strip() == draw_moves(), f"put this between the marks:\n{draw_moves()}"
