"""`cardops support-bundle`: what others need to help, in one file that has no secret in it."""

import argparse
import json
import platform
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from bot.cli.shell import FINE, Commands, add_command, complain, say
from bot.clock import make_clock
from bot.database.engine import SqlDatabase
from bot.doctor import table
from bot.logs import REMOVED, clean
from bot.settings.environment import Settings, list_set_values
from bot.settings.private_files import write_private
from bot.settings.setting_forms import check_listen
from bot.settings.setup import Setup, SetupUnusable, read_setup
from bot.wiring.doctor import open_doctor_context

LINES = 300  # of the log
SHORTEST_SECRET = 6
_SHOWN = frozenset({"PAYTEND_AMOUNT_UNIT", "PAYTEND_WEBHOOK_AMOUNT_UNIT", "CARDOPS_LOG_FORMAT"})
_HEAD = """cardops support bundle, {at}
Read it before you send it: it has no token, key, whole card number or value of a setting, but ids of channels and
accounts.
"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = add_command(commands, "support-bundle", bundle, "write what others need to help, without secrets")
    command.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write")
    command.add_argument(
        "--log", metavar="FILE", help=f"a log, of which the last {LINES} lines go in; - for stdin"
    )


def bundle(chosen: argparse.Namespace) -> int:
    """Write the bundle; whatever cannot be found out is said in it."""
    if chosen.to.exists():
        return complain(f"{chosen.to}: there is such a file already.", [], "Name another one with --to.")
    problems: list[str] = []
    setup = None
    try:
        setup = read_setup()
    except SetupUnusable as error:
        problems = [*error.settings, *error.config]
    parts: list[tuple[str, Callable[[], Iterator[str]]]] = [
        ("Versions", _say_versions),
        ("Settings that are set, without their values", _name_settings),
        ("What is wrong with them", lambda: iter(problems or ["nothing"])),
        ("Doctor", lambda: _examine(setup)),
        ("Readiness", lambda: _ask("/readyz")),
        ("Figures", lambda: _ask("/metrics")),
        (f"The last {LINES} lines of the log", lambda: _read_log(chosen.log)),
    ]
    lines = [_HEAD.format(at=make_clock().now().isoformat(timespec="seconds"))]
    for title, read in parts:
        lines.append(f"\n== {title} ==\n")
        try:
            lines += [f"{clean_line(line)}\n" for line in read()]
        except Exception as error:  # noqa: BLE001 - a bundle is for what is broken: the other parts are written
            lines.append(f"could not be found out: {type(error).__name__}\n")
    write_private(chosen.to, _remove_values("".join(lines)))
    say(f"{chosen.to} is written, for your eyes first: read it before you send it.")
    return FINE


def clean_line(line: str) -> str:
    """Return a line without tokens, keys, bodies and card numbers; one of JSON stays JSON."""
    if line.startswith("{"):
        try:
            return json.dumps(clean(json.loads(line)), ensure_ascii=False)
        except ValueError:
            pass  # it only looks like JSON
    return str(clean(line))


def _remove_values(text: str) -> str:
    """Remove what the settings hold, wherever it is: an error of a library may quote it."""
    for name, value in list_set_values().items():
        if len(value) >= SHORTEST_SECRET and name not in _SHOWN:
            text = text.replace(value, REMOVED)
    return text


def _say_versions() -> Iterator[str]:
    yield f"{platform.platform()}, {sys.implementation.name} {platform.python_version()}"
    yield table.CHECKS["versions"](None).says  # type: ignore[arg-type]  # it looks at nothing


def _name_settings() -> Iterator[str]:
    for name, value in sorted(list_set_values().items()):
        yield f"{name}={value}" if name in _SHOWN else name


def _examine(setup: Setup | None) -> Iterator[str]:
    if setup is None:
        yield "not asked: the settings cannot be used"
        return
    database = SqlDatabase(setup.settings.DATABASE_URL)
    try:
        with open_doctor_context(setup.settings, setup.config, clock=make_clock(), database=database) as context:
            for row in table.examine(context):
                yield f"{row.state:<6}{row.name:<10}{row.says}{f' -> {row.next}' if row.next else ''}"
    finally:
        database.close()


def _ask(path: str) -> Iterator[str]:
    """Ask the bot on this machine."""
    named = list_set_values().get("CARDOPS_LISTEN", str(Settings.model_fields["CARDOPS_LISTEN"].default))
    try:
        host, _, port = check_listen(named).rpartition(":")
    except ValueError:
        yield "not asked: CARDOPS_LISTEN cannot be used"
        return
    address = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not listened on
    try:
        answer = httpx.get(f"http://{address}:{port}{path}", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        yield f"no bot answers here ({type(error).__name__})"
        return
    yield f"status {answer.status_code}"
    yield from (line for line in answer.text.splitlines() if not line.startswith("# "))


def _read_log(name: str | None) -> Iterator[str]:
    if name is None:
        yield "not given: --log FILE, or journalctl --unit cardops --lines 300 | cardops support-bundle --log - …"
    elif name == "-":
        yield from (line.rstrip("\n") for line in deque(sys.stdin, LINES))
    else:
        with Path(name).open(encoding="utf-8", errors="replace") as file:
            yield from (line.rstrip("\n") for line in deque(file, LINES))
