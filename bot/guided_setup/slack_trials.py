"""Tries Slack's tokens at once, and reads the channels, groups and people that can be chosen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.guided_setup.options import SetupOption
from bot.wiring.clients import make_patient_slack
from notifier.outbox.slack_errors import read_error_code
from notifier.rendering.renderer import Renderer

_PAGES = 100
_WHY = {
    "invalid_auth": "Slack does not know this token; copy it again",
    "not_authed": "Slack does not know this token; copy it again",
    "account_inactive": "the app is not installed any more; install it again and copy the new token",
    "token_revoked": "the token was revoked; install the app again and copy the new token",
    "not_allowed_token_type": "this is another kind of token",
}


class ScopeLacking(ValueError):
    """The token lacks a scope; the message names it."""


@dataclass(frozen=True, kw_only=True)
class SlackTrial:
    """Slack as the bot's token sees it."""

    slack: WebClient

    def say_who(self, scopes: Mapping[str, Sequence[str]]) -> str:
        """Return in words whose token it is; raises ValueError in words, also where it lacks one of the scopes."""
        answer = _try(self.slack.auth_test)
        if answer.get("is_enterprise_install"):
            raise ValueError("the app is installed for a whole organisation; install it in one workspace")
        headers = {name.lower(): str(value) for name, value in answer.headers.items()}
        granted = {scope.strip() for scope in headers.get("x-oauth-scopes", ",".join(scopes)).split(",")}
        if missing := sorted(scopes.keys() - granted):
            raise ValueError(
                f"the token lacks {', '.join(missing)}; update the app from the manifest, install it again"
            )
        return f"{answer.get('user', 'the bot')} in the workspace {answer.get('team', answer.get('team_id'))}"

    def try_app_token(self, token: str) -> None:
        """Check that Slack opens Socket Mode with the app's token; raises ValueError in words."""
        _try(lambda: self.slack.apps_connections_open(app_token=token))

    def list_channels(self) -> list[SetupOption]:
        """Return the channels that can be seen: of the private ones those in which the bot is."""
        pages = _read_pages(
            lambda cursor: self.slack.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
            ),
            "channels",
        )
        found = [
            SetupOption(
                id=each["id"],
                names=(f"#{each['name']}",),
                says=f"{'private' if each.get('is_private') else 'public'}"
                f"{'' if each.get('is_member') else ', the bot is not in it'}",
            )
            for each in pages
        ]
        return sorted(found, key=lambda option: ("the bot" in option.says, option.label))

    def list_groups(self) -> list[SetupOption]:
        """Return the user groups."""
        answer = _try(lambda: self.slack.usergroups_list(include_count=True))
        return [
            SetupOption(
                id=each["id"],
                names=(f"@{each['handle']}", str(each["name"])),
                says=f"{each['name']}, a group of {each.get('user_count', '?')}",
            )
            for each in answer["usergroups"]
        ]

    def list_people(self) -> list[SetupOption]:
        """Return the people who can have a role: no bots, guests, strangers, or people who left."""
        pages = _read_pages(lambda cursor: self.slack.users_list(limit=1000, cursor=cursor), "members")
        signs = ("deleted", "is_bot", "is_stranger", "is_restricted", "is_ultra_restricted")
        return [
            SetupOption(
                id=each["id"],
                names=(str(each.get("real_name") or each["name"]), f"@{each['name']}"),
                says=f"@{each['name']}",
            )
            for each in pages
            if not any(each.get(sign) for sign in signs) and each["id"] != "USLACKBOT"
        ]

    def greet(self, channel: str, *, renderer: Renderer, facts: Any) -> bool:
        """Post the first message, unless it is there already; raises ValueError in words."""
        if self._is_greeted(channel, facts.template):
            return False
        rendered = renderer.message(facts.template, facts)
        metadata = {"event_type": facts.template, "event_payload": {}}
        _try(
            lambda: self.slack.chat_postMessage(
                channel=channel, text=rendered.text, blocks=rendered.blocks, metadata=metadata
            )
        )
        return True

    def _is_greeted(self, channel: str, template: str) -> bool:
        """Whether the first message is there; an app that may not look counts as new (the scope is optional)."""
        try:
            known = _try(
                lambda: self.slack.conversations_history(channel=channel, include_all_metadata=True, limit=100)
            )
        except ScopeLacking:
            return False
        return any((message.get("metadata") or {}).get("event_type") == template for message in known["messages"])


def make_trial(*, token: str, base_url: str) -> SlackTrial:
    """Return Slack as this token sees it; a list that Slack limits is waited for."""
    return SlackTrial(slack=make_patient_slack(token=token, base_url=base_url))


def _read_pages(ask: Callable[[str], Any], key: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    for _ in range(_PAGES):
        page = _try(partial(ask, cursor))
        yield from page[key]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def _try(call: Callable[[], Any]) -> Any:
    """Return Slack's answer; raises ValueError in words."""
    try:
        return call()
    except SlackApiError as error:
        code = read_error_code(error)
        if code == "missing_scope":
            raise ScopeLacking(f"the token lacks the scope {error.response.get('needed')}") from error
        raise ValueError(_WHY.get(code, f"Slack says {code}")) from error
    except (SlackClientError, OSError, HTTPException) as error:
        raise ValueError(
            f"Slack does not answer ({type(error).__name__}); is SLACK_API_BASE_URL right?"
        ) from error
