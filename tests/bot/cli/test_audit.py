"""`cardops audit`: head, a file that shows every change, and the daily witness."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.bot.cli.conftest import KEYS, Operator


def trail(operator: Operator, events: int = 3) -> None:
    """Let a few things happen."""
    world = operator.world()
    for _ in range(events):
        world.withdraws(world.asks())
        world.passes(minutes=11)  # the same again within ten is asked about


def test_the_head_is_what_verify_takes_as_told(operator: Operator) -> None:
    trail(operator)

    status, head, _ = operator.types("audit", "head")
    trusted, said, _ = operator.types("audit", "verify", "--told", head.strip())

    assert (status, trusted) == (0, 0)
    assert head.strip().startswith("6:")
    assert "6 events" in said
    assert json.loads(operator.types("audit", "head", "--json")[1])["seq"] == 6


def test_a_tail_that_was_cut_shows_against_a_head_that_was_told(small: Operator) -> None:
    trail(small)
    head = small.types("audit", "head")[1].strip()
    with sqlite3.connect(small.folder / "test.db") as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{trigger}"')
        raw.execute("DELETE FROM audit_event WHERE seq > 4")
    raw.close()

    assert small.types("audit", "verify")[0] == 0
    status, _, err = small.types("audit", "verify", "--told", head)
    assert status == 1
    assert "it was 6 long before" in err


def test_an_export_holds_every_event_and_itself_and_is_checked(operator: Operator) -> None:
    trail(operator)

    status, _, _ = operator.types("audit", "export", "--to", "trail.jsonl")
    checked, said, _ = operator.types("audit", "check", "trail.jsonl")

    lines = [json.loads(line) for line in (operator.folder / "trail.jsonl").read_text().splitlines()]
    assert (status, checked) == (0, 0)
    assert [line.get("event") for line in lines] == [
        *["approval:opened", "approval:withdrawn"] * 3,
        "audit:exported",
        None,
    ]
    assert lines[-1]["count"] == 7
    assert lines[-1]["head"]["hash"] == lines[-2]["hash"]
    assert "7 events" in said


def test_an_export_of_a_part_is_checked_too(operator: Operator) -> None:
    trail(operator)
    everything = operator.types("audit", "export")[1].splitlines()

    _, nearly_nothing, _ = operator.types("audit", "export", "--since", "2026-11-21")
    (operator.folder / "part.jsonl").write_text(nearly_nothing)

    assert len(nearly_nothing.splitlines()) < len(everything)
    assert operator.types("audit", "check", "part.jsonl")[0] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0].replace("opened", "denied"), *lines[1:]], "was changed"),
        (lambda lines: [*lines[:1], *lines[2:]], "is missing"),
        (lambda lines: lines[1:], "the seal does not fit"),
        (lambda lines: lines[:-1], "its tail was cut"),
        (lambda lines: [*lines[:-2], lines[-1]], "the seal does not fit"),
        (lambda lines: [*lines, lines[0]], "after the seal"),
        (lambda lines: ["no json", *lines], "is no JSON"),
        (lambda lines: ["[1]", *lines], "is no event"),
        (lambda lines: ["{}", *lines], "is no event"),
        (lambda _: [], "its tail was cut"),
    ],
)
def test_a_file_that_was_changed_is_status_1(small: Operator, change: object, said: str) -> None:
    trail(small)
    small.types("audit", "export", "--to", "trail.jsonl")
    file = small.folder / "trail.jsonl"
    file.write_text("".join(line + "\n" for line in change(file.read_text().splitlines())))  # type: ignore[operator]  # a lambda

    status, _, err = small.types("audit", "check", "trail.jsonl")

    assert status == 1
    assert said in err
    assert "Traceback" not in err


def test_a_file_under_another_key_is_not_genuine(small: Operator) -> None:
    trail(small)
    small.types("audit", "export", "--to", "trail.jsonl")

    assert small.types("audit", "check", "trail.jsonl", CARDOPS_SECRET_KEYS=KEYS[1])[0] == 1


def test_an_export_overwrites_nothing(small: Operator) -> None:
    (small.folder / "taken").write_text("mine")

    status, _, err = small.types("audit", "export", "--to", "taken")

    assert status == 2
    assert "there is such a file" in err
    assert Path("taken").read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--told", "6"),
        ("verify", "--told", "six:" + "0" * 64),
        ("export", "--since", "yesterday"),
        ("check",),
    ],
)
def test_wrong_words_are_status_2(small: Operator, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        small.types("audit", *words)

    assert ended.value.code == 2


def test_a_file_that_is_not_there_is_status_2(small: Operator) -> None:
    assert small.types("audit", "check", "nowhere")[0] == 2


def test_a_reader_that_has_seen_enough_ends_it_quietly(small: Operator) -> None:
    trail(small)
    kept = {name: value for name, value in os.environ.items() if name not in small.environment}
    program = [
        sys.executable,
        "-c",
        "from bot.cli.main import main; import sys; sys.exit(main(['audit', 'export']))",
    ]
    process = subprocess.Popen(
        program,
        cwd=small.folder,
        env=kept | small.environment | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=30) == 1
    assert "Traceback" not in said


def test_a5_two_logins_re_anchor_a_break(small: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() != 0:
        pytest.skip("two logins in one process need root, as sudo has it")
    world = small.world()
    world.asks()
    small.types("retention", "run")  # so that the database knows its keys, as after a start
    with world.database.writing() as session:
        session.connection().execute(text("DROP TRIGGER cardops_audit_event_unchanged"))
        session.connection().execute(text("UPDATE audit_event SET actor = 'U0EVE'"))
    world.passes(minutes=1)
    again = ("audit", "re-anchor", "1", "--reason", "changed by hand")

    assert "broken at event 1: Event 1 was changed" in small.types("audit", "verify")[2]
    monkeypatch.setenv("SUDO_UID", "1")
    assert "Another admin" in small.types(*again)[1]
    assert "yourself" in small.types(*again)[2]
    monkeypatch.setenv("SUDO_UID", "2")
    assert "Re-anchored" in small.types(*again)[1]
    status, said, _ = small.types("audit", "verify")
    assert (status, "re-anchored at event 3" in said) == (0, True)
    assert "the trail has: none" in small.types(*again)[2]
