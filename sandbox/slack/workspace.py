"""One Slack workspace for tests and the demo: drive people, look at what they see, break things."""

import copy
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.running import Running
from sandbox.slack import manifest as manifests
from sandbox.slack import seed
from sandbox.slack.acts import Act, Acts
from sandbox.slack.changes import Changes
from sandbox.slack.courier import Courier, Door
from sandbox.slack.deliveries import Answer, Delivery, Envelope
from sandbox.slack.faults import Faults
from sandbox.slack.limits import RateLimits
from sandbox.slack.outside_api import BackstageView, Panel
from sandbox.slack.payloads import Payloads
from sandbox.slack.people import Channel, Person, Team, UserGroup
from sandbox.slack.refusals import CannotAct
from sandbox.slack.retries import Retries
from sandbox.slack.sent import Deliveries
from sandbox.slack.server import Server
from sandbox.slack.shapes import Json
from sandbox.slack.sights import Sights
from sandbox.slack.sockets import Sockets
from sandbox.slack.state import State
from sandbox.slack.web_api import ApiCall, Credentials, WebApi

KEPT_DELIVERIES = 10_000


class SlackWorkspace(Sights, Changes, Deliveries):
    """A workspace with one app installed. All methods may be called from any thread but the server's."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        request_url: str | None = None,
        delivery: Door | None = None,
        team: Team = seed.TEAM,
        people: Iterable[Person] = seed.PEOPLE,
        groups: Iterable[UserGroup] = seed.GROUPS,
        channels: Iterable[Channel] = seed.CHANNELS,
        manifest: Path | Json | None = None,
        scopes: Iterable[str] | None = None,
        bot_token: str = seed.BOT_TOKEN,
        app_token: str = seed.APP_TOKEN,
        signing_secret: str = seed.SIGNING_SECRET,
        rate_limits: bool = True,
        acknowledge_seconds: float = 3.0,
        base_url: str = "",
        panel: Path | list[Json] | None = None,
        backstage: BackstageView | None = None,
    ) -> None:
        """Make the workspace; nothing listens before `serving()` (or `Running(ws.app)`).

        `request_url` is where the app listens in HTTP mode, `delivery` an application in this process
        instead; a connected socket goes before both. `panel` is what the page's outside world offers: a list
        of {title, method, url, fields}, or a JSON file with one; `backstage` replaces it when there
        is more to show.
        """
        self.clock = clock or Clock()
        described = manifests.load(manifest)
        asked = manifests.scopes(described)
        granted = frozenset(scopes) if scopes is not None else asked or seed.SCOPES
        self.credentials = Credentials(bot_token=bot_token, app_token=app_token, scopes=granted)
        self.state = State(clock=self.clock, team=team, people=people, groups=groups, channels=channels)
        self.faults = Faults()
        self.limits = RateLimits(self.clock, is_on=rate_limits)
        self.sockets = Sockets(app_id=team.app_id)
        self.courier = Courier(
            request_url=request_url,
            signing_secret=signing_secret,
            sockets=self.sockets,
            door=delivery,
            acknowledge_seconds=acknowledge_seconds,
        )
        self._payloads = Payloads(state=self.state, base_url=base_url)
        self.takes_messages = manifests.takes_messages(described)
        self.acts = Acts(
            state=self.state,
            payloads=self._payloads,
            commands=manifests.commands(described),
            takes_messages=self.takes_messages,
        )
        self.shortcuts = manifests.shortcuts(described)
        self.retries = Retries(clock=self.clock)
        self._api = WebApi(
            state=self.state,
            credentials=self.credentials,
            faults=self.faults,
            limits=self.limits,
            link=self.sockets.link,
        )
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._last: Envelope | None = None
        self._kept = threading.Lock()
        self._watch: Callable[[Delivery], None] | None = None
        self.app: web.Application = Server(workspace=self, api=self._api, backstage=backstage or Panel(panel)).app

    # where it is

    @property
    def base_url(self) -> str:
        """Where the workspace answers, without a slash at the end."""
        if not self._payloads.base_url:
            raise RuntimeError("not served yet: use serving(), or set base_url after Running(ws.app)")
        return self._payloads.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._payloads.base_url = url.rstrip("/")

    @property
    def has_base_url(self) -> bool:
        """Whether it is known where the workspace answers."""
        return bool(self._payloads.base_url)

    @property
    def api_url(self) -> str:
        """The base URL for an SDK, with its slash at the end."""
        return f"{self.base_url}/api/"

    @contextmanager
    def serving(self, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
        """Serve on a thread until the block ends."""
        with Running(self.app, host=host, port=port) as running:
            self.base_url = running.url
            yield running

    # what people do

    def types(self, person_id: str, text: str, *, channel: str, thread_ts: str | None = None) -> Delivery:
        """Type a slash command (returns after its acknowledgement) or a message."""
        return self._performed(self.acts.type(person_id, text, channel_id=channel, thread_ts=thread_ts))

    def clicks(
        self,
        person_id: str,
        *,
        action_id: str,
        message: Json | None = None,
        view: Json | None = None,
        home: bool = False,
        block_id: str | None = None,
        value: Any = None,
        values: Json | None = None,
        stale: bool = False,
    ) -> Delivery:
        """Press or choose in a message (an older snapshot will do), in the Home tab, or in the open modal.

        `value` forges a button's value and says what is chosen in anything else; `values` fills the inputs
        beside it. `stale` is a client that does not know yet that its person was removed.
        """
        if message is None and view is None:
            view = self.home(person_id) if home else self.modal(person_id)
        act = self.acts.click(
            person_id,
            action_id=action_id,
            message=message,
            view=view,
            block_id=block_id,
            value=value,
            values=values,
            is_stale=stale,
        )
        return self._performed(act)

    def submits(self, person_id: str, values: Json | None = None, *, view: Json | str | None = None) -> Delivery:
        """Submit the modal on top, or a view or snapshot; `values` by block_id or action_id.

        What is given for a select of the app's own options is typed into it first, if it was not found before.
        """
        shown = self._view(person_id, view)
        for action_id, text in self.acts.to_type(shown, values or {}):
            self._performed(self.acts.search(person_id, text, action_id=action_id, view=shown))
        return self._performed(self.acts.submit(person_id, view=shown, values=values or {}))

    def closes(self, person_id: str, *, all_of_them: bool = False) -> list[Delivery]:
        """Close the modal on top or all; returns the deliveries of those with notify_on_close."""
        return [self._performed(act) for act in self.acts.close(person_id, all_of_them=all_of_them)]

    def suggests(
        self,
        person_id: str,
        query: str,
        *,
        action_id: str,
        view: Json | str | None = None,
        message: Json | None = None,
    ) -> Delivery:
        """Type into an external select; the options come in `.options` and can be chosen afterwards."""
        shown = None if message is not None else self._view(person_id, view)
        return self._performed(
            self.acts.search(person_id, query, action_id=action_id, view=shown, message=message)
        )

    def opens_home(self, person_id: str) -> Delivery:
        """Open the app's Home tab (app_home_opened)."""
        return self._performed(self.acts.open_home(person_id))

    def joins(self, person_id: str, channel: str) -> Delivery:
        """Join a channel (member_joined_channel)."""
        return self._performed(self.acts.join(person_id, channel))

    def uses_shortcut(self, person_id: str, callback_id: str, *, message: Json | None = None) -> Delivery:
        """Use a global shortcut, or one on a message."""
        return self._performed(self.acts.use_shortcut(person_id, callback_id, message=message))

    def uploads(self, person_id: str, name: str, content: bytes) -> str:
        """Upload a file for a file_input and return its id."""
        self.acts.person(person_id)
        now = int(self.clock.now().timestamp())
        with self.state.lock:
            return self.state.files.add(name, owner=person_id, created=now, content=content).id

    def dismisses(self, person_id: str, ephemeral: Json | None = None) -> None:
        """Dismiss an ephemeral message, or (as a reload does) all of them."""
        with self.state.lock:
            kept = [
                each
                for each in self.state.ephemerals
                if each["to"] != person_id or (ephemeral is not None and each["ts"] != ephemeral["ts"])
            ]
            self.state.ephemerals[:] = kept
        self.state.touch()

    # what was sent

    @property
    def api_calls(self) -> list[ApiCall]:
        """All calls of the Web API so far, refused ones too."""
        with self.state.lock:
            return list(self._api.calls)

    @property
    def deliveries(self) -> list[Delivery]:
        """All that was sent to the app so far."""
        with self._kept:
            return list(self._deliveries)

    def watch(self, *, calls: Callable[[ApiCall], None], deliveries: Callable[[Delivery], None]) -> None:
        """Report every call of the Web API and every delivery to the app, on the thread that makes it."""
        self._api.watch = calls
        self._watch = deliveries

    # how it is done

    def record(self, act: Act, answer: Answer) -> Delivery:
        """Let an act's answer take effect and keep what became of it."""
        if act.settle is None or act.envelope is None:
            raise RuntimeError("an act without an envelope has no answer")
        if act.envelope.kind == "events_api":
            self.retries.consider(act.envelope, answer)
        done = act.settle(answer)
        with self._kept:
            self._deliveries.append(done)
        if self._watch is not None:
            self._watch(done)
        self.state.touch()
        return done

    def sent(self, envelope: Envelope) -> None:
        """Remember a delivery before it is made."""
        self._last = envelope

    def _performed(self, act: Act) -> Delivery:
        if act.envelope is None:
            if act.done is None:
                raise RuntimeError("an act does something or has done it")
            return act.done
        self.sent(act.envelope)
        return self.record(act, self.courier.deliver_now(act.envelope))

    def _view(self, person_id: str, view: Json | str | None) -> Json:
        if isinstance(view, dict):
            return view
        with self.state.lock:
            found = self.state.views.by_id.get(view) if view else self.state.views.top(person_id)
        if found is None:
            raise CannotAct(f"{person_id} has no modal open")
        return copy.deepcopy(found)

    def __repr__(self) -> str:
        return f"SlackWorkspace({json.dumps(self.state.team.name)})"
