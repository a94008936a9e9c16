"""README and docs draw the moves of a request as the table of moves has them."""

import re
from pathlib import Path

import pytest

from approvals.requests.moves import MOVES

ROOT = Path(__file__).parents[2]


def draw_moves() -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for move in MOVES:
        source = move.source.value if move.source else "[*]"
        lines.append(f"    {source} --> {move.to.value}: {move.event.partition(':')[2].replace('_', ' ')}")
    return "\n".join([*lines, "```"])


@pytest.mark.parametrize("name", ["README.md", "docs/how-it-works.md"])
def test_the_moves_are_drawn_as_they_are(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    drawn = re.search(r"<!-- moves -->\n(.*?)<!-- /moves -->", text, re.DOTALL)

    assert drawn is not None
    assert drawn[1].strip() == draw_moves(), f"put this between the marks:\n{draw_moves()}"
