"""Keeps differences: one row for each, posted once, edited when it changes, and told when it is gone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, func, select

from approvals.audit import chain
from approvals.audit.quotes import digest_text
from approvals.audit.row_macs import MacUse
from approvals.books.classification import BookClass, Finding, FindingKind
from approvals.books.notices import BooksDiffer, BooksEnded, BooksMany, SaidRow
from approvals.books.rules import Others
from approvals.books.tables import BooksDifference
from approvals.books.tally import write_money
from approvals.context import ApprovalContext
from notifier.rendering.facts import TemplateFacts
from storage.macs import MacKeys
from storage.upsert import insert_once

MOST_MESSAGES = 10  # of new differences in one comparison; more become one message
MOST_LISTED = 500  # of one class and day: a list of nothing but differences must not fill the database
_KEPT = timedelta(days=90)
CLOCK = "cardops"  # the actor in the trail when no person acts


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who is notified of differences: channels, on-call's first, and the people to mention there."""

    channels: Sequence[str]
    mentions: Sequence[str]


def message_key(difference_id: str) -> str:
    """Return the key under which the outbox knows the copies of a difference's message."""
    return f"books:{difference_id}"


def is_alarm(finding: Finding, *, others: Others) -> bool:
    """Whether a finding is told at once."""
    if finding.book_class is BookClass.NOT_OURS:
        return others == "alarm"
    return finding.book_class is BookClass.DIFFERS


def is_listed(finding: Finding, *, others: Others) -> bool:
    """Whether a finding is kept, so that it can be listed: all but what agrees, is too new or is expected."""
    if finding.kind in (FindingKind.AGREED, FindingKind.EARLY):
        return False
    return others != "expected" or finding.book_class is not BookClass.NOT_OURS


def keep(
    session: Session,
    context: ApprovalContext,
    findings: Sequence[Finding],
    *,
    day: date,
    others: Others,
    now: datetime,
) -> list[str]:
    """Write findings down, and return the ids of those to tell: new ones, and ones that came back.

    `day` is that of findings without a day of their own.
    """
    by_identity = {_identify(finding, context.macs): finding for finding in findings}
    for identity, finding in by_identity.items():
        insert_once(session, BooksDifference, _make_values(context, finding, identity=identity, day=day, now=now))
    # Locked in one order, so that two comparisons of the same day wait for each other but never deadlock.
    query = select(BooksDifference).where(col(BooksDifference.identity).in_(by_identity))
    to_tell = []
    for row in session.exec(query.order_by(col(BooksDifference.id)).with_for_update()).all():
        finding = by_identity[row.identity]
        if row.gone_at is not None:
            row.told_at = row.gone_at = None  # it came back, which is news
        if row.words != finding.words:
            row.words = finding.words
            update_message(session, context, row, said=(), now=now)
        row.last_seen_at = now
        if row.told_at is None and is_alarm(finding, others=others):
            to_tell.append(row.id)
        session.add(row)
    session.flush()
    return to_tell


def tell(
    session: Session,
    context: ApprovalContext,
    difference_ids: Sequence[str],
    *,
    audience: Audience,
    now: datetime,
) -> Sequence[BooksDifference]:
    """Notify on-call and managers of new differences, and add them to the trail; return those that were new."""
    query = select(BooksDifference).where(
        col(BooksDifference.id).in_(difference_ids), col(BooksDifference.told_at).is_(None)
    )
    # Two comparisons may run at the same time: the lock makes one of them tell.
    rows = session.exec(query.order_by(col(BooksDifference.id)).with_for_update()).all()
    if not rows:
        return ()
    for row in rows:
        row.told_at = now
        session.add(row)
    many, days = len(rows) > MOST_MESSAGES, sorted(row.day for row in rows)
    if many:
        facts = BooksMany(count=len(rows), day=days[0], last_day=days[-1], at=now, mentions=audience.mentions)
        _post(session, context, facts, key=None, audience=audience, now=now)
    for row in [] if many else rows:
        key = message_key(row.id)
        if context.outbox.recipients_of(session, key):
            # It was there before, was gone, and is back: an edit alone would notify nobody.
            update_message(session, context, row, said=(), now=now)
            reply(session, context, row, state="back", now=now)
        else:
            facts_of_one = make_facts(row, said=(), mentions=audience.mentions)
            _post(session, context, facts_of_one, key=key, audience=audience, now=now)
    for row in rows[:MOST_MESSAGES]:
        _note(session, context, "books:differs", row, now=now)
    if many:
        facts_of_all = {"count": len(rows), "day": days[0].isoformat(), "last_day": days[-1].isoformat()}
        chain.append(
            session,
            "books:many_differ",
            key=context.audit_key,
            actor=CLOCK,
            subject="books",
            facts=facts_of_all,
            now=now,
        )
    return rows


