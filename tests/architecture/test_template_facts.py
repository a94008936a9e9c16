"""Templates and the dataclasses of their facts say the same."""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import approvals
import bot
import commands
import notifier
from notifier.rendering.facts import TemplateFacts
from tests.architecture.template_types import TemplateTypes

ROOT = Path(__file__).parents[2]
PACKAGES = (approvals, bot, commands, notifier)


def all_facts() -> Iterator[type[TemplateFacts]]:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", ".env")):
                importlib.import_module(module.name)
    waiting = list(TemplateFacts.__subclasses__())
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.template and not found.__module__.startswith("tests."):
            yield found


def read_templates() -> TemplateTypes:
    return TemplateTypes([ROOT / package.__name__ / "templates" for package in PACKAGES])


def test_every_template_has_one_class_of_facts() -> None:
    counted = Counter(facts.template for facts in all_facts())

    assert {name for name in read_templates().names if counted[name] != 1} == set()
    assert set(counted) <= read_templates().names


def test_no_template_uses_a_fact_that_its_class_does_not_have() -> None:
    templates = read_templates()

    assert [problem for facts in all_facts() for problem in templates.check(facts, facts.template)] == []


def test_facts_are_dataclasses_of_their_own() -> None:
    assert [facts for facts in all_facts() if "__dataclass_fields__" not in vars(facts)] == []


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str


@dataclass(frozen=True, kw_only=True)
class Sample(TemplateFacts):
    title: str
    row: Row | None
    rows: Sequence[Row]


def check(folder: Path, text: str, library: str = "") -> list[str]:
    (folder / "sample.json.j2").write_text(text)
    (folder / "_library.j2").write_text(library)
    return TemplateTypes([folder]).check(Sample, "sample")


def test_the_check_finds_what_is_not_there(tmp_path: Path) -> None:
    assert check(tmp_path, "{{ title }}{{ row.name }}{% for each in rows %}{{ each.name }}{% endfor %}") == []
    assert check(tmp_path, "{{ titel }}") == ["sample.json.j2:1: titel"]
    assert check(tmp_path, "{{ titel is defined }}") == ["sample.json.j2:1: titel"]
    assert check(tmp_path, "{{ row.nam }}") == ["sample.json.j2:1: Row.nam"]
    assert check(tmp_path, "{% for each in rows %}{{ each.nam }}{% endfor %}") == ["sample.json.j2:1: Row.nam"]
    assert check(tmp_path, "{% set first = rows | first %}{{ first.nam }}") == ["sample.json.j2:1: Row.nam"]


def test_the_check_follows_macros(tmp_path: Path) -> None:
    library = "{% macro show(it) %}{{ it.nam }}{% endmacro %}"

    assert check(tmp_path, '{% import "_library.j2" as lib %}{{ lib.show(row) }}', library) == [
        "_library.j2:1: Row.nam"
    ]
    assert check(tmp_path, '{% from "_library.j2" import show %}{{ show(it=rows[0]) }}', library) == [
        "_library.j2:1: Row.nam"
    ]
