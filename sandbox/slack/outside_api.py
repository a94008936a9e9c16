"""What the page asks about the world around the workspace: what can be made to happen, what passed, the guide.

Also the workspace's own control address, so that Slack can be broken from outside:

| Call | Body | Effect |
| --- | --- | --- |
| `POST /_control/fault` | `kind`: limited, down, slow, reset_before, reset_after; `method` ("*": any), `times`, \
`seconds` | arms a fault for the next calls |
| `DELETE /_control/fault` | | disarms every fault |
"""

import json
from pathlib import Path
from typing import Protocol

import aiohttp
from aiohttp import web

from sandbox.slack.faults import Faults, SlackFault
from sandbox.slack.shapes import Json

PANEL_SECONDS = 30.0
KINDS = frozenset({"limited", "down", "slow", "reset_before", "reset_after"})
MOST_TIMES = 1000


class BackstageView(Protocol):
    """What is behind the workspace and can be shown beside it."""

    def offers(self) -> list[Json]:
        """Return what can be made to happen: {title, method, url, fields}."""

    def passed(self, after: int) -> list[Json]:
        """Return what passed between the parties since that number, newest last."""

    def passed_in_full(self, number: int) -> Json | None:
        """Return one of them with its contents, or None when it is not kept any more."""

    def stories(self) -> list[Json]:
        """Return what a newcomer can try, and how far they are."""

    def start_again(self) -> None:
        """Restart the stories."""


class Panel:
    """A backstage that only has offers: a list, or a JSON file that is read when it is needed."""

    def __init__(self, listed: Path | list[Json] | None) -> None:
        self._listed = listed

    def offers(self) -> list[Json]:
        """Return what can be made to happen."""
        if isinstance(self._listed, Path):
            found: list[Json] = json.loads(self._listed.read_text(encoding="utf-8"))
            return found
        return self._listed or []

    def passed(self, after: int) -> list[Json]:  # noqa: ARG002 - nothing is watched here
        """Return nothing."""
        return []

    def passed_in_full(self, number: int) -> Json | None:  # noqa: ARG002 - nothing is watched here
        """Return nothing."""
        return None

    def stories(self) -> list[Json]:
        """Return none."""
        return []

    def start_again(self) -> None:
        """Do nothing: there are none."""


class OutsideApi:
    """Answers `/panel.json`, `/_page/panel`, `/_page/passed…`, `/_page/stories` and `/_control/fault`."""

    def __init__(self, *, backstage: BackstageView, faults: Faults) -> None:
        """Show what `backstage` has; arm `faults`."""
        self._backstage = backstage
        self._faults = faults

    @property
    def routes(self) -> list[web.RouteDef]:
        """The addresses it answers."""
        return [
            web.get("/panel.json", self._offers),
            web.post("/_page/panel", self._outside),
            web.get("/_page/passed", self._passed),
            web.get("/_page/passed/{number}", self._passed_in_full),
            web.post("/_page/stories", self._start_again),
            web.post("/_control/fault", self._arm),
            web.delete("/_control/fault", self._disarm),
        ]

    async def _offers(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self._backstage.offers())

    async def _passed(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._backstage.passed(int(request.query.get("after", "0"))))

    async def _passed_in_full(self, request: web.Request) -> web.StreamResponse:
        found = self._backstage.passed_in_full(int(request.match_info["number"]))
        if found is None:
            return web.json_response({"error": "this is not kept any more"}, status=404)
        return web.json_response(found)

    async def _start_again(self, request: web.Request) -> web.StreamResponse:
        refuse_other_origins(request)
        self._backstage.start_again()
        return web.json_response({"ok": True})

    async def _outside(self, request: web.Request) -> web.StreamResponse:
        asked = await read_asked(request)
        title = asked.get("title")
        offer = next((each for each in self._backstage.offers() if each["title"] == title), None)
        if offer is None:
            return web.json_response({"ok": False, "answer": "no such offer"}, status=404)
        timeout = aiohttp.ClientTimeout(total=PANEL_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(
                    offer.get("method", "POST"), offer["url"], json=asked.get("values") or {}
                ) as answer,
            ):
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            return web.json_response({"ok": False, "answer": f"no answer: {type(error).__name__} {error}"})
        return web.json_response({"ok": answer.ok, "status": answer.status, "answer": text})

    async def _arm(self, request: web.Request) -> web.StreamResponse:
        asked = await read_asked(request)
        try:
            fault = read_fault(asked)
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        self._faults.arm(fault)
        return web.json_response({"armed": len(self._faults.armed)})

    async def _disarm(self, request: web.Request) -> web.StreamResponse:
        refuse_other_origins(request)
        self._faults.clear()
        return web.json_response({"armed": 0})


def read_fault(asked: Json) -> SlackFault:
    """Return the fault that is asked for; raises KeyError, TypeError or ValueError."""
    kind = str(asked["kind"])
    if kind not in KINDS:
        raise ValueError(kind)
    times = int(asked.get("times", 1))
    if not 1 <= times <= MOST_TIMES:
        raise ValueError(f"times: 1 to {MOST_TIMES}")
    return SlackFault(
        method=str(asked.get("method") or "*"),
        kind="status" if kind == "down" else kind,
        times=times,
        status=503,
        seconds=float(asked.get("seconds", 1)),
    )


def refuse_other_origins(request: web.Request) -> None:
    """Refuse what another site's page sends: people would act without knowing."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise web.HTTPForbidden(text="only from the workspace's own page")


async def read_asked(request: web.Request) -> Json:
    """Return the object that the page sent."""
    refuse_other_origins(request)
    asked = await request.json()
    if not isinstance(asked, dict):
        raise web.HTTPBadRequest(text="an object is wanted")
    return asked
