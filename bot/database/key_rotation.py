"""Key rotation: seals every value again with the current key, in batches, while bots run.

Each batch is one transaction, and each value says which key sealed it, so that a run that was stopped can be
repeated. A value that another transaction has locked or changes meanwhile is left to the next round.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, func, literal, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from approvals.tables import KeyRotation, Request
from bot.database.card_index import renew_tokens
from bot.database.engine import SqlDatabase
from bot.database.tables import Draft, KnownCard, OneTimeSecret
from notifier.inbox.tables import InboxEvent, Purchase
from notifier.outbox.tables import Delivery
from notifier.routing.tables import Flow
from storage.vault import Unreadable, Vault

BATCH = 200  # values in one transaction: SQLite has one writer, and others wait for it
_ROUNDS = 3  # over one column: rows that another transaction had locked come again


@dataclass(frozen=True, kw_only=True)
class SealedColumn:
    """A column with sealed values.

    `id` is the name of a row, by which its value was sealed as one of `sealed_as` (table and column). `also` makes
    again what else of the row hangs on the key, from the name of the row and its new value.
    """

    table: Table
    id: ColumnElement[str]
    column: Column[Any]
    sealed_as: tuple[str, str]
    also: Callable[[Session, Vault, str, bytes], None] = lambda *_row: None


def _sealed(model: Any, name: str) -> SealedColumn:
    table: Table = model.__table__
    return SealedColumn(table=table, id=table.c.id, column=table.c[name], sealed_as=(table.name, name))


def _sealed_tally() -> SealedColumn:
    # The outbox seals it like the facts of a delivery that has the storm's name.
    table: Table = Flow.__table__  # type: ignore[attr-defined]  # SQLModel's own
    return SealedColumn(
        table=table,
        id=literal("storm:").concat(table.c.storm),
        column=table.c.tally,
        sealed_as=("delivery", "facts"),
    )


# A test compares these with all tables: a column that is missing here is lost with the old key (N9).
SEALED: tuple[SealedColumn, ...] = (
    _sealed(Request, "payload"),
    _sealed(Request, "shown"),
    _sealed(InboxEvent, "body"),
    _sealed(Delivery, "facts"),
    _sealed(Draft, "fields"),
    _sealed(OneTimeSecret, "value"),
    _sealed(Purchase, "facts"),
    _sealed_tally(),
    replace(_sealed(KnownCard, "facts"), also=renew_tokens),
)


@dataclass(kw_only=True)
class RotationResult:
    """What a run did: how many values it sealed again, where none of our keys opens one, and how many are left."""

    resealed: int = 0
    unreadable: list[str] = field(default_factory=list)
    left: int = 0


def count_old(session: Session, vault: Vault) -> int:
    """Return how many values are not sealed with the current key."""
    return sum(
        session.connection()
        .execute(select(func.count()).select_from(sealed.table).where(_is_old(sealed, vault)))
        .scalar_one()
        for sealed in SEALED
    )


def begin(
    session: Session,
    vault: Vault,
    *,
    make_id: Callable[[], str],
    announce: Callable[[Session, str], None],
    now: datetime,
) -> KeyRotation:
    """Return the open rotation to the current key, or a new one. An open rotation to another key ends here.

    `announce` writes `keys:rotation_begun` into the trail, about `rotation:<id>`: the triggers ask for it.
    """
    mine: KeyRotation | None = None
    for rotation in session.exec(select_rows(KeyRotation).where(col(KeyRotation.finished_at).is_(None))):
        if rotation.to_key == vault.current_key:
            mine = rotation
        else:
            rotation.finished_at = now
    session.flush()  # before the new one: there is only one at a time
    rotation_id = mine.id if mine else make_id()
    announce(session, rotation_id)
    if mine is None:
        mine = KeyRotation(id=rotation_id, to_key=vault.current_key, started_at=now)
        session.add(mine)
        session.flush()
    return mine


def rotate(database: SqlDatabase, vault: Vault, *, rotation_id: str) -> Iterator[RotationResult]:
    """Seal every value again; yields how far it is after each batch, and what is left at the end."""
    done = RotationResult()
    for sealed in SEALED:
        for _ in range(_ROUNDS):
            after = ""
            while True:
                with database.writing() as session:
                    last, count = _reseal_batch(session, sealed, vault, after=after, done=done)
                    _count_up(session, rotation_id, count)
                if last is None:
                    break
                after = last
                yield done
    with database.reading() as session:
        done.left = count_old(session, vault)
    yield done


def finish(session: Session, *, rotation_id: str, now: datetime) -> None:
    """Close a rotation: from now on the guards refuse changes of sealed values."""
    session.get_one(KeyRotation, rotation_id).finished_at = now
    session.flush()


def _reseal_batch(
    session: Session, sealed: SealedColumn, vault: Vault, *, after: str, done: RotationResult
) -> tuple[str | None, int]:
    """Return the id of the last row that was read (None: no row was left) and how many were sealed again."""
    rows = (
        session.connection()
        .execute(
            select(sealed.id, sealed.column)
            .where(_is_old(sealed, vault), sealed.id > after)
            .order_by(sealed.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        .all()
    )
    count = 0
    for row_id, value in rows:
        table, column = sealed.sealed_as
        place = {"table": table, "row": row_id, "column": column}
        try:
            anew = vault.seal(vault.open(bytes(value), **place), **place)
        except Unreadable:
            if (where := f"{sealed.column} of {row_id}") not in done.unreadable:
                done.unreadable.append(where)
            continue
        # Only if it is still the value that was read: SQLite knows no FOR UPDATE.
        change = update(sealed.table).where(sealed.id == row_id, sealed.column == value)
        if session.connection().execute(change.values({sealed.column.name: anew})).rowcount:
            count += 1
            sealed.also(session, vault, row_id, anew)
    done.resealed += count
    return (rows[-1][0] if rows else None), count


def _count_up(session: Session, rotation_id: str, count: int) -> None:
    if count:
        # Not one that ended meanwhile, because somebody began a rotation to another key.
        row = update(KeyRotation).where(col(KeyRotation.id) == rotation_id, col(KeyRotation.finished_at).is_(None))
        session.connection().execute(row.values(resealed=KeyRotation.resealed + count))


def _is_old(sealed: SealedColumn, vault: Vault) -> Any:
    """Return the condition that a value is there and another key sealed it (bytes 2 to 5 are the key's id)."""
    return (func.length(sealed.column) > 0) & (func.substr(sealed.column, 2, 4) != vault.current_key)
