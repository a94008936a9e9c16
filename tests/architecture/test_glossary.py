"""docs/glossary.md has every public noun of the code, and the code none of the words that it rules out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from approvals.statuses import Status, Verdict
from bot.settings.cardops_yml import ROLES
from notifier.balance.levels import Level

ROOT = Path(__file__).parents[2]
PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend", "storage")
GLOSSARY = ROOT / "docs" / "glossary.md"


@cache
def rows() -> list[list[str]]:
    """The cells of the glossary's rows, without the heads of the tables."""
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "Word"]


@cache
def terms() -> set[str]:
    return {singular(term.strip()) for row in rows() for term in row[0].split(",")}


@cache
def known_terms() -> set[str]:
    return {term.lower().replace("-", " ") for term in terms()}


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths if "versions" not in path.parts]


@cache
def classes() -> dict[str, list[str]]:
    """The public classes, each with the names of its bases."""
    return {
        node.name: [ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases]
        for _, tree in trees()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def words(name: str) -> list[str]:
    """The words of an identifier, in small letters: two for `TopUp`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def singular(term: str) -> str:
    """A term, with its last word in the singular; also of a word like "status" or "address", which has one."""
    if term.endswith("ies"):
        return f"{term[:-3]}y"
    if term.endswith(("ches", "sses")):
        return term[:-2]
    return term if term.endswith(("ss", "us")) else term.removesuffix("s")


def is_a(name: str, base: str) -> bool:
    return name == base or any(is_a(each, base) for each in classes().get(name, ()))


def is_covered(name: str) -> bool:
    """Whether the whole name or what it ends in is a term."""
    parts = words(name)
    endings = [" ".join(parts[start:]) for start in range(len(parts))]
    return any(singular(ending) in known_terms() for ending in endings)


def identifiers() -> Iterator[tuple[Path, str]]:
    """Every name that our code gives: to classes, functions, arguments, variables and attributes."""
    for path, tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                    yield path, name
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    yield path, name


def test_every_public_noun_of_the_code_is_in_the_glossary() -> None:
    """Exceptions say what is the case, and the facts of a template have its name: neither is a new noun."""
    nouns = [name for name in classes() if not is_a(name, "TemplateFacts") and not is_exception(name)]

    assert len(nouns) > 200
    assert [name for name in nouns if not is_covered(name)] == []


def is_exception(name: str) -> bool:
    return any(is_a(name, base) for base in ("Exception", "ValueError", "LookupError", "RuntimeError"))


def test_what_people_see_of_a_request_is_in_the_glossary() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")

    for value in (*Status, *Verdict, *ROLES, *Level):
        assert re.search(rf"\b{value}\b", text), value


def test_each_word_is_in_the_glossary_once() -> None:
    listed = [term.strip() for row in rows() for term in row[0].split(",")]

    assert [term for term in listed if listed.count(term) > 1] == []


def test_words_that_the_glossary_rules_out_name_nothing_in_the_code() -> None:
    ruled_out = {word.strip() for row in rows() for word in row[2].split(",") if word.strip()}

    assert len(ruled_out) > 10
    assert [f"{path}: {name}" for path, name in identifiers() if ruled_out & set(words(name))] == []
