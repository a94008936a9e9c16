"""The Slack edge: verify, have one middleware of Bolt dispatch, and acknowledge everything before it is done.

The signature is checked over the raw bytes first (`signatures.py`): Bolt parses before it verifies, and logs
what it refuses.

Lean on purpose (`performance.md`): `process_before_response` (else Bolt waits in a 10 ms polling loop), an
`authorize` function (else it asks auth.test), and one dispatching middleware instead of many listeners, each of
which would be matched for every request. The same edge serves HTTP and Socket Mode.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware import Middleware
from slack_sdk import WebClient

from bot.http.app import HttpRequest, HttpResponse, Path, respond_json
from bot.slack.access import SlackAccess
from bot.slack.deliveries import NotAccepted
from bot.slack.error_replies import explain
from bot.slack.handlers.option_searches import offer
from bot.slack.handlers.table import MODALS
from bot.slack.modal_checks import find_mistakes
from bot.slack.payloads import Incoming, PayloadKind, read_incoming
from bot.slack.router import CHANGING, Router, decides, is_quick
from bot.slack.signatures import DeliveryFlaw, SignatureCheck
from bot.threads import Busy, WorkQueue
from commands.slash_command import View
from notifier.rendering.renderer import Renderer
from storage.correlation import correlated

_log = logging.getLogger(__name__)

DECIDED_WITHIN = 2.0  # seconds: Slack wants its acknowledgement within three
NO_ANSWER = BoltResponse(status=200, body="")
NOT_OURS = BoltResponse(status=401, body="")
NOT_KNOWN_YET = BoltResponse(status=503, body="")
# A longer body is not searched for them: what Slack sends is shorter, and anybody can send this much.
_LONGEST_SEARCHED = 100_000  # bytes
_WAITING = (b"block_suggestion", b"view_submission", *(quote(name, safe="").encode() for name in CHANGING))
_BY_PEOPLE = (PayloadKind.COMMAND, PayloadKind.CLICK, PayloadKind.SUBMISSION)
_ID = re.compile(r"[0-9A-Za-z-]{1,40}")
UNREADABLE = BoltResponse(status=400, body="")
FORGED = respond_json("401 Unauthorized", {"error": "invalid request"})
# What reading something of another shape raises: a text where an object should be, and the like.
_MISSHAPEN = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    503: "503 Service Unavailable",
}


@dataclass(frozen=True, kw_only=True)
class WorkingView(View, template="working.view"):
    """What a submitted modal shows until the answer is there."""

    title: str
    says: str


@dataclass(frozen=True, kw_only=True)
class SlackListener(Middleware):
    """Acknowledges what Slack delivers and hands it to the router. No `quick` thread waits for Paytend."""

    router: Router
    renderer: Renderer
    access: SlackAccess
    quick: WorkQueue
    slow: WorkQueue
    refuse: Callable[[DeliveryFlaw], None]

    # A middleware by class: for a function, Bolt makes thirty arguments from the body, and breaks at some bodies.
    def process(self, *, req: BoltRequest, **_bolt: Any) -> BoltResponse:
        """Acknowledge a verified delivery, and have the router do it on another thread."""
        try:
            incoming = read_incoming(req.body)
        except _MISSHAPEN:
            self.refuse(DeliveryFlaw.UNREADABLE)
            return UNREADABLE
        if refusal := self._check_origin(incoming):
            return refusal
        incoming = replace(incoming, correlation=self._find_correlation(incoming))
        with correlated(incoming.correlation):
            if incoming.kind in _BY_PEOPLE:
                _log.info("slack.taken", extra={"delivery": incoming.name, "person": incoming.account})
            if (answer := self._answer_here(incoming)) is not None:
                return answer
            try:
                if self.router.accept(incoming):
                    if decides(incoming):
                        self.quick.finish(lambda: self.router.run(incoming), within=DECIDED_WITHIN)
                    else:
                        (self.quick if is_quick(incoming) else self.slow).submit(lambda: self.router.run(incoming))
            except (Busy, NotAccepted) as error:
                return self._refuse(incoming, error)
            return NO_ANSWER

    def _find_correlation(self, incoming: Incoming) -> str:
        """Return the id of the request that it is about, which people and Paytend know it by; else a new one."""
        named = incoming.value.get("request")
        return named if isinstance(named, str) and _ID.fullmatch(named) else self.router.make_id()

    def _answer_here(self, incoming: Incoming) -> BoltResponse | None:
        """Return the answer to what needs more than an acknowledgement, or nothing at all; None for the rest."""
        match incoming.kind:
            case PayloadKind.SUBMISSION:
                return self._submit(incoming)
            case PayloadKind.OPTIONS:
                return _json({"options": offer(self.router.context, incoming)})
            case PayloadKind.OTHER:
                return NO_ANSWER
            case _:
                return None

    def _check_origin(self, incoming: Incoming) -> BoltResponse | None:
        """Return a refusal unless it is for our workspace and app: the signature does not say so."""
        us = self.access.identity
        if not us.team_id:  # Slack was away when we started, and sends events again
            return NOT_KNOWN_YET
        if not us.is_ours(team=incoming.team, enterprise=incoming.enterprise):
            self.refuse(DeliveryFlaw.OTHER_WORKSPACE)
            return NOT_OURS
        if us.app_id and incoming.app and incoming.app != us.app_id:
            self.refuse(DeliveryFlaw.OTHER_APP)
            return NOT_OURS
        return None

    def _refuse(self, incoming: Incoming, error: Busy | NotAccepted) -> BoltResponse:
        _log.warning("slack.not_taken", extra={"delivery": incoming.name, "reason": type(error).__name__})
        if isinstance(error, Busy):
            self.router.give_back(incoming)
        if incoming.kind is not PayloadKind.COMMAND:  # only a command can be answered in its acknowledgement
            return NOT_KNOWN_YET if isinstance(error, NotAccepted) else NO_ANSWER
        reply = explain(error, reference=incoming.key)
        rendered = self.renderer.message(reply.template, reply)
        return _json({"response_type": "ephemeral", "text": rendered.text, "blocks": rendered.blocks})

    def _submit(self, incoming: Incoming) -> BoltResponse:
        """Answer a submitted modal: errors under its inputs at once, else a view that says it is being done."""
        modal = MODALS.get(incoming.name)
        if modal is None:
            return NO_ANSWER
        if wrong := find_mistakes(modal, incoming):
            return _json({"response_action": "errors", "errors": wrong})
        working = WorkingView(title=modal.title, says=modal.working)
        try:
            if self.router.accept(incoming):
                self.slow.submit(lambda: self.router.run(incoming))
        except NotAccepted:
            _log.exception("slack.not_accepted", extra={"delivery": incoming.name})
            return NOT_KNOWN_YET  # Slack says that it did not work, and the form stays as it is
        except Busy as error:
            self.router.give_back(incoming)
            working = replace(working, says=explain(error, reference=incoming.key).headline)
        view = self.renderer.view(working.template, working)
        return _json({"response_action": "update", "view": view})


def make_bolt(listener: SlackListener, *, slack: WebClient) -> App:
    """Return the Bolt app with its one middleware; it verifies nothing (`VerifiedBolt` does)."""

    def authorize() -> AuthorizeResult:
        identity = listener.access.identity
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team_id,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user_id,
            bot_token=slack.token,
        )

    app = App(
        name="cardops",  # else Bolt reads the sources of all its callers to find one
        client=WebClient(base_url=slack.base_url),  # without a token, which Bolt would only warn about
        signing_secret="-",  # noqa: S106 - Bolt insists on one
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=True,
        attaching_function_token_enabled=False,
    )
    app.use(listener)
    return app


def is_instant(request: HttpRequest) -> bool:
    """Whether a request is only handed over: a webhook, or most of Slack's.

    Searching for options may ask Paytend, and what changes something waits for the disk: these are told by their
    raw body, as reading it is most of the work; any other with such a word in it takes the other way.
    """
    if request.path == Path.SLACK:
        is_short = len(request.body) <= _LONGEST_SEARCHED
        return is_short and not any(word in request.body for word in _WAITING)
    return request.path in {Path.WEBHOOK, Path.HEALTH, Path.READY}


@dataclass(frozen=True, kw_only=True)
class VerifiedBolt:
    """Answers Slack's deliveries over HTTP; Bolt sees only what Slack signed."""

    bolt: App
    check: SignatureCheck
    refuse: Callable[[DeliveryFlaw], None]

    def __call__(self, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Return the answer to one request; a refused one is counted, and nothing of it is parsed or logged."""
        if flaw := self.check.find_flaw(headers, body):
            self.refuse(flaw)
            return FORGED
        named: dict[str, str | Sequence[str]] = {name: [value] for name, value in headers.items()}
        try:
            response = self.bolt.dispatch(BoltRequest(body=body.decode("utf-8"), headers=named))
        except _MISSHAPEN:  # raised while Bolt makes its request from the body: the listener answers for itself
            self.refuse(DeliveryFlaw.UNREADABLE)
            return HttpResponse(status=_STATUS[400])
        kind = response.headers.get("content-type", ["text/plain"])[0]
        status = _STATUS.get(response.status, "500 Internal Server Error")
        return HttpResponse(status=status, body=_bytes(response.body), type=kind)


def _bytes(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _json(body: Mapping[str, Any]) -> BoltResponse:
    return BoltResponse(
        status=200, body=json.dumps(body, ensure_ascii=False), headers={"content-type": "application/json"}
    )
