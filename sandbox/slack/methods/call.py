"""One call of the Web API: its arguments, read as forgivingly as Slack reads them, and where it came from."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.people import Channel
from sandbox.slack.refusals import Invalid, SlackRefusal
from sandbox.slack.shapes import Json
from sandbox.slack.state import State


@dataclass(frozen=True, kw_only=True)
class WebApiCall:
    """A call that is authorised; `link` makes a single-use Socket Mode address."""

    state: State
    args: Json
    base_url: str
    scopes: frozenset[str]
    link: Callable[[], str]
    warnings: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Return a string argument; numbers count as strings, as in a form."""
        value = self.args.get(name)
        if value is None:
            return default
        if isinstance(value, (str, int, float)):
            return str(value)
        raise Invalid([f"[ERROR] must be a string [json-pointer:/{name}]"])

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes or no."""
        value = self.args.get(name)
        return default if value is None or value == "" else str(value).lower() in {"1", "true", "t", "yes"}

    def number(self, name: str, default: int) -> int:
        """Return a whole number; raises Invalid for anything else."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise Invalid([f"[ERROR] must be a number [json-pointer:/{name}]"]) from None

    def decoded(self, name: str) -> Any:
        """Return an argument that may come as JSON in a string; None when it is absent."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Invalid([f"[ERROR] must be valid json [json-pointer:/{name}]"]) from None

    def channel(self, name: str = "channel") -> Channel:
        """Return the conversation an argument names, if the app may know of it; raises SlackRefusal."""
        person = self.state.person_named(self.text(name))
        found = self.state.channel_named(self.text(name))
        if found is None or (person is not None and person.is_bot):
            raise SlackRefusal("channel_not_found")
        if (found.is_private or found.im_of) and self.state.team.bot_user_id not in found.members:
            raise SlackRefusal("channel_not_found")
        return found

    def own_channel(self, name: str = "channel") -> Channel:
        """Return the conversation an argument names when the app is a member; raises SlackRefusal."""
        found = self.channel(name)
        if self.state.team.bot_user_id not in found.members:
            raise SlackRefusal("not_in_channel")
        return found

    def needs(self, *any_of: str) -> None:
        """Raise SlackRefusal when none of these scopes was granted."""
        if self.scopes.isdisjoint(any_of):
            provided = ",".join(sorted(self.scopes))
            raise SlackRefusal("missing_scope", needed=",".join(any_of), provided=provided)

    def needs_for(self, channel: Channel, what: str) -> None:
        """Raise SlackRefusal when the scope to read (or see the history of) this kind is missing."""
        kind = "im" if channel.im_of else "groups" if channel.is_private else "channels"
        self.needs(f"{kind}:{what}")

    def page(self, items: list[Any], *, default: int, most: int) -> tuple[list[Any], Json]:
        """Return the requested part of a long list, and the metadata with the next cursor."""
        limit = self.number("limit", default)
        if not 0 < limit <= most:
            raise SlackRefusal("invalid_limit")
        start = 0
        if self.text("cursor"):
            head, _, tail = self.text("cursor").partition(":")
            if head != "next" or not tail.isdecimal():
                raise SlackRefusal("invalid_cursor")
            start = int(tail)
        following = f"next:{start + limit}" if start + limit < len(items) else ""
        return items[start : start + limit], {"response_metadata": {"next_cursor": following}}
