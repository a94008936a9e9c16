"""What the page asks of the workspace: a person's view of it, a stream of changes, and acting as them."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.slack import snapshots
from sandbox.slack.acts import Act
from sandbox.slack.deliveries import Delivery
from sandbox.slack.outside_api import BackstageView, read_asked, refuse_other_origins
from sandbox.slack.refusals import CannotAct, SlackRefusal
from sandbox.slack.shapes import Json

if TYPE_CHECKING:
    from sandbox.slack.workspace import SlackWorkspace

QUIET_SECONDS = 15.0
GATHER_SECONDS = 0.04


class PageApi:
    """Answers `/_page/…`, as far as it is about the workspace itself."""

    def __init__(self, *, workspace: "SlackWorkspace", backstage: BackstageView) -> None:
        """Answer about `workspace`; the guide comes from `backstage`."""
        self._workspace = workspace
        self._backstage = backstage
        self._loop: asyncio.AbstractEventLoop | None = None
        self._windows: set[asyncio.Event] = set()
        self._is_open = True
        self._kinds: dict[str, Callable[[Json], list[Act]]] = {
            "type": self._type,
            "click": self._click,
            "submit": self._submit,
            "close": lambda asked: workspace.acts.close(asked["person"], all_of_them=bool(asked.get("all"))),
            "search": self._search,
            "open_home": lambda asked: [workspace.acts.open_home(asked["person"])],
            "shortcut": self._shortcut,
        }

    @property
    def routes(self) -> list[web.RouteDef]:
        """The addresses it answers."""
        return [
            web.get("/_page/workspace", self._about),
            web.get("/_page/state", self._state),
            web.get("/_page/events", self._events),
            web.post("/_page/act", self._act),
            web.post("/_page/upload", self._upload),
            web.post("/_page/dismiss", self._dismiss),
        ]

    def start(self) -> None:
        """Listen for changes on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._workspace.state.listeners.append(self._changed)

    def stop(self) -> None:
        """Let the windows go."""
        self._is_open = False
        self._workspace.state.listeners.remove(self._changed)
        self._loop = None
        for window in self._windows:
            window.set()

    def _changed(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for window in self._windows:
            window.set()

    async def _about(self, _: web.Request) -> web.StreamResponse:
        workspace = self._workspace
        team = workspace.state.team
        groups = [{"id": each.id, "handle": each.handle} for each in workspace.state.groups.values()]
        channels = {each.id: each.name for each in workspace.state.channels.values() if not each.im_of}
        return web.json_response(
            {
                "team": {"id": team.id, "name": team.name},
                "app": {
                    "id": team.bot_user_id,
                    "name": team.app_name,
                    "takes_messages": workspace.takes_messages,
                },
                "people": snapshots.people(workspace.state),
                "groups": groups,
                "channels": channels,
                "commands": list(workspace.acts.commands.values()),
                "shortcuts": workspace.shortcuts,
            }
        )

    async def _state(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        state = self._workspace.state
        if asked.get("person") not in state.people:
            return web.json_response({"error": "there is no such person"}, status=404)
        shown = snapshots.snapshot(
            state, asked["person"], channel_id=asked.get("channel", ""), thread_ts=asked.get("thread", "")
        )
        return web.json_response({**shown, "stories": self._backstage.stories()})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        window = asyncio.Event()
        self._windows.add(window)
        try:
            while self._is_open:
                await stream.write(f"data: {self._workspace.state.version}\n\n".encode())
                try:
                    await asyncio.wait_for(window.wait(), QUIET_SECONDS)
                except TimeoutError:
                    continue
                await asyncio.sleep(GATHER_SECONDS)
                window.clear()
        except ConnectionError:
            pass  # the window was closed
        finally:
            self._windows.discard(window)
        return stream

    async def _act(self, request: web.Request) -> web.StreamResponse:
        asked = await read_asked(request)
        kind = self._kinds.get(str(asked.get("kind")))
        if kind is None:
            return web.json_response({"ok": False, "shown": "no such act"}, status=400)
        try:
            done = [await self._performed(act) for act in kind(asked)]
        except (CannotAct, SlackRefusal, KeyError) as no:
            return web.json_response({"ok": False, "shown": f"You cannot do that: {no}"})
        last = done[-1] if done else Delivery(kind="none")
        return web.json_response(
            {
                "ok": last.is_fine,
                "error": last.error,
                "shown": last.shown,
                "errors": last.errors,
                "options": last.options,
                "ms": round(last.ms, 1),
            }
        )

    async def _performed(self, act: Act) -> Delivery:
        if act.envelope is None:
            return act.done or Delivery(kind="none")
        self._workspace.sent(act.envelope)
        return self._workspace.record(act, await self._workspace.courier.deliver(act.envelope))

    def _type(self, asked: Json) -> list[Act]:
        thread_ts = asked.get("thread") or None
        return [
            self._workspace.acts.type(
                asked["person"], asked["text"], channel_id=asked["channel"], thread_ts=thread_ts
            )
        ]

    def _place(self, asked: Json) -> dict[str, Any]:
        workspace, person = self._workspace, asked["person"]
        if asked.get("view"):
            view = workspace.state.views.by_id.get(asked["view"])
            if view is None:
                raise CannotAct("this modal was closed")
            return {"view": view}
        hidden = [each for each in workspace.ephemerals(person) if each["ts"] == asked["ts"]]
        return {"message": hidden[0] if hidden else workspace.message(asked["channel"], asked["ts"])}

    def _click(self, asked: Json) -> list[Act]:
        return [
            self._workspace.acts.click(
                asked["person"],
                action_id=asked["action_id"],
                block_id=asked.get("block_id"),
                value=asked.get("value"),
                values=asked.get("values") or {},
                **self._place(asked),
            )
        ]

    def _submit(self, asked: Json) -> list[Act]:
        view = self._place(asked)["view"]
        return [self._workspace.acts.submit(asked["person"], view=view, values=asked.get("values") or {})]

    def _search(self, asked: Json) -> list[Act]:
        return [
            self._workspace.acts.search(
                asked["person"],
                asked["query"],
                action_id=asked["action_id"],
                block_id=asked.get("block_id"),
                **self._place(asked),
            )
        ]

    def _shortcut(self, asked: Json) -> list[Act]:
        message = self._place(asked)["message"] if asked.get("ts") else None
        return [self._workspace.acts.use_shortcut(asked["person"], asked["callback_id"], message=message)]

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        refuse_other_origins(request)
        content = await request.read()
        name = request.query["name"]
        return web.json_response({"id": self._workspace.uploads(request.query["person"], name, content)})

    async def _dismiss(self, request: web.Request) -> web.StreamResponse:
        asked = await read_asked(request)
        self._workspace.dismisses(asked["person"], {"ts": asked["ts"]})
        return web.json_response({"ok": True})
