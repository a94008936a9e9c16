"""The documents: every command line in them works, what is generated is current, and links lead somewhere."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.cli.main import main
from bot.jobs.table import JOBS
from bot.settings.reference import write_configuration
from tests.bot.cli.conftest import Operator
from tests.bot.cli.test_lists import die

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
ALL_DOCUMENTS = [
    *DOCUMENTS,
    *DECISIONS,
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")),
]
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NEVER_ENDS = {("run",)}
# What ends with something else than 0 here, and why.
STATUS = {
    ("doctor",): 1,  # Paytend is not there
    ("audit", "re-anchor"): 1,  # nothing is broken
    ("books", "--csv"): 1,  # neither can anything be compared then
    ("keys", "give-up"): 2,  # no key is missing
    ("database", "move"): 2,  # nobody has this server; test_database moves to a real one
    ("restore", "--after-pg-restore"): 2,  # this is SQLite; test_backup runs it on PostgreSQL
}


def in_fences(text: str) -> Iterator[list[str]]:
    """The words of each command line of ours in a fence."""
    for fence in FENCE.findall(text):
        for line in fence.splitlines():
            words = shlex.split(line, comments=True)
            if words and Path(words[0]).name == "cardops":
                yield words[1:]


def inline(text: str) -> Iterator[list[str]]:
    """The words of each command line of ours in running text."""
    for line in re.findall(r"`(?:\.venv/bin/)?cardops ([a-z][^`\n]*)`", FENCE.sub("", text)):
        yield shlex.split(line)


FENCED = [(path.name, words) for path in DOCUMENTS for words in in_fences(path.read_text())]
INLINE = [(path.name, words) for path in DOCUMENTS for words in inline(path.read_text())]


def ids(found: list[tuple[str, list[str]]]) -> list[str]:
    return [f"{name}: {' '.join(words)}" for name, words in found]


@dataclass
class Prepared:
    """A folder with something of everything that the documents name, and what their placeholders stand for."""

    folder: Path
    meant: dict[str, str] = field(default_factory=dict)

    def give(self, operator: Operator) -> dict[str, str]:
        """Put it in the operator's folder, made once: making it takes longer than most command lines."""
        if self.meant:
            shutil.copytree(self.folder, operator.folder, dirs_exist_ok=True)
        else:
            self.meant = prepare(operator)
            shutil.copytree(operator.folder, self.folder, dirs_exist_ok=True)
        return self.meant


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))


def prepare(operator: Operator) -> dict[str, str]:
    (dead,) = die(operator, 1)
    operator.types("backup", "cardops-backup.db")
    operator.types("audit", "export", "--to", "before.jsonl")
    head = operator.types("audit", "head")[1].strip()
    request = operator.types("requests", "list", "--json")[1].split('"id": "')[1].split('"')[0]
    for database in operator.opened:
        database.close()
    return {"<request>": request, "<reference>": request, "<delivery>": dead, "<head>": head, "<file>": "new.db"}


@pytest.mark.parametrize(("document", "words"), FENCED, ids=ids(FENCED))
def test_a_command_line_in_a_fence_does_what_it_says(
    small: Operator, prepared: Prepared, document: str, words: list[str]
) -> None:
    meant = prepared.give(small)
    given = [meant.get(word, word) for word in words]
    if given[:2] == ["audit", "check"]:
        small.types("audit", "export", "--to", given[-1])
    if given[0] == "backup":
        (small.folder / given[1]).unlink()
    if tuple(given) in NEVER_ENDS:
        with pytest.raises(SystemExit) as ended:
            small.types(*given, "--help")
        assert ended.value.code == 0
        return

    status, _, err = small.types(*given)

    wanted = STATUS.get(tuple(given), STATUS.get(tuple(given[:2]), 0))
    assert status == wanted, f"{document}: {err}"
    assert "Traceback" not in err


@pytest.mark.parametrize(("document", "words"), INLINE, ids=ids(INLINE))
def test_a_command_line_in_the_text_is_one_that_there_is(
    document: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its nouns and verbs are known, and so is each option."""
    names = [word for word in words if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)]
    depth = 2 if names[0] in {"policy", "audit", "keys", "requests", "deliveries", "retention", "passkey"} else 1

    with pytest.raises(SystemExit) as ended:
        main([*names[:depth], "--help"])

    assert ended.value.code == 0, document
    said = capsys.readouterr().out
    assert all(word in said for word in words if word.startswith("--"))


def test_there_are_many_of_them() -> None:
    assert len(FENCED) > 20
    assert len(INLINE) > 10


def test_the_configuration_is_current() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text()

    assert written == write_configuration(), "run: cardops configuration > docs/configuration.md"


def test_links_and_named_files_lead_somewhere() -> None:
    for document in ALL_DOCUMENTS:
        text = document.read_text()
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
        for name in re.findall(
            r"`((?:approvals|benchmarks|bot|commands|deploy|docs|notifier|paytend|sandbox|storage|tests)/[\w./-]+)`",
            text,
        ):
            assert (ROOT / name).exists(), f"{document.name}: {name}"


def test_every_decision_is_in_the_index_under_its_title() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    listed = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+) \|$", index, re.MULTILINE)

    titles = {path.name: path.read_text().partition("\n")[0] for path in DECISIONS if path.name != "README.md"}

    assert {name: f"# {number}. {title}" for number, name, title in listed} == titles


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_links_and_alerts_point_to_headings_that_there_are() -> None:
    for document in ALL_DOCUMENTS:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)]+)\)", document.read_text()):
            assert anchor in anchors(document.parent / target if target else document), (
                f"{document.name}: {anchor}"
            )
    alerts = yaml.safe_load((ROOT / "deploy" / "grafana" / "alerts.yml").read_text())
    for rule in (rule for group in alerts["groups"] for rule in group["rules"]):
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor in anchors(ROOT / path.removeprefix("/")), rule["alert"]


def test_each_alert_is_named_in_the_runbook() -> None:
    alerts = yaml.safe_load((ROOT / "deploy" / "grafana" / "alerts.yml").read_text())
    text = (ROOT / "docs" / "runbook.md").read_text()

    assert [rule["alert"] for rule in alerts["groups"][0]["rules"] if rule["alert"] not in text] == []


def test_the_jobs_in_the_document_are_those_of_the_table() -> None:
    text = (ROOT / "docs" / "how-it-works.md").read_text()
    section = text.partition("## What runs by itself")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]

    assert [(name, every, does) for name, every, does in rows] == [
        (f"`{job.name}`", say_period(job.every), job.does) for job in JOBS
    ]


def say_period(every: timedelta | None) -> str:
    """A period as the document writes it."""
    if every is None:
        return "set in `cardops.yml`"
    seconds = int(every.total_seconds())
    if seconds == 86_400:
        return "daily"
    return (
        f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
    )