def end_unseen(session: Session, context: ApprovalContext, *, day: date, since: datetime, now: datetime) -> int:
    """End the differences of a day that a whole comparison did not find any more; return how many."""
    query = select(BooksDifference).where(
        BooksDifference.day == day,
        col(BooksDifference.last_seen_at) < since,
        col(BooksDifference.gone_at).is_(None),
    )
    rows = session.exec(query.with_for_update()).all()
    for row in rows:
        row.gone_at = now
        session.add(row)
        if row.told_at is not None:
            update_message(session, context, row, said=(), now=now)
            reply(session, context, row, state="gone", now=now)
    # After all messages: an event locks the trail until the transaction ends.
    for row in rows:
        if row.told_at is not None:
            _note(session, context, "books:gone", row, now=now)
    return len(rows)


def count_of_day(session: Session, day: date) -> int:
    """Return how many rows a day has."""
    return session.exec(select(func.count()).where(BooksDifference.day == day)).one()


def list_day(session: Session, day: date, *, start: int, size: int) -> list[BooksDifference]:
    """Return a page of a day, in the order in which they were seen first."""
    query = select(BooksDifference).where(BooksDifference.day == day).order_by(col(BooksDifference.id))
    return list(session.exec(query.offset(start).limit(size)).all())


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete what alarmed nobody and was not seen for 90 days; return how many rows."""
    old = delete(BooksDifference).where(
        col(BooksDifference.told_at).is_(None), col(BooksDifference.last_seen_at) < now - _KEPT
    )
    return int(session.connection().execute(old).rowcount)


def reply(
    session: Session,
    context: ApprovalContext,
    row: BooksDifference,
    *,
    state: str,
    now: datetime,
    by: str = "",
    reason: str = "",
) -> None:
    """Reply under every copy of a difference's message that there is news of it."""
    facts = BooksEnded(state=state, by=by, reason=reason, at=now)
    for channel in sorted(context.outbox.recipients_of(session, message_key(row.id))):
        context.outbox.enqueue(
            session,
            kind=facts.template,
            facts=facts,
            recipient=channel,
            now=now,
            thread_of=message_key(row.id),
            broadcast=state in ("gone", "back"),
            urgent=True,
        )


def update_message(
    session: Session,
    context: ApprovalContext,
    row: BooksDifference,
    *,
    said: Sequence[SaidRow],
    now: datetime,
) -> None:
    """Bring every copy of a difference's message up to date."""
    facts = make_facts(row, said=said, mentions=())
    context.outbox.edit(session, key=message_key(row.id), kind=facts.template, facts=facts, now=now)


def make_facts(row: BooksDifference, *, said: Sequence[SaidRow], mentions: Sequence[str]) -> BooksDiffer:
    """Return what the message of a difference shows."""
    state = "gone" if row.gone_at else "known" if row.known_at else "open"
    return BooksDiffer(
        state=state,
        kind=row.kind,
        words=row.words,
        day=row.day,
        money=row.money,
        reference=row.reference,
        request=row.request_id,
        card_id=row.card_id,
        trade_id=row.trade_id,
        booked=row.booked,
        first_seen=row.first_seen_at,
        said=said,
        button_value={"difference": row.id} if state == "open" else {},
        mentions=mentions,
    )


def _identify(finding: Finding, macs: MacKeys) -> str:
    # Keyed: nobody who only writes to the database can put a row there for a difference that is still to come.
    return macs.sign(MacUse.DIFFERENCE, json.dumps(finding.identity).encode())


def _make_values(
    context: ApprovalContext, finding: Finding, *, identity: str, day: date, now: datetime
) -> dict[str, Any]:
    own, row = finding.own, finding.row
    return {
        "id": context.make_id(),
        "identity": identity,
        "day": finding.day or day,
        "kind": finding.kind.value,
        "book_class": finding.book_class.value,
        "words": finding.words,
        "request_id": own.request_id if own else "",
        "reference": own.reference if own else row.reference if row else "",
        "trade_id": row.trade_id if row else "",
        "card_id": own.card_id if own else row.card_id if row else "",
        "money": write_money(finding.money),
        "booked": row.booked if row else "",
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _post(
    session: Session,
    context: ApprovalContext,
    facts: TemplateFacts,
    *,
    key: str | None,
    audience: Audience,
    now: datetime,
) -> None:
    for channel in audience.channels:
        context.outbox.enqueue(
            session, kind=facts.template, facts=facts, recipient=channel, now=now, key=key, urgent=True
        )


def describe_reference(row: BooksDifference) -> dict[str, str]:
    """Return what the trail says of the reference: ours as it is, of somebody else's text only the digest."""
    if row.request_id:
        return {"reference": row.reference}
    return {"reference_digest": digest_text(row.reference)}


def _note(session: Session, context: ApprovalContext, event: str, row: BooksDifference, *, now: datetime) -> None:
    facts = {"kind": row.kind, "day": row.day.isoformat(), "money": row.money}
    chain.append(
        session,
        event,
        key=context.audit_key,
        actor=CLOCK,
        subject=f"request:{row.request_id}" if row.request_id else f"books:{row.id}",
        facts=facts,
        proofs=describe_reference(row),
        now=now,
    )
