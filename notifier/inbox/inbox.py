"""The inbox: a content is taken in once, for ever; its notices follow from the row."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, Text, bindparam, cast, column, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from notifier.inbox.tables import InboxEvent
from paytend.models import TransactionNames
from paytend.models.codes import TransactionStatus
from paytend.webhooks import Event, TransactionHappened
from paytend.wire.envelope import Webhook
from storage.numbers import next_number
from storage.vault import Unreadable, Vault

TABLE = "inbox_event"

_TABLE: Table = InboxEvent.__table__  # type: ignore[attr-defined]  # SQLModel's own
_COLUMNS: Sequence[Column[Any]] = tuple(each for each in _TABLE.columns if each.name != "seq")
# Without a target: either of the two unique digests may be the one that is known.
_INSERT = sqlite.insert(InboxEvent).on_conflict_do_nothing().returning(col(InboxEvent.id))
# All rows as one JSON text: a VALUES list is another text for each number of rows, which the driver parses again,
# and an array it quotes value for value.
_ROWS = func.json_to_recordset(cast(bindparam("rows", type_=Text), postgresql.JSON)).table_valued(
    *(column(each.name, each.type) for each in _COLUMNS)
)
_INSERT_JSON = (
    postgresql.insert(InboxEvent)
    .from_select(
        [*(each.name for each in _COLUMNS), "seq"],
        select(_ROWS.render_derived(with_types=True), next_number(TABLE)),
    )
    .on_conflict_do_nothing()
    .returning(col(InboxEvent.id))
)

_write = json.JSONEncoder(ensure_ascii=False, default=float).encode  # made once: this is done for every webhook
_write_rows = json.JSONEncoder(
    default=lambda value: f"\\x{value.hex()}" if isinstance(value, bytes) else value.isoformat()
).encode
_ID_NUMBERS = frozenset({"idno", "idnumber"})


def make_row(
    webhook: Webhook, event: Event, *, now: datetime, vault: Vault, make_id: Callable[[], str]
) -> dict[str, Any]:
    """Return the row of a verified webhook; its content is sealed, without secrets and with numbers masked."""
    event_id = make_id()
    # JSON may contain half a surrogate pair, which UTF-8 refuses; no webhook is lost for that.
    body = _write(_mask_id_numbers(event.content)).encode("utf-8", "replace")
    return {
        "id": event_id,
        "kind": event.kind,
        "notify_type": webhook.notify_type,
        "form": webhook.form.value,
        "verified_by": webhook.key,
        "digest": event.digest,
        "content_digest": event.content_digest,
        "business_digest": digest_key(event.business_key),
        "names": _write_names(event, vault),
        "urgent": is_urgent(event),
        "body": vault.seal(body, table=TABLE, row=event_id, column="body"),
        "received_at": now,
        "told_at": None,
        "failures": 0,
    }


def is_urgent(event: Event) -> bool:
    """Whether it is told before what waits already: everything but a movement that simply succeeded."""
    return not isinstance(event, TransactionHappened) or event.status != TransactionStatus.SUCCESS


def digest_key(business_key: Sequence[str]) -> str:
    """Return the digest of a business key, by which updates are known."""
    return hashlib.sha256(_write(tuple(business_key)).encode("utf-8", "replace")).hexdigest()


def take_in(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert rows in one statement and return the ids of the new ones.

    What is known by the digest of its text or of its canonical content stays as it is; of concurrent deliveries
    of one content exactly one is new.
    """
    # In the order of what replicas may have in common, so that they wait for each other but never deadlock. One
    # content may come in several texts, so its digest decides.
    ordered = sorted(rows, key=lambda row: (str(row["content_digest"]), str(row["digest"])))
    if session.get_bind().dialect.name == "sqlite":
        found = session.connection().execute(_INSERT, ordered)
    else:
        found = session.connection().execute(_INSERT_JSON, {"rows": _write_rows(ordered)})
    return set(found.scalars())


def open_content(event: InboxEvent, *, vault: Vault) -> str:
    """Return the content that was kept of a webhook, a JSON object; raises Unreadable."""
    if event.body is None:
        raise Unreadable("its content was removed, as CARDOPS_RETENTION_DAYS says")
    return vault.open(event.body, table=TABLE, row=event.id, column="body").decode()


def find_earlier(session: Session, event: InboxEvent) -> InboxEvent | None:
    """Return the latest report on the same thing that came before, with other content."""
    earlier = select(InboxEvent).where(
        col(InboxEvent.business_digest) == event.business_digest,
        tuple_(col(InboxEvent.seq), col(InboxEvent.id)) < (event.seq, event.id),
    )
    newest_first = (col(InboxEvent.seq).desc(), col(InboxEvent.id).desc())
    return session.execute(earlier.order_by(*newest_first).limit(1)).scalars().first()


def _write_names(event: Event, vault: Vault) -> str | None:
    # From the ids as they were sent: two long ones may look alike once they are masked.
    if not isinstance(event, TransactionHappened):
        return None
    return _write(digest_names(event.names, vault=vault))


def digest_names(names: TransactionNames, *, vault: Vault) -> Mapping[str, Sequence[str]]:
    """Return the keyed digests of a transaction's ids: its own, the related one's, the authorisation code's."""
    found = {
        "trade": names.trade_id,
        "related": names.related_id,
        "auth": f"{names.card_id}:{names.auth_code}" if names.card_id and names.auth_code else None,
    }
    return {kind: vault.digest_name(value) for kind, value in found.items() if value}


def _mask_id_numbers(value: Any) -> Any:
    match value:
        case dict():
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
