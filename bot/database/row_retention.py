"""Removes rows that nothing needs any more: deliveries, posted copies, acknowledgements and silences.

Their contents went before (`retention.py`). A copy stays while something may still edit it or answer under it: its
request, purchase, storm, silence, balance, problem or difference of the books (`find_living`). Pages are read
without a lock, and few rows go in one transaction: on SQLite there is one writer, and webhooks wait for it.
docs/data.md has the bounds of all tables.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_
from sqlmodel import Session, SQLModel, col, select

from approvals.books.tables import BooksDifference
from approvals.tables import Execution, Request
from bot.database.retention import find_told_head
from notifier.balance.tables import BalanceState, UnknownBalance
from notifier.inbox.tables import Purchase
from notifier.outbox.tables import Delivery, DeliveryStatus, Message, Problem
from notifier.routing.tables import Acknowledgement, Flow, Silence
from storage.database import Database

PAGE = 500  # rows that are read at a time
BATCH = 100  # rows that go in one transaction
KEPT_AT_LEAST = timedelta(days=7)  # keys with an hour or a day in them say until then that something was told
# Told once for ever, or looked for as long as the stop stands; there are few of each.
_ALWAYS = ("stop:", "admins:unrecognised:")
_FINISHED = (DeliveryStatus.DELIVERED, DeliveryStatus.GATHERED, DeliveryStatus.DEAD)


@dataclass(kw_only=True)
class ForgottenRows:
    """How many rows of each table were removed."""

    deliveries: int = 0
    messages: int = 0
    acknowledgements: int = 0
    silences: int = 0


def forget(
    database: Database, *, keep_days: int, now: datetime, rest: Callable[[], object] = lambda: None
) -> ForgottenRows:
    """Remove what was finished before the retention; return how much. `rest` is called between transactions."""
    before = now - max(timedelta(days=keep_days), KEPT_AT_LEAST)
    done = ForgottenRows()
    for row in _ROWS:
        for ids in _find(database, row, before):
            with database.writing() as session:
                goes = delete(row.model).where(row.key.in_(ids), *row.finished(before))
                count = int(session.connection().execute(goes).rowcount)
            setattr(done, row.name, getattr(done, row.name) + count)
            rest()
    return done


def find_living(session: Session, keys: Sequence[str], *, before: datetime) -> set[str]:
    """Return those keys of messages that something may still edit or answer to, or that were told once only."""
    found = {key for key in keys if key.startswith(_ALWAYS)}
    by_kind: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key in keys:
        kind, _, rest = key.partition(":")
        by_kind[kind][rest.partition(":")[0]].append(key)  # a page of a digest lives as long as its digest
    for kind, query in _make_queries(before).items():
        ids = by_kind.get(kind)
        if ids:
            for living in session.exec(query.where(query.selected_columns[0].in_(list(ids)))):
                found.update(ids[living])
    return found | {key for key in _find_subjects(session) if key in keys} | _find_waiting(session, keys)


def _make_queries(before: datetime) -> dict[str, Any]:
    """Return for each kind of key the query of the ids behind it that are alive."""
    # Ended, and Paytend is still asked about it, or contradicts it: people then need its message.
    open_end = exists().where(
        col(Execution.request_id) == col(Request.id),
        or_(col(Execution.next_look_at).is_not(None), col(Execution.contradicted_at).is_not(None)),
    )
    ended = col(Request.ended_at)
    return {
        "request": select(Request.id).where(or_(ended.is_(None), ended >= before, open_end)),
        "purchase": select(Purchase.id),
        "storm": select(Flow.storm).where(col(Flow.storm).is_not(None)),
        "silence": select(Silence.id).where(or_(col(Silence.ended_at).is_(None), col(Silence.ended_at) >= before)),
        "books": select(BooksDifference.id).where(
            or_(
                (col(BooksDifference.known_at).is_(None)) & (col(BooksDifference.gone_at).is_(None)),
                col(BooksDifference.last_seen_at) >= before,
            )
        ),
    }


def _find_subjects(session: Session) -> set[str]:
    """Return the keys that rows name which are few: low and unknown balances, and problems that come back."""
    balances = session.exec(select(BalanceState.subject)).all()
    unknown = session.exec(select(UnknownBalance.subject)).all()
    problems = [f"{row.name}@{row.first_at.isoformat()}" for row in session.exec(select(Problem))]
    return {key for key in (*balances, *unknown, *problems) if key}


def _find_waiting(session: Session, keys: Sequence[str]) -> set[str]:
    """Return the keys for which an edit or a reply waits, or an escalation."""
    waits = Delivery.status == DeliveryStatus.WAITING
    edits = session.exec(select(Delivery.key).where(waits, col(Delivery.key).in_(keys))).all()
    replies = session.exec(select(Delivery.thread_of).where(waits, col(Delivery.thread_of).in_(keys))).all()
    asked = session.exec(
        select(Acknowledgement.key).where(
            col(Acknowledgement.key).in_(keys), col(Acknowledgement.due_at).is_not(None)
        )
    ).all()
    return {key for key in (*edits, *replies, *asked) if key}


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """One table: its key, by which it is walked, and what is finished. `at` is when a row was made.

    `is_sorted`: keys are in the order of time, so the walk may end at the first page of what is too young.
    """

    name: str
    model: type[SQLModel]
    key: Any
    at: Any
    is_sorted: bool
    finished: Callable[[datetime], Sequence[Any]]
    choose: Callable[[Session, Sequence[str], datetime], Sequence[str]]


def _find(database: Database, row: _Rows, before: datetime) -> Iterator[Sequence[str]]:
    """Yield the keys of the rows that may go, at most a batch at a time."""
    after = ""
    while True:
        with database.reading() as session:
            query = select(row.key, row.at).where(row.key > after).order_by(row.key).limit(PAGE)
            page = session.exec(query).all()
            if not page or (row.is_sorted and all(at >= before for _, at in page)):
                return
            after = page[-1][0]
            known = [key for key, _ in page]
            old = session.exec(select(row.key).where(row.key.in_(known), *row.finished(before))).all()
            chosen = row.choose(session, old, before) if old else ()
        for first in range(0, len(chosen), BATCH):
            yield chosen[first : first + BATCH]


def _finished_deliveries(before: datetime) -> Sequence[Any]:
    return col(Delivery.finished_at) < before, col(Delivery.status).in_(_FINISHED)


def _choose_deliveries(session: Session, ids: Sequence[str], _before: datetime) -> Sequence[str]:
    # The largest number stays: the next one is counted from it.
    newest = select(func.max(Delivery.seq)).scalar_subquery()
    query = select(Delivery.id, Delivery.key).where(col(Delivery.id).in_(ids), Delivery.seq < newest)
    kept = find_told_head(session, ids)
    # Of a stop it is asked whether it was told, as long as it stands.
    return [row for row, key in session.exec(query).all() if row != kept and not key.startswith("stop:")]


def _choose_messages(session: Session, ids: Sequence[str], before: datetime) -> Sequence[str]:
    keys = dict(session.exec(select(Message.id, Message.key).where(col(Message.id).in_(ids))).all())
    living = find_living(session, sorted(set(keys.values())), before=before)
    return [each for each in ids if keys.get(each) not in living]


def _choose_acknowledgements(session: Session, keys: Sequence[str], _before: datetime) -> Sequence[str]:
    # After the messages: as long as one is there, its button is.
    shown = set(session.exec(select(Message.key).where(col(Message.key).in_(keys))).all())
    return [key for key in keys if key not in shown]


def _choose_silences(session: Session, ids: Sequence[str], _before: datetime) -> Sequence[str]:
    unfinished = (DeliveryStatus.SILENCED, DeliveryStatus.GATHERING)
    query = select(Delivery.part_of).where(col(Delivery.part_of).in_(ids), col(Delivery.status).in_(unfinished))
    holding = set(session.exec(query.distinct()).all())
    return [each for each in ids if each not in holding]


_ROWS = (
    _Rows(
        name="deliveries",
        model=Delivery,
        key=col(Delivery.id),
        at=col(Delivery.created_at),
        is_sorted=True,
        finished=_finished_deliveries,
        choose=_choose_deliveries,
    ),
    _Rows(
        name="messages",
        model=Message,
        key=col(Message.id),
        at=col(Message.posted_at),
        is_sorted=True,
        finished=lambda before: (col(Message.posted_at) < before,),
        choose=_choose_messages,
    ),
    _Rows(
        name="acknowledgements",
        model=Acknowledgement,
        key=col(Acknowledgement.key),
        at=col(Acknowledgement.asked_at),
        is_sorted=False,  # by the key of a message, of whatever kind
        finished=lambda before: (
            col(Acknowledgement.asked_at) < before,
            col(Acknowledgement.due_at).is_(None),
        ),
        choose=_choose_acknowledgements,
    ),
    _Rows(
        name="silences",
        model=Silence,
        key=col(Silence.id),
        at=col(Silence.created_at),
        is_sorted=True,
        finished=lambda before: (col(Silence.ended_at) < before,),
        choose=_choose_silences,
    ),
)
