"""The container file, as far as it can be checked without an engine: what it copies, runs, and leaves out."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from bot.http.connections import DEADLINE, LARGEST_BODY
from bot.settings.environment import Settings
from tests.deploy.names import is_setting

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEXT = (DEPLOY / "Dockerfile").read_text()
LINES = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def of(word: str) -> list[str]:
    """The arguments of each instruction of a kind."""
    return [line.partition(" ")[2].strip() for line in LINES if line.split()[0] == word]


def copied() -> list[str]:
    """What is copied from the repository."""
    return [source for line in of("COPY") if "--from" not in line for source in line.split()[:-1]]


def test_it_runs_as_nobody_special_and_says_how_it_is() -> None:
    last_stage = LINES[max(number for number, line in enumerate(LINES) if line.startswith("FROM")) :]

    assert [line for line in last_stage if line.startswith("USER")] == ["USER 10001:10001"]
    assert not any(line.startswith("RUN") for line in last_stage[last_stage.index("USER 10001:10001") :])
    assert "/healthz" in of("HEALTHCHECK")[0]
    assert of("ENTRYPOINT") == ['["cardops"]']
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_linters_of_container_files_would_find_nothing() -> None:
    assert not of("ADD"), "COPY does what is wanted (DL3020)"
    assert all(re.fullmatch(r"[a-z]+:[0-9.]+-slim( AS \w+)?", image) for image in of("FROM")), "tagged (DL3006)"
    assert not re.search(r"\bsudo\b|apt-get|curl |wget ", TEXT)
    assert all(path.startswith("/") for path in of("WORKDIR")), "absolute (DL3000)"
    assert all(line.startswith("[") for line in (*of("CMD"), *of("ENTRYPOINT"))), "JSON (DL3025)"
    assert "PIP_NO_CACHE_DIR=1" in TEXT, "(DL3042)"


def test_everything_is_installed_from_the_lock_by_hash() -> None:
    installs = [part for line in of("RUN") for part in line.split("&&") if " install " in part and "pip" in part]

    assert installs
    assert all("--no-deps" in line for line in installs)
    assert "--require-hashes" in installs[0]
    assert "compileall" in TEXT
    assert "pip uninstall" in TEXT


def test_what_is_copied_makes_a_package_that_lacks_nothing(tmp_path: Path) -> None:
    source, site = tmp_path / "src", tmp_path / "site"
    for name in copied():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=skip) if (ROOT / name).is_dir() else shutil.copy(
            ROOT / name, source / name
        )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--no-compile", "--target", str(site), str(source)]

    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    wanted = {
        path.relative_to(ROOT)
        for package in ("approvals", "bot", "commands", "notifier", "paytend", "storage")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {path for path in wanted if not (site / path).exists()} == set()
    program = "import sys; sys.path.insert(0, sys.argv[1]); from bot.cli.main import main; main(['--help'])"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", program, str(site)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "cardops" in ran.stdout


def test_the_builder_is_sent_only_what_is_copied() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]

    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule[0] == "!"} == set(copied())
    assert "**/.env" in rules


def test_its_settings_are_ours_and_its_port_is_listened_on() -> None:
    set_here = dict(re.findall(r"\b([A-Z][A-Z_]+)=(\S+)", " ".join(of("ENV"))))
    ours = {name: value for name, value in set_here.items() if name.startswith(("CARDOPS_", "DATABASE_"))}

    assert all(is_setting(name) for name in ours)
    assert of("EXPOSE") == [ours["CARDOPS_LISTEN"].rpartition(":")[2]]
    assert ours["DATABASE_URL"].startswith("sqlite:////data/")
    assert Settings.model_fields["CARDOPS_LISTEN"].default.endswith(":3000")


def test_compose_has_two_replicas_behind_a_proxy_on_postgresql() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    services = compose["services"]
    bot = services["bot"]

    assert bot["deploy"]["replicas"] == 2
    assert bot["depends_on"]["migration"] == {"condition": "service_completed_successfully"}
    assert services["migration"]["command"] == ["migrate"]
    assert all(is_setting(name) for name in bot["environment"].keys() - {"POSTGRES_PASSWORD"})
    assert bot["environment"]["DATABASE_URL"].startswith("postgresql+psycopg://")
    assert (bot["read_only"], bot["cap_drop"]) == (True, ["ALL"])
    assert "ports" not in bot
    assert "ports" not in services["database"]
    assert compose["networks"]["inside"] == {"internal": True}
    mounted = "./nginx/bot-servers.compose.conf:/etc/nginx/bot-servers.conf:ro"
    assert mounted in services["proxy"]["volumes"]
    assert "server bot:3000;" in (DEPLOY / "nginx" / "bot-servers.compose.conf").read_text()
    assert set(bot["secrets"]) <= set(compose["secrets"])
    names = {Path(value).name for name, value in bot["environment"].items() if name.endswith("_KEY_FILE")}
    assert names == set(bot["secrets"])
    for service in services.values():
        for network in service["networks"]:
            assert network in compose["networks"]
    assert (DEPLOY / bot["build"]["context"] / bot["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_o7_with_compose_only_the_migration_knows_the_owner_of_the_tables() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    owner = "postgresql+psycopg://cardops_owner:${POSTGRES_PASSWORD:?}@"

    assert services["database"]["environment"]["POSTGRES_USER"] == "cardops_owner"
    assert services["migration"]["environment"]["DATABASE_OWNER_URL"].startswith(owner)
    # .env names the password too, and what is set here wins over it.
    assert services["bot"]["environment"]["DATABASE_OWNER_URL"] == ""
    assert services["bot"]["environment"]["POSTGRES_PASSWORD"] == ""
    for name in ("bot", "migration"):
        url = services[name]["environment"]["DATABASE_URL"]
        assert url.startswith("postgresql+psycopg://cardops_bot:${BOT_PASSWORD:?}@")


def test_the_proxy_keeps_the_deadlines_and_doors_that_the_bot_asks_for() -> None:
    whole = re.sub(r"#.*", "", (DEPLOY / "nginx" / "nginx.conf").read_text())
    # Our own pages have bounds of their own, which the bot keeps: it reads and drops what is too large.
    text = re.sub(r"location ~ \^/drop/.*?proxy_pass http://bot;\s*\}", "", whole, flags=re.DOTALL)
    assert text != whole
    directives = dict(re.findall(r"^\s*(\w+) ([^;{]+);", text, re.MULTILINE))

    assert text.count("{") == text.count("}")
    assert directives["client_max_body_size"] == f"{LARGEST_BODY // 1024**2}m"
    assert int(directives["client_header_timeout"].removesuffix("s")) <= DEADLINE
    assert int(directives["client_body_timeout"].removesuffix("s")) <= DEADLINE
    assert directives["proxy_request_buffering"] == "on"
    upstream = re.search(r"upstream bot \{(.*?)\}", text, re.DOTALL)
    assert upstream is not None
    idle = re.search(r"keepalive_timeout (\d+)s", upstream[1])
    assert idle is not None
    assert int(idle[1]) < DEADLINE
    assert "include bot-servers.conf;" in upstream[1]
    assert set(re.findall(r"location (= )?(\S+)", text)) == {
        ("= ", "/slack/events"),
        ("= ", "/paytend/webhook"),
        ("", "/"),
    }
    assert re.search(r"location / \{\s*return 404;", text)
