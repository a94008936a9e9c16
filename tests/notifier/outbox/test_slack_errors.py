"""Every code that Slack's own pages list for a method that we call has a meaning."""

import json
from pathlib import Path

import pytest

from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import CODES
from tests.notifier.conftest import NotifierWorld

METHODS = Path(__file__).parents[4] / "shared" / "schemas" / "slack-methods"
CALLED = (
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.open",
    "conversations.replies",
    "files.completeUploadExternal",
    "files.getUploadURLExternal",
)


@pytest.mark.skipif(not METHODS.is_dir(), reason="the folder with Slack's method pages is not beside the project")
@pytest.mark.parametrize("method", CALLED)
def test_n21_every_code_of_a_method_that_we_call_has_a_meaning(method: str) -> None:
    errors = json.loads((METHODS / f"{method}.json").read_text())["errors"]
    assert sorted(set(errors) - set(CODES)) == []


@pytest.mark.parametrize("code", ["restricted_action", "ekm_access_denied", "app_access_restricted"])
def test_s7_what_an_admin_forbids_in_a_channel_takes_the_detour(code: str) -> None:
    assert CODES[code] is Trouble.UNREACHABLE


def test_n21_what_passes_by_itself_is_tried_again() -> None:
    assert CODES["update_failed"] is Trouble.IN_DOUBT
    assert CODES["external_channel_migrating"] is Trouble.LIMITED


@pytest.mark.parametrize("code", ["missing_scope", "not_allowed_token_type", "team_access_not_granted"])
def test_n21_what_a_token_may_not_post_waits_until_it_may(sqlite_world: NotifierWorld, code: str) -> None:
    sqlite_world.slack.will("chat.postMessage", *[code] * 8)
    sqlite_world.says("one")

    sqlite_world.delivers_all(80, step=60)

    assert sqlite_world.slack.texts() == ["one"]
    assert sqlite_world.dead() == []


@pytest.mark.parametrize("body", [b'"ok"', b"1", b"\xff\xfe", b'{"ok": false, "error": null}'])
def test_n21_an_answer_that_nobody_can_read_is_in_doubt_and_kills_no_notice(
    sqlite_world: NotifierWorld, body: bytes
) -> None:
    sqlite_world.slack.will("chat.postMessage", *[body] * 6)
    sqlite_world.says("one")

    sqlite_world.delivers_all(80, step=8)

    assert [text.partition(" (")[0] for text in sqlite_world.slack.texts()] == ["one"]
    assert sqlite_world.dead() == []
