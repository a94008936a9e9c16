"""The inbox: a webhook is taken in once, for ever, and its notices are enqueued in the same transaction."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from notifier.events import Notification
from notifier.outbox import Outbox
from notifier.routes import Routes, match
from notifier.tables import InboxEvent
from notifier.upsert import insert_once
from notifier.vault import Vault
from paytend.redaction import mask_text, redact
from paytend.webhooks import Event

_ID_NUMBERS = frozenset({"idno", "idnumber"})


def take_in(
    session: Session, event: Event, *, body: str, now: datetime, vault: Vault, make_id: Callable[[], str]
) -> bool:
    """Keep a verified event and return whether it is new, by its business key and by its digest.

    `body` is its content as it was signed; it is stored sealed, without secrets and with numbers masked. Of
    concurrent deliveries of one event exactly one is told True.
    """
    event_id = make_id()
    key = json.dumps(event.business_key, ensure_ascii=False)
    sealed = vault.seal(_without_secrets(body).encode(), table="inbox_event", row=event_id, column="body")
    return insert_once(
        session,
        InboxEvent,
        {
            "id": event_id,
            "kind": event.kind,
            "digest": event.digest,
            "business_digest": hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(),
            "body": sealed,
            "received_at": now,
        },
    )


def tell(
    session: Session,
    notification: Notification,
    *,
    routes: Routes,
    outbox: Outbox,
    now: datetime,
    key: str | None = None,
) -> list[str]:
    """Enqueue a notification to everyone whom the routes name; return the delivery ids."""
    deliveries: dict[str, list[str]] = {}
    for recipient in match(routes.rules, notification.kind, notification.facts).recipients:
        mentioned = [id_ for role in recipient.mentions for id_ in routes.mentions.get(role, ())]
        channel = routes.resolve(recipient.to)
        deliveries[channel] = [*deliveries.get(channel, []), *mentioned]
    return [
        outbox.enqueue(
            session,
            kind=notification.kind,
            facts={**notification.facts, "mentions": list(dict.fromkeys(mentioned))},
            recipient=channel,
            now=now,
            key=key,
            urgent=notification.urgent,
        )
        for channel, mentioned in deliveries.items()
    ]


def _without_secrets(body: str) -> str:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return mask_text(body)
    return json.dumps(_mask_id_numbers(redact(content)), ensure_ascii=False).encode("utf-8", "replace").decode()


def _mask_id_numbers(value: Any) -> Any:
    match value:
        case Mapping():
            return {
                name: _mask_tail(inner) if _is_id_number(name) else _mask_id_numbers(inner)
                for name, inner in value.items()
            }
        case list():
            return [_mask_id_numbers(inner) for inner in value]
        case _:
            return value


def _is_id_number(name: str) -> bool:
    return name.replace("_", "").lower() in _ID_NUMBERS


def _mask_tail(value: Any) -> Any:
    """Return an identity number with only its last three characters."""
    return f"***{value[-3:]}" if isinstance(value, str) and len(value) > 3 else None
