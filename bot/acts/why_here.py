"""*Why here?* in the menu of a notice: which route matched and which did not, for the person who asked."""

from collections.abc import Mapping
from typing import Any

from approvals.people import Standing
from bot.acts.kinds import Click, OldButton
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands.routing import explain
from commands.surface import ALL_ROLES
from notifier.events import make_notification
from notifier.stored_events import open_event
from notifier.tables import InboxEvent


def _why(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, ALL_ROLES)
    kind, facts = _read(parts, incoming.value)
    parts.replier.reply(incoming, explain(kind, facts, routes=parts.routes))


def _read(parts: Parts, value: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what the routes look at; raises OldButton, and Unreadable for content that is no longer kept."""
    if isinstance(event_id := value.get("event"), str):
        with parts.database.reading() as session:
            row = session.get(InboxEvent, event_id)
        if row is None:
            raise OldButton
        event = open_event(row, vault=parts.desk.vault, unit=parts.paytend.unit)
        notification = make_notification(event, timezone=parts.timezone, now=parts.clock.now())
        return notification.kind, notification.facts
    if not isinstance(value.get("kind"), str):
        raise OldButton
    return value["kind"], value


CLICKS = {"why_here": Click(act=_why)}
