"""*Why here?* in the menu of a notice: which route matched and which did not, for the person who asked."""

from collections.abc import Mapping
from typing import Any

from approvals.policy.people import Member
from bot.slack.declarations import Click, OldButton
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.route_explanation import explain
from commands.slash_command import ALL_ROLES
from notifier.inbox.events import make_notification
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent


def _why(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, ALL_ROLES)
    kind, facts = _read(parts, incoming.value)
    parts.replier.reply(incoming, explain(kind, facts, routes=parts.routes))


def _read(parts: Parts, value: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what the routes look at; raises OldButton, and Unreadable for content that is no longer kept."""
    if isinstance(event_id := value.get("event"), str):
        with parts.database.reading() as session:
            row = session.get(InboxEvent, event_id)
        if row is None:
            raise OldButton
        event = open_event(row, vault=parts.context.vault, unit=parts.paytend.unit)
        notification = make_notification(event, timezone=parts.timezone, now=parts.clock.now())
        return notification.kind, notification.facts
    if not isinstance(value.get("kind"), str):
        raise OldButton
    return value["kind"], value


CLICKS = {"why_here": Click(act=_why)}
