"""A part of the composition root: the clients of Slack and Paytend, made once, and what the doctor examines."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.clock import Clock
from bot.database.engine import SqlDatabase
from bot.doctor.table import DoctorContext
from bot.settings.cardops_yml import Config
from bot.settings.environment import Settings
from bot.slack.directory import SlackDirectory
from bot.slack.edge import BotIdentity
from notifier.inbox.custom_templates import override
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import read_refusal
from notifier.rendering.renderer import Renderer
from paytend import Client, RequestIds, make_http

TEMPLATES = (
    ("approvals", "templates"),
    ("bot", "templates"),
    ("commands", "templates"),
    ("notifier", "templates"),
)
SOCKET_PING = 3.0  # seconds; a connection that was dropped is replaced after the next one

_log = logging.getLogger(__name__)


class SlackUnusable(Exception):
    """Slack does not take the bot's token; `reason` is Slack's own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack does not take SLACK_BOT_TOKEN: {reason}")


def make_socket(bolt: App, token: str, *, slack: WebClient) -> SocketModeHandler:
    """Return Socket Mode's client; it looks this often whether its connection still stands."""
    return SocketModeHandler(bolt, token, web_client=slack, ping_interval=SOCKET_PING)


class CountedWebClient(WebClient):
    """Tells `observe` of every call: its method, and "ok", "limited" (a 429), what refused it, or "no answer"."""

    def __init__(self, *, observe: Callable[[str, str], None], **options: Any) -> None:
        """Make a client with these options."""
        super().__init__(**options)
        self._observe = observe

    def api_call(self, api_method: str, **options: Any) -> Any:
        """Call a method of the Web API, as every other method of this class does."""
        outcome = "no answer"
        try:
            answer = super().api_call(api_method, **options)
        except SlackApiError as error:
            refusal = read_refusal(error)  # a few words: what a proxy writes does not become a label
            outcome = "limited" if refusal.trouble is Trouble.LIMITED else refusal.code
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            self._observe(api_method, outcome)


def make_slack(
    settings: Settings, *, observe: Callable[[str, str], None] = lambda _method, _outcome: None
) -> WebClient:
    """Return the Web API client. It retries nothing: that belongs to the outbox, which looks before it repeats."""
    return CountedWebClient(
        observe=observe,
        token=settings.SLACK_BOT_TOKEN.get_secret_value(),
        base_url=settings.SLACK_API_BASE_URL,
        timeout=settings.SLACK_TIMEOUT_SECONDS,
        retry_handlers=[],
    )


def identify(slack: WebClient, settings: Settings) -> BotIdentity:
    """Return who we are in Slack; raises SlackUnusable."""
    try:
        answer = slack.auth_test()
    except SlackClientError as error:
        response = getattr(error, "response", None)
        raise SlackUnusable(response["error"] if response is not None else type(error).__name__) from error
    except OSError as error:
        raise SlackUnusable(f"no answer ({type(error).__name__})") from error
    return BotIdentity(
        team_id=settings.SLACK_TEAM_ID or str(answer["team_id"]),
        bot_id=str(answer.get("bot_id") or ""),
        bot_user_id=str(answer.get("user_id") or ""),
    )


@contextmanager
def make_patient(
    settings: Settings, config: Config, *, clock: Clock, database: SqlDatabase
) -> Iterator[DoctorContext]:
    """Make what the doctor examines, without a running bot; a token that Slack does not take is for the doctor."""
    slack = make_slack(settings)
    try:
        team_id = identify(slack, settings).team_id
    except SlackUnusable:
        team_id = settings.SLACK_TEAM_ID or ""
    with make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS) as http:
        yield DoctorContext(
            config=config,
            database=database,
            slack=slack,
            paytend=make_paytend(settings, clock=clock, http=http),
            directory=SlackDirectory(client=slack, team_id=team_id, monotonic=clock.monotonic),
            now=clock.now,
            faulty=override(Renderer(TEMPLATES), settings.CARDOPS_TEMPLATES, log=_log),
        )


def make_paytend(
    settings: Settings,
    *,
    clock: Clock,
    http: httpx.Client,
    observe: Callable[[str, str, float], None] = lambda _operation, _outcome, _seconds: None,
) -> Client:
    """Return the Paytend client, with the keys loaded once."""
    return Client(
        http=http,
        partner_id=settings.PAYTEND_PARTNER_ID,
        keys=settings.paytend_keys,
        unit=settings.PAYTEND_AMOUNT_UNIT,
        timeout=settings.PAYTEND_TIMEOUT_SECONDS,
        request_id=RequestIds(settings.PAYTEND_PARTNER_ID, random_below=secrets.randbelow),
        secret=lambda: secrets.token_bytes(16),
        jitter=jitter,
        monotonic=clock.monotonic,
        pause=clock.pause,
        paths=settings.paths,
        observe=observe,
    )


def jitter() -> float:
    """Return a random share from 0 to 1."""
    return secrets.randbelow(1_000_000) / 1_000_000
