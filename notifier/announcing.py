"""Announcing: from one notification to the deliveries of everyone whom the routes name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from notifier.events import Notification
from notifier.outbox import Outbox
from notifier.routes import Routes, match


def announce(
    session: Session, notification: Notification, *, routes: Routes, outbox: Outbox, now: datetime
) -> list[str]:
    """Enqueue a notification to everyone whom the routes name; return the ids of the new deliveries.

    What has a subject is one message for each recipient: a copy that exists is brought to the newer facts.
    """
    facts, subject = notification.facts, notification.subject
    known = outbox.recipients_of(session, subject) if subject else frozenset()
    if subject and known:
        outbox.edit(session, key=subject, kind=notification.kind, facts={**facts, "mentions": []}, now=now)
    return [
        outbox.enqueue(
            session,
            kind=notification.kind,
            facts={**facts, "mentions": mentions},
            recipient=channel,
            now=now,
            key=subject,
            urgent=notification.urgent,
        )
        for channel, mentions in find_recipients(notification.kind, facts, routes=routes).items()
        if channel not in known
    ]


def find_recipients(kind: str, facts: Mapping[str, Any], *, routes: Routes) -> dict[str, list[str]]:
    """Return the channels that hear of a notification, and the people and groups who are mentioned in each."""
    found: dict[str, dict[str, None]] = {}
    for recipient in match(routes.rules, kind, facts).recipients:
        mentioned = [id_ for role in recipient.mentions for id_ in routes.mentions.get(role, ())]
        found.setdefault(routes.resolve(recipient.to), {}).update(dict.fromkeys(mentioned))
    return {channel: list(mentions) for channel, mentions in found.items()}
