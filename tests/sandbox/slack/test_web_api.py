"""What the Web API of Slack refuses, by the names that Slack uses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.clock import Clock
from sandbox.slack import SlackWorkspace

Json = dict[str, Any]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as refused:
        call()
    return str(refused.value.response["error"])


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def test_it_says_whose_token_it_is(ws: SlackWorkspace, client: WebClient) -> None:
    answer = client.auth_test()

    assert answer["team_id"] == "T0CARDOPS"
    assert answer["user_id"] == "U0BOT"
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), ("xapp-stand-in", "not_allowed_token_type")],
)
def test_a_token_that_is_not_ours(ws: SlackWorkspace, token: str, error: str) -> None:
    stranger = WebClient(token=token, base_url=ws.api_url)

    assert refusal(lambda: stranger.chat_postMessage(channel="C0ALERTS", text="x")) == error


def test_a_revoked_token_until_the_app_is_installed_again(ws: SlackWorkspace, client: WebClient) -> None:
    ws.revokes_tokens("account_inactive")
    assert refusal(client.auth_test) == "account_inactive"

    ws.reinstalls(bot_token="xoxb-new")

    assert refusal(client.auth_test) == "token_revoked"
    assert WebClient(token="xoxb-new", base_url=ws.api_url).auth_test()["ok"]


def test_a_missing_scope_is_named() -> None:
    ws = SlackWorkspace(scopes={"commands"})
    with ws.serving():
        client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url)
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel="C0ALERTS", text="x")
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "chat:write"
    assert refused.value.response["provided"] == "commands"


def test_methods_that_are_gone_or_never_were(client: WebClient) -> None:
    assert refusal(lambda: client.api_call("files.upload")) == "method_deprecated"
    assert refusal(lambda: client.api_call("chat.shout")) == "unknown_method"


def test_missing_arguments_are_named(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.api_call("chat.update", params={"channel": "C0ALERTS"})

    assert refused.value.response["error"] == "invalid_arguments"
    assert refused.value.response["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0NOWHERE", "channel_not_found"), ("C0GENERAL", "not_in_channel"), ("C0OLD", "is_archived")],
)
def test_where_the_app_cannot_post(client: WebClient, channel: str, error: str) -> None:
    assert refusal(lambda: client.chat_postMessage(channel=channel, text="x")) == error


def test_a_private_channel_is_not_found_after_the_app_was_removed(ws: SlackWorkspace, client: WebClient) -> None:
    ws.kicks("C0AUDIT")

    assert refusal(lambda: client.chat_postMessage(channel="C0AUDIT", text="x")) == "channel_not_found"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, "no_text"),
        ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [section("y" * 2900)] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
    ],
)
def test_what_cannot_be_said(client: WebClient, said: Json, error: str) -> None:
    said = {"channel": "C0ALERTS", **said}

    assert refusal(lambda: client.api_call("chat.postMessage", json=said)) == error


def test_long_texts_are_cut_when_posted_and_refused_when_edited(ws: SlackWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0ALERTS", text="x" * 40_001)["ts"]

    assert len(ws.message("C0ALERTS", ts)["text"]) == 40_000
    assert ws.api_calls[-1].warnings == ("message_truncated",)
    assert refusal(lambda: client.chat_update(channel="C0ALERTS", ts=ts, text="x" * 4001)) == "msg_too_long"


def test_only_ones_own_message_can_be_edited_or_deleted(ws: SlackWorkspace, client: WebClient) -> None:
    ts = ws.types("U0SAM", "hello", channel="C0SUPPORT").payload["ts"]

    assert refusal(lambda: client.chat_update(channel="C0SUPPORT", ts=ts, text="x")) == "cant_update_message"
    assert refusal(lambda: client.chat_delete(channel="C0SUPPORT", ts=ts)) == "cant_delete_message"
    assert refusal(lambda: client.chat_update(channel="C0SUPPORT", ts="1.1", text="x")) == "message_not_found"


def test_an_edit_keeps_metadata_and_drops_old_blocks(ws: SlackWorkspace, client: WebClient) -> None:
    metadata = {"event_type": "request", "event_payload": {"id": "7"}}
    ts = client.chat_postMessage(channel="C0ALERTS", text="a", blocks=[section("a")], metadata=metadata)["ts"]

    client.chat_update(channel="C0ALERTS", ts=ts, text="b")

    message = ws.message("C0ALERTS", ts)
    assert message["text"] == "b"
    assert "blocks" not in message
    assert message["metadata"] == metadata
    assert message["edited"]["user"] == "U0BOT"


def test_a_deleted_parent_leaves_a_tombstone(ws: SlackWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0ALERTS", text="a")["ts"]
    client.chat_postMessage(channel="C0ALERTS", text="b", thread_ts=ts)

    client.chat_delete(channel="C0ALERTS", ts=ts)

    assert ws.message("C0ALERTS", ts)["subtype"] == "tombstone"
    assert [each["text"] for each in ws.messages("C0ALERTS", ts)][1:] == ["b"]


def test_an_ephemeral_needs_the_person_in_the_channel(ws: SlackWorkspace, client: WebClient) -> None:
    said: Json = {"channel": "C0ALERTS", "text": "psst"}

    assert refusal(lambda: client.chat_postEphemeral(**said, user="U0GUEST")) == "user_not_in_channel"
    client.chat_postEphemeral(**said, user="U0SAM")
    assert [each["text"] for each in ws.ephemerals("U0SAM", "C0ALERTS")] == ["psst"]
    assert ws.messages("C0ALERTS") == []
    ws.dismisses("U0SAM")
    assert ws.ephemerals("U0SAM") == []


def test_history_pages_and_shows_metadata_only_when_asked(client: WebClient) -> None:
    metadata = {"event_type": "n", "event_payload": {"id": "1"}}
    for number in range(5):
        client.chat_postMessage(channel="C0ALERTS", text=str(number), metadata=metadata)

    first = client.conversations_history(channel="C0ALERTS", limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel="C0ALERTS", limit=2, cursor=cursor, include_all_metadata=True)

    assert [each["text"] for each in first["messages"]] == ["4", "3"]
    assert "metadata" not in first["messages"][0]
    assert second["messages"][0]["metadata"] == metadata
    assert second["has_more"] is True
    assert refusal(lambda: client.conversations_history(channel="C0ALERTS", cursor="x")) == "invalid_cursor"


def test_history_between_two_moments(ws: SlackWorkspace, client: WebClient, clock: Clock) -> None:
    stamps = []
    for number in range(3):
        clock.advance(timedelta(minutes=1))
        stamps.append(client.chat_postMessage(channel="C0ALERTS", text=str(number))["ts"])

    inner = client.conversations_history(channel="C0ALERTS", oldest=stamps[0], latest=stamps[2])
    outer = client.conversations_history(channel="C0ALERTS", oldest=stamps[0], inclusive=True)

    assert [each["text"] for each in inner["messages"]] == ["1"]
    assert len(outer["messages"]) == 3


def test_replies_come_with_their_parent(client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0ALERTS", text="parent")["ts"]
    client.chat_postMessage(channel="C0ALERTS", text="one", thread_ts=ts)
    client.chat_postMessage(channel="C0ALERTS", text="two", thread_ts=ts, reply_broadcast=True)

    thread = client.conversations_replies(channel="C0ALERTS", ts=ts)["messages"]
    history = client.conversations_history(channel="C0ALERTS")["messages"]

    assert [each["text"] for each in thread] == ["parent", "one", "two"]
    assert thread[0]["reply_count"] == 2
    assert [each["text"] for each in history] == ["two", "parent"]
    assert refusal(lambda: client.conversations_replies(channel="C0ALERTS", ts="1.1")) == "thread_not_found"


def test_people_and_groups(ws: SlackWorkspace, client: WebClient) -> None:
    sofia = client.users_info(user="U0SOFIA")["user"]
    assert (sofia["tz"], sofia["profile"]["email"]) == ("Europe/Lisbon", "sofia@northwind.example")
    assert client.users_info(user="U0GUEST1")["user"]["is_ultra_restricted"] is True
    assert client.users_info(user="U0STRANGER")["user"]["team_id"] == "T0ELSEWHERE"
    assert refusal(lambda: client.users_info(user="U0NOBODY")) == "user_not_found"

    assert client.usergroups_users_list(usergroup="S0MANAGER")["users"] == ["U0MARA", "U0MILAN", "U0LEAD"]
    ws.deactivates("U0LEAD")
    ws.changes_group("S0MANAGER", ["U0MARA", "U0LEAD"])
    assert client.usergroups_users_list(usergroup="S0MANAGER")["users"] == ["U0MARA"]
    assert client.users_info(user="U0LEAD")["user"]["deleted"] is True
    assert refusal(lambda: client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    groups = client.usergroups_list(include_users=True)["usergroups"]
    assert [each["id"] for each in groups] == ["S0SUPPORT", "S0MANAGER", "S0ONCALL"]


def test_a_direct_conversation_is_opened_once(ws: SlackWorkspace, client: WebClient) -> None:
    opened = client.conversations_open(users="U0SAM")["channel"]["id"]
    again = client.conversations_open(users=["U0SAM"])

    assert again["already_open"] is True
    client.chat_postMessage(channel=opened, text="hello")
    client.chat_postMessage(channel="U0SAM", text="you")
    assert [each["text"] for each in ws.messages("U0SAM")] == ["hello", "you"]
    assert refusal(lambda: client.conversations_open(users="U0GONE")) == "user_disabled"
    assert refusal(lambda: client.conversations_open(users="U0NOBODY")) == "user_not_found"


def test_channels_can_be_joined_and_looked_at(client: WebClient) -> None:
    assert client.conversations_info(channel="C0GENERAL")["channel"]["is_member"] is False
    client.conversations_join(channel="C0GENERAL")
    assert client.conversations_info(channel="C0GENERAL")["channel"]["is_member"] is True
    members = client.conversations_members(channel="C0ALERTS", limit=3)
    assert len(members["members"]) == 3
    assert members["response_metadata"]["next_cursor"]
    assert refusal(lambda: client.conversations_join(channel="C0OLD")) == "is_archived"


def test_reactions_and_permalinks(ws: SlackWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0ALERTS", text="x")["ts"]

    client.reactions_add(channel="C0ALERTS", timestamp=ts, name="eyes")

    assert (
        refusal(lambda: client.reactions_add(channel="C0ALERTS", timestamp=ts, name="eyes")) == "already_reacted"
    )
    assert ws.message("C0ALERTS", ts)["reactions"] == [{"name": "eyes", "users": ["U0BOT"], "count": 1}]
    link = client.chat_getPermalink(channel="C0ALERTS", message_ts=ts)["permalink"]
    assert link == f"{ws.base_url}/archives/C0ALERTS/p{ts.replace('.', '')}"


def test_pins_are_put_once_taken_once_and_only_on_messages(ws: SlackWorkspace, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0ALERTS", text="x")["ts"]

    client.pins_add(channel="C0ALERTS", timestamp=ts)

    assert ws.message("C0ALERTS", ts)["pinned_to"] == ["C0ALERTS"]
    assert refusal(lambda: client.pins_add(channel="C0ALERTS", timestamp=ts)) == "already_pinned"
    client.pins_remove(channel="C0ALERTS", timestamp=ts)
    assert "pinned_to" not in ws.message("C0ALERTS", ts)
    assert refusal(lambda: client.pins_remove(channel="C0ALERTS", timestamp=ts)) == "no_pin"
    assert refusal(lambda: client.pins_add(channel="C0ALERTS")) == "no_item_specified"
    assert refusal(lambda: client.pins_add(channel="C0ALERTS", timestamp="now")) == "bad_timestamp"
    assert refusal(lambda: client.pins_add(channel="C0ALERTS", timestamp="1.000001")) == "message_not_found"
    assert refusal(lambda: client.pins_add(channel="C0GENERAL", timestamp=ts)) == "not_in_channel"
    ws.credentials.scopes = frozenset(ws.credentials.scopes) - {"pins:write"}
    assert refusal(lambda: client.pins_add(channel="C0ALERTS", timestamp=ts)) == "missing_scope"


def test_a_file_is_uploaded_in_three_steps_read_and_deleted(ws: SlackWorkspace, client: WebClient) -> None:
    file = client.files_upload_v2(channel="C0ALERTS", content="a,b\n", filename="trend.csv", title="Trend")["file"]

    assert ws.messages("C0ALERTS")[0]["files"][0]["title"] == "Trend"
    info = client.files_info(file=file["id"])["file"]
    assert info["size"] == 4
    client.files_delete(file=file["id"])
    assert refusal(lambda: client.files_info(file=file["id"])) == "file_deleted"


def test_s16_a_file_of_a_person_is_not_the_apps_to_delete(ws: SlackWorkspace, client: WebClient) -> None:
    file = ws.state.files.add("scan.jpg", owner="U0SAM", created=0, length=1)

    assert refusal(lambda: client.files_delete(file=file.id)) == "cant_delete_file"


def test_a_picture_goes_into_a_thread_with_words_for_who_does_not_see_it(
    ws: SlackWorkspace, client: WebClient
) -> None:
    root = client.chat_postMessage(channel="C0ALERTS", text="Low")["ts"]
    room = client.files_getUploadURLExternal(filename="trend.png", length=4, alt_txt="It falls.")
    assert httpx.post(room["upload_url"], content=b"\x89PNG").status_code == 200
    file = [{"id": room["file_id"], "title": "Trend"}]
    assert (
        refusal(lambda: client.files_completeUploadExternal(files=file, channel_id="C0ALERTS", thread_ts="1.0"))
        == "thread_not_found"
    )

    client.files_completeUploadExternal(files=file, channel_id="C0ALERTS", thread_ts=root)

    [shown] = ws.messages("C0ALERTS", root)[1]["files"]
    assert (shown["mimetype"], shown["alt_txt"]) == ("image/png", "It falls.")
    assert refusal(lambda: client.files_completeUploadExternal(files=file)) == "file_not_found", "only once"
    long: Any = {"filename": "trend.png", "length": 4, "alt_txt": "x" * 1001}
    assert refusal(lambda: client.files_getUploadURLExternal(**long)) == "alt_txt_too_large"


def test_a_channel_takes_about_one_message_a_second(clock: Clock) -> None:
    ws = SlackWorkspace(clock=clock)
    with ws.serving():
        client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[])
        for number in range(5):
            client.chat_postMessage(channel="C0ALERTS", text=str(number))
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel="C0ALERTS", text="too soon")
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"
        client.chat_postMessage(channel="C0ONCALL", text="another channel flows")
        clock.advance(timedelta(seconds=1))
        client.chat_postMessage(channel="C0ALERTS", text="now")
        assert [each["text"] for each in ws.messages("C0ALERTS")][-1] == "now"
        assert ws.api_calls[5].status == 429


def test_a_tier_limits_a_method(clock: Clock) -> None:
    ws = SlackWorkspace(clock=clock)
    with ws.serving():
        client = WebClient(token=ws.credentials.bot_token, base_url=ws.api_url, retry_handlers=[])
        for _ in range(20):
            client.usergroups_list()
        assert refusal(client.usergroups_list) == "ratelimited"
