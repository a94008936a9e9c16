"""What people see of the workspace, for tests to look at; copies, so that they are snapshots."""

import copy
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from sandbox.slack.refusals import CannotAct
from sandbox.slack.shapes import Json
from sandbox.slack.state import State

T = TypeVar("T")


class Sights:
    """Part of SlackWorkspace."""

    state: State

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        """Return copies of the messages in a channel or a thread (with its parent), oldest first."""
        with self.state.lock:
            found = self.state.channel_named(channel)
            if found is None:
                raise CannotAct(f"there is no {channel}")
            return [self.state.shown(each) for each in self.state.timeline(found.id, thread_ts)]

    def message(self, channel: str, ts: str) -> Json:
        """Return a copy of one message as it is now; raises SlackRefusal when it is gone."""
        with self.state.lock:
            found = self.state.channel_named(channel)
            return self.state.shown(self.state.message(found.id if found else channel, ts))

    def ephemerals(self, person_id: str, channel: str | None = None) -> list[Json]:
        """Return copies of what only this person sees, oldest first."""
        with self.state.lock:
            return [
                copy.deepcopy(each)
                for each in self.state.ephemerals
                if each["to"] == person_id and channel in {None, each["channel"]}
            ]

    def toasts(self, person_id: str) -> list[str]:
        """Return the client's own hints to this person, such as failed commands."""
        with self.state.lock:
            return [each["text"] for each in self.state.toasts if each["to"] == person_id]

    def modal(self, person_id: str) -> Json | None:
        """Return a copy of the modal on top, or None."""
        with self.state.lock:
            return copy.deepcopy(self.state.views.top(person_id))

    def home(self, person_id: str) -> Json | None:
        """Return a copy of the Home tab, or None when it was never published."""
        with self.state.lock:
            return copy.deepcopy(self.state.views.home(person_id))

    def wait_for(self, predicate: Callable[[], T | Literal[False] | None], *, timeout: float = 10.0) -> T:
        """Return what `predicate` returns as soon as it is true; raises TimeoutError."""
        end = time.monotonic() + timeout
        while True:
            found = predicate()
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"waited {timeout} s in vain")
            with self.state.changed:
                # Woken by a change here, or soon anyway: the predicate may look at something else.
                self.state.changed.wait(min(left, 0.02))
