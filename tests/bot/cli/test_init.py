"""`cardops init`: from an empty folder to a bot that answers its first command, by answers and in a terminal."""

import json
import os
import pty
import secrets
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from sqlalchemy import make_url

from bot.cli.run import open_database
from bot.clock import make_clock
from bot.guided_setup.answers import DRAFT, Answers
from bot.guided_setup.desk import SetupDesk
from bot.guided_setup.dialogue import Dialogue, SetupTerminal
from bot.guided_setup.given import read_given
from bot.guided_setup.guide import guide
from bot.guided_setup.paytend_keys import OURS
from bot.guided_setup.questions import QUESTIONS
from bot.http.server import Server
from bot.settings.cardops_yml import read_config
from bot.settings.env_file import read_env_file
from bot.settings.setup import read_setup
from bot.slack.edge import is_instant
from bot.slack.manifest import make_manifest, write_manifest
from bot.slack.scopes import SCOPES
from bot.wiring.compose import compose, make_pools
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from sandbox.slack import SlackWorkspace
from sandbox.slack import seed as slack_seed
from tests import once
from tests.bot.cli.conftest import Shell, clear_environment
from tests.databases import SERVER, fresh_url

ROOT = Path(__file__).parents[3]
TOKENS = (slack_seed.BOT_TOKEN, slack_seed.APP_TOKEN, slack_seed.SIGNING_SECRET)

ROLES = {"support": "@support", "manager": "managers", "oncall": ["oncall"], "admin": ["Ada Admin"]}


@dataclass(kw_only=True)
class Newcomer(Shell):
    """Someone with an empty folder, a workspace and a partner account."""

    slack: SlackWorkspace
    paytend: PaytendStandIn
    paytend_url: str
    answers: dict[str, Any] = field(default_factory=dict)

    def answers_file(self, **changes: Any) -> str:
        path = self.folder / "answers.yml"
        path.write_text(yaml.safe_dump({**self.answers, **changes}))
        path.chmod(0o600)
        return str(path)

    def inits(self, *words: str, **changes: Any) -> tuple[int, str, str]:
        return self.types("init", "--answers", self.answers_file(**changes), *words)

    def hellos(self) -> list[str]:
        return [each["text"] for each in self.slack.messages("C0APPROVALS") if "cardops is set up" in each["text"]]

    @contextmanager
    def bot(self) -> Iterator[str]:
        """The bot as `cardops run` makes it of what was written; yields its address."""
        setup = read_setup()
        database = open_database(setup.settings)
        bot = compose(
            setup.settings,
            setup.config,
            clock=make_clock(),
            pools=make_pools(),
            database=database,
            renderer=once.renderer(),
            tls=once.tls(),
        )
        server = Server(bot.web, host="127.0.0.1", port=0, is_instant=is_instant)
        bot.start()
        server.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.stop()
            bot.stop()


@pytest.fixture(params=["socket"])
def newcomer(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Newcomer]:
    clear_environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    paytend = PaytendStandIn(seed=1, pairs=once.pairs())
    slack = SlackWorkspace(manifest=make_manifest(url=None, socket_mode=request.param == "socket"))
    (tmp_path / "ours.pem").write_text(paytend.partner_private_key_pem)
    (tmp_path / "ours.pem").chmod(0o600)
    (tmp_path / "theirs.pem").write_text(paytend.paytend_public_key_pem)
    with slack.serving(), Running(paytend.app) as running:
        yield Newcomer(
            folder=tmp_path,
            environment={},
            capture=capsys,
            patch=monkeypatch,
            slack=slack,
            paytend=paytend,
            paytend_url=running.url,
            answers={
                "mode": request.param,
                "SLACK_API_BASE_URL": slack.api_url,
                "SLACK_BOT_TOKEN": slack_seed.BOT_TOKEN,
                "PAYTEND_BASE_URL": running.url,
                "PAYTEND_PARTNER_ID": paytend.partner_id,
                "PAYTEND_PRIVATE_KEY_FILE": "ours.pem",
                "PAYTEND_PUBLIC_KEY_FILE": "theirs.pem",
                "PAYTEND_AMOUNT_UNIT": "minor",
                "PAYTEND_WEBHOOK_AMOUNT_UNIT": "minor",
                "channels": {"approvals": "card-approvals", "alerts": "#card-alerts", "oncall": "oncall"},
                "roles": ROLES,
                "tiers": ["500.00 EUR: 2"],
                "open_channels": {
                    "card-approvals": ["shared", "guests", "public"],
                    "card-alerts": ["public"],
                    "oncall": ["public"],
                },
                **(
                    {"SLACK_APP_TOKEN": slack_seed.APP_TOKEN}
                    if request.param == "socket"
                    else {"SLACK_SIGNING_SECRET": slack_seed.SIGNING_SECRET, "url": "https://cards.example.com"}
                ),
            },
        )


