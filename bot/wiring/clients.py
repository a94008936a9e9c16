"""Makes the clients of Slack and Paytend, once."""

import re
import secrets
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any

import httpx
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from approvals.policy.people import SamePerson
from bot.clock import Clock, read_monotonic
from bot.http.counters import Counters
from bot.settings.environment import Settings
from bot.slack.access import BotIdentity, InstalledOrgWide, OtherWorkspace, SlackAccess, SlackUnusable
from bot.slack.directory import SlackDirectory
from bot.slack.known_accounts import KnownAccounts
from bot.slack.limits import LimitedResponse, SlackLimits
from bot.slack.socket_client import SocketEdge
from notifier.outbox.backoff import Trouble
from notifier.outbox.slack_errors import read_error_code, read_refusal
from paytend import Client, RequestIds, make_http

TEMPLATES = (
    ("approvals", "templates"),
    ("bot", "templates"),
    ("commands", "templates"),
    ("notifier", "templates"),
)
_APP_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-")
SOCKET_PING = 3.0  # seconds; a connection that was dropped is replaced after the next one
REPLY_TIMEOUT = 10.0  # seconds
_TRIAL_TIMEOUT = 10  # seconds


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The clients of a running bot. `http` is for what Slack names by URL: replies and files."""

    slack: WebClient
    access: SlackAccess
    directory: SlackDirectory
    paytend: Client
    http: httpx.Client

    def close(self) -> None:
        """Close their connections."""
        self.paytend.http.close()
        self.http.close()


def make_clients(
    settings: Settings,
    *,
    same_person: SamePerson,
    clock: Clock,
    counters: Counters,
    tls: ssl.SSLContext,
    wake_access: Callable[[], None],
) -> Clients:
    """Return the clients, with every call counted; Slack is asked who we are, and need not answer."""
    slack = make_slack(settings, observe=counters.slack_called, monotonic=clock.monotonic)
    access = SlackAccess(
        ask=lambda: identify(slack, settings),
        complete=lambda identity: find_app(slack, identity),
        team_id=settings.SLACK_TEAM_ID or "",
        observe=counters.slack_usable.set,
        wake=wake_access,
    )
    access.start()
    paytend_http = make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS, tls=tls)
    return Clients(
        slack=slack,
        access=access,
        directory=SlackDirectory(
            client=slack,
            find_team=lambda: access.identity.team_id,
            monotonic=clock.monotonic,
            known_accounts=KnownAccounts(same_person),
        ),
        paytend=make_paytend(settings, clock=clock, http=paytend_http, observe=counters.paytend_called),
        # A redirect would carry the bot's token or a card's details to an address that nobody checked.
        # So would a proxy that the environment names.
        http=httpx.Client(timeout=REPLY_TIMEOUT, follow_redirects=False, trust_env=False, verify=tls),
    )


def make_socket(bolt: App, token: str, *, slack: WebClient) -> SocketModeHandler:
    """Return Socket Mode's client; it pings Slack every SOCKET_PING seconds."""
    return SocketEdge(bolt, token, web_client=slack, ping_interval=SOCKET_PING)


class CountedWebClient(WebClient):
    """Reports each call to `observe`: its method, and "ok", "limited" (a 429), Slack's code or "no answer".

    A method that Slack has limited is not called again before its Retry-After is over, by any caller.
    """

    def __init__(
        self, *, observe: Callable[[str, str], None], monotonic: Callable[[], float], **options: Any
    ) -> None:
        """Make a client with these options."""
        super().__init__(**options)
        self._observe = observe
        self._limits = SlackLimits(monotonic)

    def api_call(self, api_method: str, **options: Any) -> Any:
        """Call a method of the Web API, as every other method of this class does."""
        if wait := self._limits.wait(api_method):
            response = LimitedResponse(wait)
            raise SlackApiError(f"{api_method} is limited", response)  # type: ignore[no-untyped-call]  # slack_sdk's own
        outcome = "no answer"
        try:
            answer = super().api_call(api_method, **options)
        except SlackApiError as error:
            refusal = read_refusal(error)  # a few words: what a proxy writes does not become a label
            if refusal.trouble is Trouble.LIMITED and refusal.retry_after is not None:
                self._limits.note(api_method, refusal.retry_after.total_seconds())
            outcome = "limited" if refusal.trouble is Trouble.LIMITED else refusal.code
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            self._observe(api_method, outcome)


