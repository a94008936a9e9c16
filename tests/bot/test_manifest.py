"""The manifest asks for what the calls need, and for nothing else."""

import re
from pathlib import Path

import pytest

from bot.manifest import SCOPES, make_manifest
from sandbox.slack.methods.table import METHODS

ROOT = Path(__file__).parents[2]
SOURCES = [path for package in ("bot", "notifier") for path in (ROOT / package).rglob("*.py")]
CALLS = {
    f"{found[1].replace('_', '.', 1)}"
    for path in SOURCES
    for found in re.finditer(r"(?:slack|client)\.([a-z]+_[a-zA-Z_]+)\(", path.read_text())
}


def methods_called() -> set[str]:
    """The Web API methods that the code calls, by the names of the SDK's functions."""
    by_function = {name.replace(".", "_"): name for name in METHODS}
    return {by_function[call.replace(".", "_")] for call in CALLS if call.replace(".", "_") in by_function}


def test_every_scope_is_needed_by_a_call_and_every_call_has_its_scope() -> None:
    called = methods_called()
    asked = {method for methods in SCOPES.values() for method in methods}
    free = {name for name in called if not METHODS[name].scopes}

    assert {"chat.postMessage", "users.info"} <= called
    assert asked - called == set()
    assert called - asked - free == set()


def test_a_scope_gives_the_right_to_the_calls_beside_it() -> None:
    for scope, methods in SCOPES.items():
        for method in methods:
            assert scope in METHODS[method].scopes, (scope, method)


@pytest.mark.parametrize("socket_mode", [False, True])
def test_the_manifest_keeps_within_slacks_limits(socket_mode: bool) -> None:
    manifest = make_manifest(url=None, socket_mode=socket_mode)

    display = manifest["display_information"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert 174 <= len(display["long_description"]) <= 4000
    for command in manifest["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
