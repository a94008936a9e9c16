"""What Slack hands out for a short use: triggers (3 s, once) and response addresses (30 min, 5 times)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.slack.refusals import SlackRefusal

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSE_USES = 5


@dataclass(kw_only=True)
class Trigger:
    """The right to open one view for the person who has just done something."""

    id: str
    person_id: str
    made_at: datetime
    is_used: bool = False


@dataclass(kw_only=True)
class ResponseAddress:
    """The right to answer where something was typed or clicked."""

    path: str
    person_id: str
    channel_id: str
    made_at: datetime
    source_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(kw_only=True)
class Tickets:
    """All that was handed out."""

    triggers: dict[str, Trigger] = field(default_factory=dict)
    addresses: dict[str, ResponseAddress] = field(default_factory=dict)

    def trigger(self, person_id: str, *, now: datetime) -> str:
        """Hand out a trigger and return its id."""
        name = f"{len(self.triggers) + 1}.{int(now.timestamp())}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(id=name, person_id=person_id, made_at=now)
        return name

    def use_trigger(self, name: str, *, now: datetime) -> str:
        """Use a trigger up and return whose it was; raises SlackRefusal as Slack does."""
        trigger = self.triggers.get(name)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.is_used:
            raise SlackRefusal("exchanged_trigger_id")
        if now - trigger.made_at > TRIGGER_LIFE:
            raise SlackRefusal("expired_trigger_id")
        trigger.is_used = True
        return trigger.person_id

    def address(
        self,
        kind: str,
        *,
        team_id: str,
        person_id: str,
        channel_id: str,
        now: datetime,
        source_ts: str | None = None,
        thread_ts: str | None = None,
    ) -> str:
        """Hand out a response address and return its path."""
        path = f"/{kind}/{team_id}/{len(self.addresses) + 1}/{secrets.token_hex(12)}"
        self.addresses[path] = ResponseAddress(
            path=path,
            person_id=person_id,
            channel_id=channel_id,
            made_at=now,
            source_ts=source_ts,
            thread_ts=thread_ts,
        )
        return path

    def use_address(self, path: str, *, now: datetime) -> ResponseAddress:
        """Count a use and return the address; raises SlackRefusal when it is unknown, too old or used up."""
        address = self.addresses.get(path)
        if address is None:
            raise SlackRefusal("no_such_url")
        if now - address.made_at > RESPONSE_LIFE:
            raise SlackRefusal("expired_url")
        if address.uses >= RESPONSE_USES:
            raise SlackRefusal("used_url")
        address.uses += 1
        return address
