"""The workspace's memory: its people, its messages, and a signal when something changes."""

import copy
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sandbox.clock import Clock
from sandbox.slack.files import Files
from sandbox.slack.people import Channel, Person, Team, UserGroup
from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json
from sandbox.slack.tickets import Tickets
from sandbox.slack.views import Views


class State:
    """All that one workspace knows. Hold `lock` for more than one step; say `touch()` after a change."""

    def __init__(
        self,
        *,
        clock: Clock,
        team: Team,
        people: Iterable[Person],
        groups: Iterable[UserGroup],
        channels: Iterable[Channel],
    ) -> None:
        """Start with these people and places, and nothing said."""
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.listeners: list[Callable[[], None]] = []
        self.version = 0
        self.clock = clock
        self.team = team
        self.people = {person.id: person for person in people}
        self.writes_org_ids = self.names_home_team = False
        self.groups = {group.id: group for group in groups}
        self.channels = {channel.id: channel for channel in channels}
        self.messages: dict[str, dict[str, Json]] = {}  # timestamps only grow, so these stay in order
        self.threads: dict[tuple[str, str], list[Json]] = {}
        self.ephemerals: list[Json] = []
        self.toasts: list[Json] = []
        self.read: dict[tuple[str, str], str] = {}  # up to which message
        self.read_at: dict[tuple[str, str], float] = {}  # when, in seconds since 1970
        self.tickets = Tickets()
        self.views = Views(team=team)
        self.files = Files()
        self._last_ts = 0
        self._serial = 0

    def touch(self) -> None:
        """Wake everything that waits for a change."""
        with self.changed:
            self.version += 1
            self.changed.notify_all()
        for listener in tuple(self.listeners):
            listener()

    def next_ts(self) -> str:
        """Return a message timestamp that was never used before."""
        with self.lock:
            moment = int(self.clock.now().timestamp() * 1_000_000)
            self._last_ts = max(moment, self._last_ts + 1)
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def serial(self) -> int:
        """Return a number that was never returned before."""
        with self.lock:
            self._serial += 1
            return self._serial

    def person_named(self, name: str) -> Person | None:
        """Return the person with this id, that of the organisation included."""
        known = self.people.get(name)
        return known or next((each for each in self.people.values() if name and each.org_id == name), None)

    def written(self, person: Person) -> str:
        """Return a person's id as deliveries have it: on Enterprise Grid either may come."""
        return person.org_id if self.writes_org_ids and person.org_id else person.id

    def happens_in(self, person: Person) -> str:
        """Return the workspace that a delivery names: on Enterprise Grid it may be the person's own one."""
        return person.team_id if self.names_home_team and person.org_id else self.team.id

    def channel_named(self, name: str) -> Channel | None:
        """Return the channel with this id or name (# or not); for a person's id, the DM with them."""
        if person := self.person_named(name):
            return self.dm_of(person.id)
        bare = name.removeprefix("#")
        by_name = (each for each in self.channels.values() if each.im_of is None and each.name == bare)
        return self.channels.get(name) or next(by_name, None)

    def dm_of(self, person_id: str) -> Channel:
        """Return the direct conversation of a person with the app, opened when there is none yet."""
        with self.lock:
            channel_id = f"D0{person_id[2:]}"
            if channel_id not in self.channels:
                members = frozenset({person_id, self.team.bot_user_id})
                self.channels[channel_id] = Channel(
                    id=channel_id, name=person_id, members=members, im_of=person_id
                )
            return self.channels[channel_id]

    def change_channel(self, channel_id: str, **changes: Any) -> Channel:
        """Replace a channel by one with these changes."""
        with self.lock:
            self.channels[channel_id] = replace(self.channels[channel_id], **changes)
        self.touch()
        return self.channels[channel_id]

    def change_person(self, person_id: str, **changes: Any) -> Person:
        """Replace a person by one with these changes."""
        with self.lock:
            self.people[person_id] = replace(self.people[person_id], **changes)
        self.touch()
        return self.people[person_id]

    def post(self, channel_id: str, content: Json, *, by: str, thread_ts: str | None = None) -> Json:
        """Put a message into a channel and return it; `content` has text, blocks and the like."""
        with self.lock:
            message: Json = {"type": "message", "user": by, "team": self.people[by].team_id}
            message |= {"ts": self.next_ts(), "channel": channel_id, **self.with_block_ids(content)}
            if by == self.team.bot_user_id:
                message |= {"bot_id": self.team.bot_id, "app_id": self.team.app_id}
                message["bot_profile"] = {
                    "id": self.team.bot_id,
                    "app_id": self.team.app_id,
                    "name": self.team.app_name,
                    "team_id": self.team.id,
                    "deleted": False,
                }
            if thread_ts is not None:
                message["thread_ts"] = thread_ts
                message["parent_user_id"] = self.messages[channel_id][thread_ts]["user"]
            self.messages.setdefault(channel_id, {})[message["ts"]] = message
            if thread_ts is not None:
                self.threads.setdefault((channel_id, thread_ts), []).append(message)
        self.touch()
        return message

    def show_only_to(self, person_id: str, channel_id: str, content: Json) -> Json:
        """Show an ephemeral message to one person and return it."""
        with self.lock:
            message: Json = {
                "type": "message",
                "user": self.team.bot_user_id,
                "bot_id": self.team.bot_id,
                "app_id": self.team.app_id,
                "ts": self.next_ts(),
                "channel": channel_id,
                "to": person_id,
                "is_ephemeral": True,
                **self.with_block_ids(content),
            }
            self.ephemerals.append(message)
        self.touch()
        return message

    def with_block_ids(self, content: Json) -> Json:
        """Return content whose blocks and actions all have ids: Slack adds them where the app gave none."""
        content = copy.deepcopy(content)
        for block in content.get("blocks") or ():
            block.setdefault("block_id", f"b{self.serial()}")
            inner = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
            for element in inner if block["type"] != "rich_text" else ():
                if isinstance(element, dict) and element.get("type") not in {"image", "plain_text", "mrkdwn"}:
                    element.setdefault("action_id", f"a{self.serial()}")
        return content

    def message(self, channel_id: str, ts: str) -> Json:
        """Return a message itself; raises SlackRefusal when there is none."""
        found = self.messages.get(channel_id, {}).get(ts)
        if found is None:
            raise SlackRefusal("message_not_found")
        return found

    def delete(self, message: Json) -> None:
        """Delete a message; one with replies leaves a tombstone."""
        with self.lock:
            if self.replies(message["channel"], message["ts"]):
                for gone in ("blocks", "attachments", "metadata", "bot_id", "app_id", "bot_profile", "files"):
                    message.pop(gone, None)
                message |= {"subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT"}
            else:
                del self.messages[message["channel"]][message["ts"]]
                if "thread_ts" in message:
                    self.threads[message["channel"], message["thread_ts"]].remove(message)
        self.touch()

    def replies(self, channel_id: str, thread_ts: str) -> list[Json]:
        """Return the replies of a thread, without its parent, oldest first."""
        return list(self.threads.get((channel_id, thread_ts), ()))

    def shown(self, message: Json, *, with_metadata: bool = True) -> Json:
        """Return a copy of a message as Slack shows it, with the facts about its thread."""
        copied = copy.deepcopy(message)
        replies = self.replies(message["channel"], message["ts"]) if "thread_ts" not in message else []
        if replies:
            people = list(dict.fromkeys(each["user"] for each in replies))
            copied |= {"thread_ts": message["ts"], "reply_count": len(replies), "reply_users": people}
            copied |= {"reply_users_count": len(people), "latest_reply": replies[-1]["ts"]}
        if not with_metadata:
            copied.pop("metadata", None)
        return copied

    def timeline(self, channel_id: str, thread_ts: str | None = None) -> list[Json]:
        """Return a channel's messages (with broadcast replies), or a thread with its parent, oldest first."""
        said = self.messages.get(channel_id, {})
        if thread_ts is not None:
            parent = [said[thread_ts]] if thread_ts in said else []
            return [*parent, *self.replies(channel_id, thread_ts)]
        return [
            each for each in said.values() if "thread_ts" not in each or each.get("subtype") == "thread_broadcast"
        ]

    def places_of(self, person_id: str) -> list[Channel]:
        """Return the conversations that a person can see."""
        return [each for each in self.channels.values() if person_id in each.members]

    def toast(self, person_id: str, text: str) -> None:
        """Tell a person something that is not a message, as Slack's client does when an app fails."""
        with self.lock:
            self.toasts.append({"id": self.serial(), "to": person_id, "text": text})
        self.touch()