def test_o15_from_an_empty_folder_to_the_first_answer_with_sqlite_and_socket_mode(newcomer: Newcomer) -> None:
    status, out, err = newcomer.inits()

    assert status == 0, out + err
    assert not [token for token in TOKENS if token in out + err]
    assert stat.S_IMODE((newcomer.folder / ".env").stat().st_mode) == 0o600
    assert "wrong" not in out
    assert newcomer.hellos() == [
        "Hello, cardops is set up. Requests that need a second person appear in this channel."
    ]
    text = (newcomer.folder / "cardops.yml").read_text()
    assert "approvals: C0APPROVALS  # #card-approvals" in text
    assert "manager: {groups: [S0MANAGER]}  # @managers" in text
    assert "# Who has a role" in text
    with newcomer.bot():
        newcomer.slack.wait_for(lambda: newcomer.slack.sockets.connections)
        newcomer.slack.types("U0SAM", "/card info 1755902", channel="C0GENERAL")
        assert "5097" in newcomer.slack.wait_for(lambda: newcomer.slack.ephemerals("U0SAM"))[-1]["text"]


@pytest.fixture
def two_roles() -> Iterator[tuple[str, str]]:
    """The names of an owner and a bot's role, dropped afterwards if somebody made them."""
    mark = secrets.token_hex(4)
    names = (f"cardops_owner_{mark}", f"cardops_bot_{mark}")
    yield names
    with psycopg.connect(SERVER, autocommit=True) as connection:
        for name in names:
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.mark.postgres
@pytest.mark.parametrize("newcomer", ["http"], indirect=True)
def test_o15_from_an_empty_folder_to_the_first_answer_with_postgresql_and_http(
    two_roles: tuple[str, str], newcomer: Newcomer
) -> None:
    with fresh_url("postgresql", newcomer.folder) as admin:
        owner, bot = (
            make_url(admin).set(username=name).render_as_string(hide_password=False) for name in two_roles
        )
        urls = {"DATABASE_URL": bot, "DATABASE_OWNER_URL": owner}
        status, _, err = newcomer.inits(**urls)
        assert status == 2
        assert "An administrator of the server runs" in err
        plain = make_url(admin).set(drivername="postgresql").render_as_string(hide_password=False)
        done = newcomer.folder / "cardops-roles.sql"
        subprocess.run(
            ["psql", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--dbname={plain}", f"--file={done}"],
            check=True,
            capture_output=True,
            timeout=20,
        )

        status, out, err = newcomer.inits(**urls)

        assert status == 0, out + err
        assert len(newcomer.hellos()) == 1
        manifest = yaml.safe_load((newcomer.folder / "slack-app-manifest.yml").read_text())
        wanted = "https://cards.example.com/slack/events"
        assert manifest["settings"]["event_subscriptions"]["request_url"] == wanted
        with newcomer.bot() as address:
            newcomer.slack.courier.request_url = f"{address}/slack/events"
            newcomer.slack.types("U0SAM", "/card info 1755902", channel="C0GENERAL")
            assert "5097" in newcomer.slack.wait_for(lambda: newcomer.slack.ephemerals("U0SAM"))[-1]["text"]
        with psycopg.connect(plain, autocommit=True) as connection:
            for name in two_roles:
                who = sql.Identifier(name)
                connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(who))
                connection.execute(sql.SQL("DROP OWNED BY {}").format(who))


