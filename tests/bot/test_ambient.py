"""What comes from outside of the program is read in one place each, and clients are made in one place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"
CLOCK = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "time.sleep",
}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb"}
CLIENTS = {"Client", "httpx.Client", "WebClient", "make_http", "SocketModeHandler", "CountedWebClient"}


def uses(names: set[str], *, called: bool = False) -> set[str]:
    """The files of the bot, from its folder, that use one of these names, or call it."""
    return {
        path.relative_to(BOT).as_posix()
        for path in BOT.rglob("*.py")
        if names & set(list_names(ast.parse(path.read_text()), called=called))
    }


def list_names(tree: ast.Module, *, called: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if called and isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif not called and isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def test_only_the_clock_reads_the_clock() -> None:
    assert uses(CLOCK) == {"clock.py"}


def test_only_the_settings_read_the_environment() -> None:
    assert uses(ENVIRONMENT) == {"settings/environment.py"}


def test_only_the_wiring_makes_clients() -> None:
    made = uses(CLIENTS, called=True)

    # Bolt insists on a client of its own: it gets one without a token, which calls nothing.
    assert made == {"wiring/clients.py", "wiring/doctor.py", "slack/edge.py"}


# Dates at Paytend, what webhooks missed, and what a command explains: none decides about a request.
BY_THE_WALL = {"jobs/missed_webhooks.py", "slack/context.py", "wiring/approvals.py"}


def test_a20_whatever_works_on_requests_takes_the_time_of_the_database() -> None:
    """A file that imports the use cases of approvals never calls `now()`, the clock of its own machine."""
    deciding = {
        path.relative_to(BOT).as_posix()
        for path in BOT.rglob("*.py")
        if re.search(r"^from approvals\.(execution|requests)\b", path.read_text(), re.MULTILINE)
    }
    reading = {
        name
        for name in deciding
        if any(call.endswith(".now") for call in list_names(ast.parse((BOT / name).read_text()), called=True))
    }

    assert "slack/handlers/decisions.py" in deciding
    assert reading - BY_THE_WALL == set()
