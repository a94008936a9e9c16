"""The command line: exit status 0 fine, 1 found something wrong, 2 usage or settings; words on stderr."""

import base64
import gc
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from approvals.audit import chain
from approvals.audit.trail_keys import make_key
from bot.cli.run import make_prompt
from bot.cli.signals import ENDING
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.slack.handlers.table import COMMANDS
from bot.slack.scopes import SCOPES
from sandbox.paytend import PaytendStandIn
from sandbox.slack import SlackWorkspace
from storage.vault import identify_key
from tests import once
from tests.approvals.world import START
from tests.bot.cli.conftest import OURS, Shell, clear_environment
from tests.journeys.world import CONFIG, make_environment

ROOT = Path(__file__).parents[3]


class NewOperator(Shell):
    """Someone at a shell who has no database yet, and who also starts the bot."""

    def starts(self, **changes: str) -> tuple[int, str]:
        """Type `cardops run` here, for a start that ends before the bot runs; return status and stderr."""
        kept = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGHUP)}
        try:
            status, _, err = self.types("run", **changes)
        finally:
            for number, taken in kept.items():
                signal.signal(number, taken)
        return status, err

    def runs(self, **changes: str) -> tuple[int, str]:
        """Run `cardops run` as a process that is expected to end by itself; return status and stderr.

        A process takes two seconds to come as far as an error: it is for what only another process can show.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        done = subprocess.run(
            [sys.executable, "-m", "bot", "run"],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(ROOT)} | self.environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    @property
    def database(self) -> SqlDatabase:
        return SqlDatabase(f"sqlite:///{self.folder}/cardops.db")


@pytest.fixture
def paytend() -> PaytendStandIn:
    return PaytendStandIn(seed=1, pairs=once.pairs())


@pytest.fixture
def slack() -> Iterator[SlackWorkspace]:
    workspace = SlackWorkspace()
    with workspace.serving():
        yield workspace


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> NewOperator:
    clear_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return NewOperator(folder=tmp_path, environment={}, capture=capsys, patch=monkeypatch)


@pytest.fixture
def installed(operator: NewOperator, slack: SlackWorkspace, paytend: PaytendStandIn) -> NewOperator:
    """An operator with settings that work."""
    operator.environment = make_environment(
        slack=slack,
        paytend=paytend,
        paytend_url="http://127.0.0.1:9",
        database_url=f"sqlite:///{operator.folder}/cardops.db",
    ) | {"CARDOPS_LISTEN": "127.0.0.1:0"}
    return operator


def test_a_new_key_is_one_that_the_settings_take(operator: NewOperator) -> None:
    (first, out, err), (_, again, _) = operator.types("keys", "new"), operator.types("keys", "new")

    assert (first, err) == (0, "")
    assert len(base64.b64decode(out.strip(), validate=True)) == 32
    assert out != again


def test_the_manifest_is_made_from_the_commands(operator: NewOperator) -> None:
    status, out, _ = operator.types("manifest", "--url", "https://cards.example.com/")

    made = yaml.safe_load(out)
    commands = made["features"]["slash_commands"]
    assert status == 0
    assert [command["command"] for command in commands] == [command.name for command in COMMANDS]
    assert {command["url"] for command in commands} == {"https://cards.example.com/slack/events"}
    assert made["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    assert made["settings"]["interactivity"]["request_url"] == "https://cards.example.com/slack/events"


def test_s16_the_manifest_takes_addresses_and_refuses_what_is_none(operator: NewOperator) -> None:
    status, out, _ = operator.types("manifest", "--socket-mode", "--ip", "203.0.113.7", "198.51.100.0/24")
    assert status == 0
    assert yaml.safe_load(out)["settings"]["allowed_ip_address_ranges"] == ["203.0.113.7", "198.51.100.0/24"]

    status, _, err = operator.types("manifest", "--socket-mode", "--ip", "cards.example.com")
    assert (status, "cards.example.com is not an IPv4 address" in err) == (2, True)


def test_the_manifest_of_socket_mode_has_no_address(operator: NewOperator) -> None:
    _, out, _ = operator.types("manifest", "--socket-mode")

    assert yaml.safe_load(out)["settings"]["socket_mode_enabled"] is True
    assert "http" not in out


def test_an_address_that_slack_would_not_take_is_refused(operator: NewOperator) -> None:
    status, _, err = operator.types("manifest", "--url", "cards.example.com")

    assert status == 2
    assert "https://" in err


def test_the_manifest_in_the_repository_is_the_one_that_is_made(operator: NewOperator) -> None:
    status, out, err = operator.types("manifest")

    assert status == 1, "Slack would deliver to example.com"
    assert "--url" in err

    assert (ROOT / "app_manifest.yml").read_text() == out


def test_a_policy_that_can_be_used_is_counted(operator: NewOperator) -> None:
    (operator.folder / "cardops.yml").write_text(CONFIG)

    status, out, err = operator.types("policy", "check")

    assert (status, err) == (0, "")
    assert "4 rules, 2 limits, 4 routes" in out


def test_a_policy_with_a_mistake_is_status_2_and_names_the_line(operator: NewOperator) -> None:
    (operator.folder / "mine.yml").write_text("channels:\n  alerts: '#alerts'\n")

    status, out, err = operator.types("policy", "check", CARDOPS_CONFIG="mine.yml")

    assert (status, out) == (2, "")
    assert "mine.yml, line 2: channels.alerts" in err


def test_no_policy_at_all_is_status_2(operator: NewOperator) -> None:
    status, _, err = operator.types("policy", "check")

    assert status == 2
    assert "there is no such file" in err


@pytest.mark.parametrize("words", [(), ("fly",), ("keys",), ("policy", "fly"), ("manifest", "--port", "1")])
def test_wrong_usage_is_status_2(operator: NewOperator, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        operator.types(*words)

    assert ended.value.code == 2


@pytest.mark.parametrize("words", [("run",), ("migrate",), ("audit", "verify")])
def test_without_settings_everything_missing_is_listed(operator: NewOperator, words: tuple[str, ...]) -> None:
    status, out, err = operator.types(*words)

    assert (status, out) == (2, "")
    assert err.count("is missing") >= 6
    assert "Traceback" not in err


def test_migrating_says_the_revision_and_may_be_repeated(installed: NewOperator) -> None:
    first, second = installed.types("migrate"), installed.types("migrate")

    assert first == second
    assert first[0] == 0
    assert str(schema.newest()) in first[1]


def test_a_database_that_cannot_be_used_is_status_2(installed: NewOperator) -> None:
    for url in ("sqlite:////nowhere/at/all.db", "postgresql+psycopg://nobody@127.0.0.1:9/none"):
        status, _, err = installed.types("migrate", DATABASE_URL=url)

        assert status == 2
        assert "DATABASE_URL" in err
        assert "Traceback" not in err


def test_an_intact_trail_holds_and_a_changed_one_is_status_1(installed: NewOperator) -> None:
    installed.types("migrate")
    key = make_key(base64.b64decode(installed.environment["CARDOPS_SECRET_KEYS"]))
    database = installed.database
    for number in range(3):
        with database.writing() as session:
            chain.append(
                session, "card:read", key=key, actor="U0SAM", subject=f"card:{number}", facts={}, now=START
            )
    database.close()
    status, out, _ = installed.types("audit", "verify")
    assert (status, "3 events" in out) == (0, True)

    with sqlite3.connect(installed.folder / "cardops.db") as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{trigger}"')
        raw.execute("UPDATE audit_event SET subject = 'card:9' WHERE seq = 2")
    raw.close()

    status, _, err = installed.types("audit", "verify")
    assert status == 1
    assert "broken at event 2" in err


def test_a_trail_that_was_never_migrated_is_status_2(installed: NewOperator) -> None:
    status, _, err = installed.types("audit", "verify")

    assert status == 2
    assert "cardops migrate" in err


def test_a_port_that_is_taken_is_told(installed: NewOperator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        status, err = installed.runs(CARDOPS_LISTEN=address)

    assert status == 2
    assert f"Cannot listen on {address}" in err
    assert "Traceback" not in err


def test_a_second_process_on_the_same_file_is_told_of_postgresql(installed: NewOperator) -> None:
    first = installed.database
    first.claim_file()

    status, err = installed.runs()

    first.close()
    assert status == 2
    assert "PostgreSQL" in err
    assert "Traceback" not in err


@pytest.mark.postgres
def test_a_postgresql_that_was_not_migrated_is_told(
    installed: NewOperator, tmp_path: Path, fresh_postgresql: Callable[[], str]
) -> None:
    status, err = installed.starts(DATABASE_URL=fresh_postgresql())

    assert status == 2
    assert "cardops migrate" in err


def test_what_lives_as_long_as_the_process_is_not_walked_at_every_collection() -> None:
    before = sys.getswitchinterval()
    try:
        make_prompt()

        assert gc.get_freeze_count() > 10_000
        assert sys.getswitchinterval() < before
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before)


def test_o1_a_start_with_the_keys_of_another_database_ends_with_2_and_names_the_missing_one(
    installed: NewOperator,
) -> None:
    assert installed.types("migrate")[0] == 0
    assert installed.types("audit", "export")[0] == 0
    right = base64.b64decode(installed.environment["CARDOPS_SECRET_KEYS"])

    status, err = installed.starts(CARDOPS_SECRET_KEYS=base64.b64encode(b"z" * 32).decode())

    assert status == 2
    assert identify_key(right) in err
    assert "Traceback" not in err


def test_o6_a_token_of_another_workspace_ends_the_start_with_2(installed: NewOperator) -> None:
    (installed.folder / "cardops.yml").write_text(CONFIG)

    status, err = installed.starts(SLACK_TEAM_ID="T0OTHER")

    assert status == 2
    assert "SLACK_TEAM_ID" in err
    assert "T0OTHER" in err
    assert "Traceback" not in err


def test_o6_a_named_file_that_is_missing_ends_the_start_with_2(installed: NewOperator) -> None:
    status, err = installed.starts(CARDOPS_CONFIG="nowhere.yml")

    assert status == 2
    assert "CARDOPS_CONFIG: there is no file nowhere.yml" in err


def test_o15_the_version_is_that_of_the_package(operator: NewOperator, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        operator.types("--version")

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("cardops ")