def test_o15_without_answers_and_without_a_terminal_all_that_are_missing_are_named(newcomer: Newcomer) -> None:
    status, _, err = newcomer.types("init")

    assert status == 2
    for name in (
        "SLACK_BOT_TOKEN",
        "PAYTEND_PARTNER_ID",
        "PAYTEND_AMOUNT_UNIT",
        "channels.approvals",
        "roles.admin",
    ):
        assert f"- {name}: is missing" in err
    assert not (newcomer.folder / "cardops.yml").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-another"}, "SLACK_BOT_TOKEN: Slack does not know this token"),
        ({"SLACK_APP_TOKEN": "xapp-another"}, "SLACK_APP_TOKEN: Slack does not know this token"),
        ({"SLACK_BOT_TOKEN": "xapp-another"}, "SLACK_BOT_TOKEN: it begins with xoxb-"),
        ({"SLACK_API_BASE_URL": "http://127.0.0.1:9/api/"}, "SLACK_BOT_TOKEN: Slack does not answer"),
        ({"PAYTEND_PARTNER_ID": "12"}, "PAYTEND_PARTNER_ID: it has 15 digits"),
        ({"PAYTEND_PRIVATE_KEY_FILE": "theirs.pem"}, "PAYTEND_PRIVATE_KEY_FILE: "),
        ({"PAYTEND_PUBLIC_KEY_FILE": "nowhere.pem"}, "nowhere.pem: there is no such file"),
        ({"channels": {"approvals": "card-aprovals", "alerts": "oncall"}}, "did you mean card-approvals?"),
        ({"roles": ROLES | {"support": "@nobody"}}, "roles.support: Slack lists nothing called @nobody"),
        ({"roles": ROLES | {"support": "Greta Gone"}}, "roles.support: Slack lists nothing called Greta Gone"),
        ({"tiers": ["500 EUR"]}, "tiers: write an amount and how many"),
        ({"balance": {"EUR": {"warn": 5, "critical": 10}}}, "balance.EUR.critical: it is less than 5"),
        ({"chanels": {"alerts": "oncall"}}, "Did you mean channels.alerts?"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value[:30],
)
def test_o15_an_answer_that_cannot_be_used_is_told_in_words(
    newcomer: Newcomer, changes: dict[str, Any], says: str
) -> None:
    status, out, err = newcomer.inits(**changes)

    assert status == 2
    assert says in err
    assert "Traceback" not in err
    assert not [value for value in (*TOKENS, "xoxb-another", "xapp-another") if value in out + err]


def test_o15_the_template_of_answers_has_every_question_and_no_answer(newcomer: Newcomer) -> None:
    file = newcomer.folder / "answers.yml"
    file.write_text(newcomer.types("example", "answers")[1])
    file.chmod(0o600)

    assert {*QUESTIONS} < set(yaml.safe_load(file.read_text()))
    assert read_given({}, file=file, pairs=()) == {}


def test_o15_a_token_is_no_argument_and_a_readable_file_of_answers_is_refused(newcomer: Newcomer) -> None:
    status, _, err = newcomer.types("init", "--set", f"SLACK_BOT_TOKEN={slack_seed.BOT_TOKEN}")
    assert status == 2
    assert "everybody on this machine can read the arguments" in err
    assert slack_seed.BOT_TOKEN not in err

    path = Path(newcomer.answers_file())
    path.chmod(0o644)
    status, _, err = newcomer.types("init", "--answers", str(path))
    assert status == 2
    assert "chmod 600" in err