def make_slack(
    settings: Settings,
    *,
    observe: Callable[[str, str], None] = lambda _method, _outcome: None,
    monotonic: Callable[[], float] = read_monotonic,
) -> WebClient:
    """Return the Web API client. It retries nothing: that belongs to the outbox, which looks before it repeats."""
    return CountedWebClient(
        observe=observe,
        monotonic=monotonic,
        token=settings.SLACK_BOT_TOKEN.get_secret_value(),
        base_url=settings.SLACK_API_BASE_URL,
        timeout=settings.SLACK_TIMEOUT_SECONDS,
        retry_handlers=[],
    )


def make_patient_slack(*, token: str, base_url: str) -> WebClient:
    """Return a Web API client for a token that is tried out: it waits where Slack limits a list."""
    patience = RateLimitErrorRetryHandler(max_retry_count=3)
    return WebClient(token=token, base_url=base_url, timeout=_TRIAL_TIMEOUT, retry_handlers=[patience])


def identify(slack: WebClient, settings: Settings) -> BotIdentity:
    """Return who we are in Slack; raises SlackUnusable."""
    try:
        answer = slack.auth_test()
        found = [str(answer[name]) for name in ("team_id", "enterprise_id") if answer.get(name)]
    except SlackClientError as error:
        raise SlackUnusable(read_error_code(error)) from error
    except (OSError, HTTPException) as error:
        raise SlackUnusable(f"no answer ({type(error).__name__})") from error
    if answer.get("is_enterprise_install"):
        raise InstalledOrgWide
    if not found:
        raise SlackUnusable("it does not say which workspace this is")
    team_id = settings.SLACK_TEAM_ID or found[0]
    if team_id not in found:
        raise OtherWorkspace(wanted=team_id, found=found[0])
    return BotIdentity(
        team_id=team_id,
        bot_id=str(answer.get("bot_id") or ""),
        bot_user_id=str(answer.get("user_id") or ""),
        enterprise_id=str(answer.get("enterprise_id") or ""),
        app_id=str(answer.get("app_id") or "") or _read_app(settings),
        url=str(answer.get("url") or ""),
    )


def _read_app(settings: Settings) -> str:
    """Return the id of the app that Socket Mode's token belongs to (`xapp-1-A0123-…`), else nothing."""
    token = settings.SLACK_APP_TOKEN.get_secret_value() if settings.SLACK_APP_TOKEN else ""
    found = _APP_TOKEN.match(token)
    return found.group(1) if found else ""


def find_app(slack: WebClient, identity: BotIdentity) -> BotIdentity:
    """Return who we are with the app that the bot belongs to, as far as Slack says it."""
    try:
        bot: object = slack.bots_info(bot=identity.bot_id).get("bot")
    except (SlackClientError, OSError, HTTPException):
        return identity
    return replace(identity, app_id=str(bot.get("app_id") or "")) if isinstance(bot, dict) else identity


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


@contextmanager
def open_paytend(settings: Settings, *, clock: Clock) -> Iterator[Client]:
    """Yield a Paytend client for a command that works without a running bot."""
    with make_http(base_url=settings.PAYTEND_BASE_URL, timeout=settings.PAYTEND_TIMEOUT_SECONDS) as http:
        yield make_paytend(settings, clock=clock, http=http)


def jitter() -> float:
    """Return a random share from 0 to 1."""
    return secrets.randbelow(1_000_000) / 1_000_000
