"""CONTRIBUTING lists the packages and their rooms as they are, in the order in which they import each other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("sandbox", "bot", "commands", "approvals", "notifier", "paytend", "storage")


def rooms_of(package: str) -> set[str]:
    """The folders of a package that are rooms: packages of Python, so not those of templates."""
    return {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}


def table() -> dict[str, set[str]]:
    """The packages of the table in CONTRIBUTING, in its order, each with its rooms."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", text, re.MULTILINE)
    return {package: set(re.findall(r"`(\w+)`", rooms)) for package, rooms in rows}


def test_contributing_lists_each_package_with_its_rooms() -> None:
    assert table() == {package: rooms_of(package) for package in PACKAGES}


def test_the_table_has_the_packages_in_the_order_of_their_floors() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["name"].startswith("Packages import"))

    assert list(table()) == [package for floor in floors for package in floor.split(" | ")]


def test_a_room_says_in_one_line_what_lives_there() -> None:
    silent = [
        path
        for package in PACKAGES
        for path in (ROOT / package).glob("*/__init__.py")
        if not re.match(r'"""[A-Z/`].{20,}\.("""|$)', path.read_text().partition("\n")[0])
    ]

    assert silent == []
