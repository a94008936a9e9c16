"""docs/faults.md and the tests agree: each number has its row and its tests, each numbered test its row."""

import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| ((?:case )?[FAN]\d+) \| .+? \|(?: .+)? \|(.*) \|$", re.MULTILINE)
NUMBERS = [
    *(f"F{number}" for number in range(1, 41)),
    *(f"A{number}" for number in range(1, 31)),
    *(f"case A{number}" for number in range(1, 26)),
    *(f"case N{number}" for number in range(1, 28)),
]


def read_rows() -> dict[str, set[str]]:
    text = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert len(rows) == len(dict(rows)), "a number is there twice"
    return {number: set(re.findall(r"\(\.\./tests/([^)]+)\)", shown_by)) for number, shown_by in rows}


def find_tests() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for prefix in re.findall(r"^ *def test_((?:[fan]\d+_)+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            for number in prefix.upper().split("_")[:-1]:
                found[number].add(path.relative_to(TESTS).as_posix())
    return found


def test_every_fault_attack_and_case_has_its_row_and_its_tests() -> None:
    rows, tests = read_rows(), find_tests()
    assert list(rows) == NUMBERS
    for number in dict.fromkeys(number.removeprefix("case ") for number in NUMBERS):
        # An attack and a case may have one number: together their rows name the files of all its tests.
        assert tests.pop(number) == rows.get(number, set()) | rows.get(f"case {number}", set()), number
    assert not tests, "numbered tests without a row"