def test_o15_run_again_it_changes_only_what_is_asked(newcomer: Newcomer) -> None:
    newcomer.inits()
    file = newcomer.folder / "cardops.yml"
    file.write_text(file.read_text().replace("every: 5m", "every: 7m  # by Ada") + "\n# the end\n")
    before, env = file.read_text(), (newcomer.folder / ".env").read_text()

    status, out, err = newcomer.types("init")
    assert status == 0, out + err
    assert (file.read_text(), (newcomer.folder / ".env").read_text()) == (before, env)

    assert newcomer.types("init", "--set", "channels.alerts=support")[0] == 1  # the doctor: it has other readers
    text = file.read_text()
    assert "alerts: C0SUPPORT  # #support" in text
    assert text.replace("alerts: C0SUPPORT  # #support", "alerts: C0ALERTS  # #card-alerts") == before
    assert len(newcomer.hellos()) == 1


def test_o15_what_was_written_by_hand_stays_and_is_told(newcomer: Newcomer) -> None:
    newcomer.inits()
    file = newcomer.folder / "cardops.yml"
    by_hand = file.read_text().replace("name: orders,", "name: orders, quorum: 2,")
    file.write_text(by_hand)

    status, out, _ = newcomer.types("init", "--set", "tiers=700.00 EUR: 2")

    assert status == 1
    assert "policy in cardops.yml was written by hand and stays" in out
    assert "over: 700.00 EUR" in out
    assert file.read_text() == by_hand


