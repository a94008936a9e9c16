"""docs/data.md says of every table what bounds it (N27)."""

import re
from pathlib import Path

from bot.database import schema

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \|(.*) \|$", re.MULTILINE)


def test_n27_every_table_has_a_line_with_what_bounds_it() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))

    assert [name for name, *_ in rows] == list(dict.fromkeys(name for name, *_ in rows)), "a table is there twice"
    assert {name for name, *_ in rows} == set(schema.metadata().tables)
    for name, bounds, stays, kept in rows:
        assert bounds.strip(), name
        assert stays.strip(), name
        assert "for ever" not in stays or kept.strip(), f"{name} stays for ever, and nobody says what for"
