"""The HTTP edge of the Web API: reads a call, lets faults and limits have their way, answers as Slack."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.slack.faults import Faults, SlackFault, reset
from sandbox.slack.limits import RateLimits
from sandbox.slack.methods.call import WebApiCall
from sandbox.slack.methods.table import METHODS, RETIRED, Method
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json
from sandbox.slack.state import State

KEPT_CALLS = 50_000
AS_JSON = frozenset({"blocks", "view", "metadata", "attachments", "files"})


@dataclass(kw_only=True)
class Credentials:
    """The tokens of the installed app and what they may do; `refusal` answers every call when set."""

    bot_token: str
    app_token: str
    scopes: frozenset[str]
    refusal: str = ""
    revoked: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One call as it came and how it was answered."""

    method: str
    args: Json
    response: Json
    status: int
    at: datetime
    warnings: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the call was executed."""
        return bool(self.response.get("ok"))


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A call as it arrived, not yet believed."""

    request: web.Request
    name: str
    args: Json
    token: str


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(
        self,
        *,
        state: State,
        credentials: Credentials,
        faults: Faults,
        limits: RateLimits,
        link: Callable[[], str],
    ) -> None:
        """Answer from `state`; `link` makes paths for Socket Mode."""
        self._state = state
        self._credentials = credentials
        self._faults = faults
        self._limits = limits
        self._link = link
        self._stopping: asyncio.Event | None = None
        self.calls: deque[ApiCall] = deque(maxlen=KEPT_CALLS)
        self.watch: Callable[[ApiCall], None] | None = None

    async def start(self) -> None:
        """Be ready to keep callers waiting."""
        self._stopping = asyncio.Event()

    async def stop(self) -> None:
        """Let go of callers that are kept waiting."""
        if self._stopping is not None:
            self._stopping.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        args, token = await read(request)
        arrival = Arrival(request=request, name=request.match_info["method"], args=args, token=token)
        fault = self._faults.take(arrival.name)
        return self._done(arrival) if fault is None else await self._go_wrong(arrival, fault)

    async def _go_wrong(self, arrival: Arrival, fault: SlackFault) -> web.StreamResponse:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return self._done(arrival)
        if fault.kind.startswith(("hang", "reset")):
            if fault.kind.endswith("after"):
                response = self._done(arrival)
            else:
                response = web.Response(status=502)
                self._keep(arrival, {"ok": False, "error": fault.kind}, 0)
            if fault.kind.startswith("hang") and self._stopping is not None:
                await self._stopping.wait()
            reset(arrival.request)
            return response
        if fault.kind == "status":
            self._keep(arrival, {"ok": False, "error": f"http_{fault.status}"}, fault.status)
            return web.Response(status=fault.status, text="upstream trouble")
        if fault.kind == "limited":
            return self._limited(arrival, int(fault.seconds))
        refused = SlackRefusal(fault.error, **fault.fields).as_json()
        self._keep(arrival, refused, 200)
        return web.json_response(refused)

    def _done(self, arrival: Arrival) -> web.Response:
        headers: dict[str, str] = {}
        warnings: list[str] = []
        try:
            method = self._authorised(arrival)
            channel = str(arrival.args.get("channel", "")) or None
            wait = self._limits.wait(arrival.name, tier=method.tier, channel=channel)
            if wait is not None:
                return self._limited(arrival, wait)
            missing = [each for each in method.required if arrival.args.get(each) in (None, "")]
            if missing:
                raise Invalid([f"[ERROR] missing required field: {each}" for each in missing])
            with self._state.lock:
                response = {"ok": True, **method.answer(self._call(arrival, warnings))}
        except SlackRefusal as refused:
            response = refused.as_json()
        else:
            headers["x-oauth-scopes"] = ",".join(sorted(self._credentials.scopes))
            if warnings:
                response["response_metadata"] = {
                    **response.get("response_metadata", {}),
                    "warnings": warnings,
                }
        self._keep(arrival, response, 200, tuple(warnings))
        return web.json_response(response, headers=headers)

    def _call(self, arrival: Arrival, warnings: list[str]) -> WebApiCall:
        base_url = f"{arrival.request.scheme}://{arrival.request.host}"
        return WebApiCall(
            state=self._state,
            args=arrival.args,
            base_url=base_url,
            scopes=self._credentials.scopes,
            link=lambda: "ws" + base_url.removeprefix("http") + self._link(),
            warnings=warnings,
        )

    def _authorised(self, arrival: Arrival) -> Method:
        known = self._credentials
        name, token = arrival.name, arrival.token or str(arrival.args.get("token") or "")
        if name in RETIRED:
            raise SlackRefusal("method_deprecated")
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", req_method=name)
        if not token:
            raise SlackRefusal("not_authed")
        if token in known.revoked:
            raise SlackRefusal(known.refusal or "token_revoked")
        if token not in {known.bot_token, known.app_token}:
            raise SlackRefusal("invalid_auth")
        if (token == known.app_token) != method.for_app and name != "auth.test":
            raise SlackRefusal("not_allowed_token_type")
        if known.refusal:
            raise SlackRefusal(known.refusal)
        if method.scopes and known.scopes.isdisjoint(method.scopes):
            provided = ",".join(sorted(known.scopes))
            raise SlackRefusal("missing_scope", needed=",".join(method.scopes), provided=provided)
        return method

    def _limited(self, arrival: Arrival, wait: int) -> web.Response:
        response = {"ok": False, "error": "ratelimited"}
        self._keep(arrival, response, 429)
        return web.json_response(response, status=429, headers={"Retry-After": str(wait)})

    def _keep(self, arrival: Arrival, response: Json, status: int, warnings: tuple[str, ...] = ()) -> None:
        call = ApiCall(
            method=arrival.name,
            args=arrival.args,
            response=response,
            status=status,
            at=self._state.clock.now(),
            warnings=warnings,
        )
        with self._state.lock:
            self.calls.append(call)
        if self.watch is not None:
            self.watch(call)
        self._state.touch()


async def read(request: web.Request) -> tuple[Json, str]:
    """Return a call's arguments (from the address, a form or JSON) and its bearer token, else ""."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.read()
        try:
            given: Any = json.loads(body or b"{}")
        except ValueError:
            given = {}
        args |= given if isinstance(given, dict) else {}
    elif request.can_read_body:
        args |= {key: each for key, each in (await request.post()).items() if isinstance(each, str)}
    for name in AS_JSON & args.keys():
        args[name] = _decoded(args[name])
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return args, token.strip() if kind == "Bearer" else ""


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value  # the method says what is wrong with it