def test_o15_a_new_key_pair_is_private_and_its_public_half_is_shown(newcomer: Newcomer) -> None:
    status, out, _ = newcomer.inits(PAYTEND_PRIVATE_KEY_FILE="fresh.pem")

    assert status == 1  # Paytend does not know the key yet, says the doctor
    assert (newcomer.folder / OURS).read_text() in out
    assert stat.S_IMODE((newcomer.folder / "fresh.pem").stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in out
    assert "Paytend must have our public key" in out


class Interrupted(Exception):
    """Ctrl-C, a kill, a power cut: whatever ends the guide at a question."""


def run_guide(newcomer: Newcomer, reads: Callable[[str], str]) -> str:
    """Let somebody answer in a terminal, and return what was shown."""
    shown: list[str] = []

    def read(prompt: str) -> str:
        shown.append(prompt)
        assert shown.count(prompt) < 3, shown[-4:]
        return reads(prompt)

    desk = SetupDesk(
        folder=newcomer.folder,
        answers=Answers(folder=newcomer.folder),
        dialogue=Dialogue(
            given={"SLACK_API_BASE_URL": newcomer.slack.api_url},
            say=shown.append,
            terminal=SetupTerminal(read=read, read_secret=read),
        ),
        scopes=SCOPES,
        write_manifest=lambda url, is_socket: write_manifest(url=url, socket_mode=is_socket),
    )
    guide(desk, newcomer.folder / "cardops.yml")
    return "\n".join(shown)


# What a person types, by a part of the prompt.
TYPED = {
    "socket or http": "",
    "bot's token": slack_seed.BOT_TOKEN,
    "app's token": slack_seed.APP_TOKEN,
    "Paytend's address": None,
    "partner id": None,
    "private key": "ours.pem",
    "public key": "theirs.pem",
    "minor or major?": "minor",
    "database of the bot": "",
    "requests are approved": "card-appr",
    "for notices": "1",
    "what is urgent": "-",
    "head of the trail": "",
    "asks for top-ups": "1",
    "Who approves": "Milan, managers",
    "on call": "",
    "settles": "ada",
    "roles may approve": "",
    "currencies of": "",
    "how many EUR": "",
    "more than one approve": "",
    "one person ask": "",
    "on one card": "",
    "intended": "y",
    "Press Enter": "",
    "want to change": "",
    "Numbers with commas": "",
}


def typed(newcomer: Newcomer, prompt: str) -> str:
    known = TYPED | {"Paytend's address": newcomer.paytend_url, "partner id": newcomer.paytend.partner_id}
    return next(str(text) for part, text in known.items() if part in prompt)


def test_o15_interrupted_at_any_question_it_goes_on_where_it_was(newcomer: Newcomer) -> None:
    asked: list[str] = []

    def answer_one(prompt: str) -> str:
        if asked and asked[-1] != prompt:
            raise Interrupted
        asked.append(prompt)
        return typed(newcomer, prompt)

    starts, runs = 0, []
    while not (newcomer.folder / "cardops.yml").exists():
        starts += 1
        assert starts < 50
        runs.append(len(asked))
        current, asked = asked, []
        with suppress(Interrupted):
            run_guide(newcomer, answer_one)
        current += asked

    config = read_config(newcomer.folder / "cardops.yml")
    assert starts > 20
    assert config.channels.approvals == "C0APPROVALS"
    assert config.roles["manager"].people == ("U0MILAN",)
    assert config.channels.oncall == ""
    values = read_env_file(newcomer.folder / ".env").values
    assert values["PAYTEND_PARTNER_ID"] == newcomer.paytend.partner_id
    assert json.loads((newcomer.folder / DRAFT).read_text()) == {"mode": "socket"}


def test_o15_the_guide_explains_what_to_click_and_why_the_unit_matters(newcomer: Newcomer) -> None:
    shown = run_guide(newcomer, lambda prompt: typed(newcomer, prompt))

    for words in (
        "Create New App",
        "slack-app-manifest.yml",
        "connections:write",
        "if 0.01 EUR arrives on the card, the unit is minor",
        "#card-approvals  (public)",
        "has guests (U0GUEST",
    ):
        assert words in shown, words
    assert not [token for token in TOKENS if token in shown]


def test_o15_a_wrong_token_is_asked_for_again(newcomer: Newcomer) -> None:
    wrong = iter(["xoxb-wrong", slack_seed.BOT_TOKEN])

    shown = run_guide(newcomer, lambda prompt: next(wrong) if "bot's token" in prompt else typed(newcomer, prompt))

    assert "Slack does not know this token; copy it again. Once more, please." in shown
    assert "cardops in the workspace Northwind Cards" in shown


def test_o15_in_a_terminal_secrets_are_not_echoed_and_ctrl_c_loses_nothing(newcomer: Newcomer) -> None:
    """The real program on a terminal of its own: Ctrl-C after the bot's token, then once more."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "CARDOPS_"))
    }
    environment |= {"SLACK_API_BASE_URL": newcomer.slack.api_url, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    terminal, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        cwd=newcomer.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as child:
        try:
            for prompt, text in (
                (b"socket or http", b"\n"),
                (b"[not shown]", slack_seed.BOT_TOKEN.encode() + b"\n"),
            ):
                shown = read_until(terminal, shown, prompt)
                os.write(terminal, text)
            shown = read_until(terminal, shown, b"App-Level Tokens, xapp-")
            child.send_signal(signal.SIGINT)
            shown = read_until(terminal, shown, b"is kept")
            assert child.wait(timeout=20) == 1
        finally:
            child.kill()
            os.close(terminal)
            os.close(theirs)

    assert slack_seed.BOT_TOKEN.encode() not in shown
    assert b"cardops in the workspace Northwind Cards" in shown
    assert b"Traceback" not in shown
    again = run_guide(newcomer, lambda prompt: typed(newcomer, prompt))
    assert "bot's token" not in again
    assert (newcomer.folder / "cardops.yml").exists()


def read_until(terminal: int, shown: bytes, wanted: bytes) -> bytes:
    """Read what the terminal shows until these words come after what was shown before."""
    start = len(shown)
    while wanted not in shown[start:]:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown.decode()
        shown += os.read(terminal, 4096)
    return shown


def test_s16_without_the_optional_scope_to_look_the_first_message_is_posted_all_the_same(
    newcomer: Newcomer,
) -> None:
    credentials = newcomer.slack.credentials
    credentials.scopes = credentials.scopes - {"channels:history", "groups:history"}

    newcomer.inits()
    newcomer.types("init")

    assert len(newcomer.hellos()) == 1
