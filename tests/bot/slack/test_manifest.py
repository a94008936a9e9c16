"""The manifest is made from the commands, asks for what is called, and for nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.slack.handlers.table import COMMANDS
from bot.slack.manifest import IpsUnusable, make_manifest, read_ips, write_manifest
from bot.slack.scopes import OPTIONAL, REQUIRED, SCOPES
from sandbox.slack.methods.table import METHODS

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT.parent / "shared" / "schemas"
PLACES = [path for package in ("bot", "notifier") for path in (ROOT / package).rglob("*.py")]
METHOD = re.compile(
    r"slack\.((?:apps|auth|bots|chat|conversations|files|pins|reactions|team|usergroups|users|views)_\w+)\("
    r"|client\.(users_info|users_list|usergroups_list|conversations_members)\("
)
NOT_METHODS = {"url_private"}


# Why the bot cannot do without these: a scope more needs a reason here.
REASONS = {
    "channels:read": "who is in an approvals channel, guests and shared ones among them, where it is public",
    "chat:write": "requests, notices, and the edits that keep them true",
    "commands": "everything begins with a command",
    "groups:read": "who is in an approvals channel, where it is private",
    "im:write": "alarms and outcomes for one person",
    "usergroups:read": "roles are groups of Slack",
    "users:read": "who somebody is: active, no guest, no stranger",
}


def test_s16_at_most_seven_scopes_are_required_each_with_its_reason() -> None:
    assert REQUIRED.keys() == REASONS.keys()
    assert len(REQUIRED) <= 7
    assert all(OPTIONAL.values())


def test_s16_what_is_optional_is_marked_so_in_the_manifest() -> None:
    scopes = make_manifest(url=None, socket_mode=False)["oauth_config"]["scopes"]

    assert scopes["bot"] == sorted(SCOPES)
    assert scopes["bot_optional"] == sorted(OPTIONAL)
    assert {"channels:history", "groups:history", "im:history"} <= OPTIONAL.keys()


def test_s16_tokens_can_be_bound_to_addresses() -> None:
    ips = ["203.0.113.7", "198.51.100.0/24", "203.0.113.7/32"]

    settings = make_manifest(url=None, socket_mode=True, ips=ips)["settings"]

    assert settings["allowed_ip_address_ranges"] == ["203.0.113.7", "198.51.100.0/24"]
    assert "allowed_ip_address_ranges" not in make_manifest(url=None, socket_mode=True)["settings"]


@pytest.mark.parametrize(
    "ips",
    [["cards.example.com"], ["203.0.113.7/24"], ["2001:db8::1"], [f"203.0.113.{last}" for last in range(11)]],
)
def test_s16_addresses_that_slack_does_not_take_are_refused(ips: list[str]) -> None:
    with pytest.raises(IpsUnusable):
        read_ips(ips)


def called() -> set[str]:
    """The methods of the Web API that the code calls."""
    found = {one or other for path in PLACES for one, other in METHOD.findall(path.read_text())}
    return {name.replace("_", ".", 2 if name.startswith("apps_") else 1) for name in found}


def test_the_file_is_what_the_code_makes() -> None:
    assert (ROOT / "app_manifest.yml").read_text() == write_manifest()


def test_every_scope_has_a_call_and_every_call_its_scope() -> None:
    covered = {call for calls in SCOPES.values() for call in calls}
    free = {name for name in called() if not METHODS[name].scopes}

    assert {"chat.postMessage", "users.info"} <= called()
    assert called() - free == covered - NOT_METHODS


def test_a_scope_gives_the_right_to_the_calls_beside_it() -> None:
    for scope, calls in SCOPES.items():
        for call in set(calls) - NOT_METHODS:
            assert scope in METHODS[call].scopes, (scope, call)


def test_every_command_says_what_can_be_typed() -> None:
    shown = make_manifest(url=None, socket_mode=False)["features"]["slash_commands"]

    assert [command["command"] for command in shown] == [command.name for command in COMMANDS]
    assert all(command["usage_hint"] and command["description"] for command in shown)


def test_the_home_tab_and_its_event_are_asked_for() -> None:
    manifest = make_manifest(url="https://bot.example.com", socket_mode=False)

    assert manifest["features"]["app_home"]["home_tab_enabled"]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened"]
    assert manifest["settings"]["interactivity"]["message_menu_options_url"].startswith("https://bot.")


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


@pytest.mark.parametrize("socket_mode", [True, False])
def test_slack_takes_the_manifest(socket_mode: bool) -> None:
    path = SCHEMAS / "slackapi-manifest.schema.2.0.0.json"
    if not path.exists():
        pytest.skip("the folder with Slack's schemas is not beside the project")
    schema: dict[str, Any] = json.loads(path.read_text())

    errors = jsonschema.Draft7Validator(schema).iter_errors(
        make_manifest(url=None, socket_mode=socket_mode, ips=["203.0.113.7", "198.51.100.0/24"])
    )

    assert [error.message for error in errors] == []


def test_slack_says_the_same_of_the_scopes() -> None:
    folder = SCHEMAS / "slack-methods"
    if not folder.exists():
        pytest.skip("the folder with Slack's schemas is not beside the project")

    for method in called():
        path = folder / f"{method}.json"
        needed = json.loads(path.read_text())["scope"].get("bot", []) if path.exists() else []
        assert not needed or SCOPES.keys() & set(needed), (method, needed)
