"""The Slack edge: Bolt verifies, one middleware dispatches, and everything is acknowledged before it is done.

Lean on purpose (`performance.md`): `process_before_response` (else Bolt waits in a 10 ms polling loop), an
`authorize` function (else it asks auth.test), and one dispatching middleware instead of many listeners, each of
which would be matched for every request. The same edge serves HTTP and Socket Mode.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.http.app import HttpRequest, HttpResponse, Path, respond_json
from bot.slack.error_replies import explain
from bot.slack.handlers.forms import find_mistakes
from bot.slack.handlers.kept_forms import answer_closed, with_way_back
from bot.slack.handlers.option_searches import offer
from bot.slack.handlers.table import CLICKS, SUBMISSIONS
from bot.slack.payloads import Incoming, PayloadKind, read_incoming
from bot.slack.router import answer_click, answer_command, answer_event, answer_submission, decides, is_quick
from bot.threads import Busy, WorkQueue
from bot.wiring.dependencies import Parts
from commands.slash_command import Reply, View

_log = logging.getLogger(__name__)

DECIDED_WITHIN = 2.0  # seconds: Slack wants its acknowledgement within three
_WAITING = (b"block_suggestion", *(name.encode() for name, click in CLICKS.items() if click.decides))
NO_ANSWER = BoltResponse(status=200, body="")
OTHER_WORKSPACE = BoltResponse(status=401, body="")


@dataclass(frozen=True, kw_only=True)
class BotIdentity:
    """Who the bot is in Slack (from auth.test, once at start); payloads of another workspace are refused."""

    team_id: str
    bot_id: str
    bot_user_id: str


@dataclass(frozen=True, kw_only=True)
class WorkingView(View, template="working.view"):
    """What a submitted modal shows until the answer is there."""

    title: str
    says: str


@dataclass(frozen=True, kw_only=True)
class SlackListener:
    """Takes in what Slack delivers. `quick` does what needs no Paytend, `slow` the rest."""

    parts: Parts
    identity: BotIdentity
    quick: WorkQueue
    slow: WorkQueue

    def __call__(self, req: BoltRequest, next: Callable[[], None]) -> BoltResponse:  # noqa: A002, ARG002 - Bolt's names
        """Acknowledge a verified delivery, and have it done."""
        incoming = read_incoming(req.body)
        if incoming.team != self.identity.team_id:
            _log.warning("slack.other_workspace", extra={"team": incoming.team})
            return OTHER_WORKSPACE
        match incoming.kind:
            case PayloadKind.COMMAND:
                return self._take(incoming, answer_command)
            case PayloadKind.CLICK:
                return self._take(incoming, answer_click)
            case PayloadKind.SUBMISSION:
                return self._submit(incoming)
            case PayloadKind.CLOSED:
                return self._take(incoming, answer_closed)
            case PayloadKind.OPTIONS:
                return _json({"options": offer(self.parts, incoming)})
            case PayloadKind.EVENT:
                return self._take(incoming, answer_event)
            case _:
                return NO_ANSWER

    def _take(self, incoming: Incoming, act: Callable[[Parts, Incoming], None]) -> BoltResponse:
        try:
            if decides(incoming):
                self.quick.finish(lambda: self._run(incoming, act), within=DECIDED_WITHIN)
            else:
                (self.quick if is_quick(incoming) else self.slow).submit(lambda: self._run(incoming, act))
        except Busy as error:
            if incoming.kind is PayloadKind.COMMAND:
                return self._say(explain(error, reference=incoming.key))
            _log.warning("slack.busy", extra={"name": incoming.name})
        return NO_ANSWER

    def _say(self, reply: Reply) -> BoltResponse:
        rendered = self.parts.replier.renderer.message(reply.template, reply)
        body = {"response_type": "ephemeral", "text": rendered.text, "blocks": rendered.blocks}
        return _json(body)

    def _submit(self, incoming: Incoming) -> BoltResponse:
        """Answer a submitted modal: errors under its inputs at once, else a view that says it is being done."""
        submission = SUBMISSIONS.get(incoming.name)
        if submission is None:
            return NO_ANSWER
        if wrong := find_mistakes(submission, incoming):
            return _json({"response_action": "errors", "errors": wrong})
        working = WorkingView(title=submission.title, says=submission.working)
        try:
            self.slow.submit(lambda: self._run(incoming, answer_submission))
        except Busy as error:
            working = replace(working, says=explain(error, reference=incoming.key).headline)
        view = self.parts.replier.renderer.view(working.template, working)
        return _json({"response_action": "update", "view": view})

    def _run(self, incoming: Incoming, act: Callable[[Parts, Incoming], None]) -> None:
        """Do it once, whoever delivered it twice; whatever goes wrong becomes a private answer."""
        try:
            if self.parts.is_new(incoming.key):
                act(self.parts, incoming)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes words, and a line in the log
            reply = explain(error, reference=self.parts.make_id())
            match incoming.kind:
                case PayloadKind.SUBMISSION:
                    self.parts.replier.finish_form(incoming, with_way_back(self.parts, incoming, reply))
                case PayloadKind.COMMAND | PayloadKind.CLICK:
                    self.parts.replier.reply(incoming, reply)


def make_bolt(listener: SlackListener, *, slack: WebClient, signing_secret: str | None) -> App:
    """Return the Bolt app with its one middleware; without a signing secret it serves Socket Mode only."""
    identity = listener.identity
    authorized = AuthorizeResult(
        enterprise_id=None,
        team_id=identity.team_id,
        bot_id=identity.bot_id,
        bot_user_id=identity.bot_user_id,
        bot_token=slack.token,
    )
    app = App(
        name="cardops",  # else Bolt reads the sources of all its callers to find one
        client=WebClient(base_url=slack.base_url),  # without a token, which Bolt would only warn about
        # Socket Mode's deliveries carry no signature and skip the check; over HTTP none is accepted without it.
        signing_secret=signing_secret or "-",
        authorize=lambda: authorized,
        process_before_response=True,
        request_verification_enabled=True,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=True,
        attaching_function_token_enabled=False,
    )
    app.use(listener)
    return app


def is_instant(request: HttpRequest) -> bool:
    """Whether a request is only handed over: a webhook, or most of Slack's.

    Searching for options may ask Paytend, and decisions wait for the disk: these are told by their raw body, as
    reading it is most of the work; any other with such a word in it takes the other way.
    """
    if request.path == Path.SLACK:
        return not any(word in request.body for word in _WAITING)
    return request.path == Path.WEBHOOK


def answer_http(app: App, headers: Mapping[str, str], body: bytes) -> HttpResponse:
    """Return Bolt's answer to one HTTP request; a body that is no text is nobody's."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return HttpResponse(status="400 Bad Request")
    if not _TIMESTAMP.fullmatch(headers.get("x-slack-request-timestamp", "0")):
        return FORGED  # Bolt would break at it, and log a traceback for anybody who asks
    response = app.dispatch(BoltRequest(body=text, headers={name: [value] for name, value in headers.items()}))
    kind = response.headers.get("content-type", ["text/plain"])[0]
    return HttpResponse(
        status=_STATUS.get(response.status, "500 Internal Server Error"), body=_bytes(response.body), type=kind
    )


_TIMESTAMP = re.compile(r"[0-9]{1,12}")
FORGED = respond_json("401 Unauthorized", {"error": "invalid request"})
_STATUS = {200: "200 OK", 401: "401 Unauthorized", 404: "404 Not Found"}


def _bytes(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _json(body: Mapping[str, Any]) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(body, ensure_ascii=False), headers={"content-type": "application/json"}
    )
