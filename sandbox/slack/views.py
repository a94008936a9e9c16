"""Modals and Home tabs: their stack of three, their hashes, and what people have entered so far."""

import copy
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack.blocks import interactive, view_problems
from sandbox.slack.people import Team
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json

STACK = 3
VIEW_BYTES = 250_000
GIVEN = ("type", "title", "blocks", "submit", "close", "private_metadata", "callback_id", "external_id")
FLAGS = ("clear_on_close", "notify_on_close", "submit_disabled")


@dataclass(kw_only=True)
class Views:
    """All open views; `stacks` are the modals of each person, the top one last."""

    team: Team
    by_id: dict[str, Json] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def top(self, person_id: str) -> Json | None:
        """Return the modal that a person sees, or None."""
        stack = self.stacks.get(person_id)
        return self.by_id[stack[-1]] if stack else None

    def home(self, person_id: str) -> Json | None:
        """Return a person's Home tab, or None when it was never published."""
        view_id = self.homes.get(person_id)
        return self.by_id[view_id] if view_id is not None else None

    def owner(self, view_id: str) -> str | None:
        """Return whose stack a modal is in."""
        return next((who for who, stack in self.stacks.items() if view_id in stack), None)

    def open(self, view: object, *, person_id: str, name: Callable[[], int]) -> Json:
        """Show a modal as the first of a new stack and return it."""
        self.check(view, kind="modal")
        self.clear(person_id)
        return self._stack(view, person_id=person_id, name=name)

    def push(self, view: object, *, person_id: str, name: Callable[[], int]) -> Json:
        """Put a modal on top of the one that is open and return it."""
        self.check(view, kind="modal")
        stack = self.stacks.get(person_id)
        if not stack:
            raise SlackRefusal("not_found")
        if len(stack) >= STACK:
            raise SlackRefusal("push_limit_reached")
        return self._stack(view, person_id=person_id, name=name)

    def update(self, view_id: str, view: object, *, hash_: str | None, name: Callable[[], int]) -> Json:
        """Replace what a view shows, keeping what was entered in inputs that are still there."""
        current = self.by_id.get(view_id)
        if current is None:
            raise SlackRefusal("not_found")
        self.check(view, kind=current["type"], replacing=view_id)
        if hash_ and hash_ != current["hash"]:
            raise SlackRefusal("hash_conflict")
        fresh = self._made(view, name=name)
        for kept in ("id", "root_view_id", "previous_view_id"):
            fresh[kept] = current[kept]
        fresh["state"] = {"values": self._kept(current, fresh)}
        self.by_id[view_id] = fresh
        return fresh

    def publish(self, view: object, *, person_id: str, hash_: str | None, name: Callable[[], int]) -> Json:
        """Show a Home tab and return it."""
        current = self.home(person_id)
        if current is not None:
            return self.update(current["id"], view, hash_=hash_, name=name)
        self.check(view, kind="home")
        fresh = self._made(view, name=name)
        self.by_id[fresh["id"]] = fresh
        self.homes[person_id] = fresh["id"]
        return fresh

    def pop(self, person_id: str) -> Json:
        """Close the modal on top and return it."""
        closed = self.by_id.pop(self.stacks[person_id].pop())
        if not self.stacks[person_id]:
            self.clear(person_id)
        return closed

    def clear(self, person_id: str) -> None:
        """Close all modals of a person."""
        for view_id in self.stacks.pop(person_id, ()):
            self.by_id.pop(view_id, None)
        self.origins.pop(person_id, None)

    def check(self, view: object, *, kind: str, replacing: str | None = None) -> None:
        """Raise SlackRefusal or Invalid unless Slack would take this view."""
        if len(json.dumps(view).encode()) > VIEW_BYTES:
            raise SlackRefusal("view_too_large")
        problems = view_problems(view)
        if problems:
            raise Invalid(problems)
        if not isinstance(view, dict) or view["type"] != kind:
            raise Invalid([f"[ERROR] must be a view of type {kind} [json-pointer:/view/type]"])
        others = (each for each in self.by_id.values() if each["id"] != replacing)
        name = view.get("external_id")
        if name and any(each["external_id"] == name for each in others):
            raise SlackRefusal("duplicate_external_id")

    def _stack(self, view: object, *, person_id: str, name: Callable[[], int]) -> Json:
        stack = self.stacks.setdefault(person_id, [])
        fresh = self._made(view, name=name)
        if stack:
            fresh |= {"root_view_id": stack[0], "previous_view_id": stack[-1]}
        self.by_id[fresh["id"]] = fresh
        stack.append(fresh["id"])
        return fresh

    def _made(self, view: object, *, name: Callable[[], int]) -> Json:
        given = copy.deepcopy(view) if isinstance(view, dict) else {}
        made: Json = {key: given.get(key) for key in GIVEN}
        made |= {key: bool(given.get(key)) for key in FLAGS}
        for key in ("private_metadata", "callback_id", "external_id"):
            made[key] = made[key] or ""
        view_id = f"V0{name():06d}"
        made |= {
            "id": view_id,
            "team_id": self.team.id,
            "app_id": self.team.app_id,
            "app_installed_team_id": self.team.id,
            "bot_id": self.team.bot_id,
            "hash": f"{name()}.{secrets.token_hex(4)}",
            "root_view_id": view_id,
            "previous_view_id": None,
            "state": {"values": {}},
        }
        for block in made["blocks"]:
            block.setdefault("block_id", f"b{name()}")
            for element in interactive(block):
                element.setdefault("action_id", f"a{name()}")
        return made

    @staticmethod
    def _kept(before: Json, after: Json) -> Json:
        entered = before["state"]["values"]
        kept: Json = {}
        for block in after["blocks"]:
            for element in interactive(block):
                value = entered.get(block["block_id"], {}).get(element["action_id"])
                if value is not None and value["type"] == element["type"]:
                    kept.setdefault(block["block_id"], {})[element["action_id"]] = value
        return kept
