"""The line of a stop in the approvals channel: posted when it begins, and edited when it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.stops.evidence import StandingStop
from approvals.tables import Resumption
from notifier.rendering.facts import TemplateFacts, make_plain


@dataclass(frozen=True, kw_only=True)
class ResumeWordRow:
    """One person's word for resuming."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class StopNotice(TemplateFacts, template="stop_line"):
    """What is stopped, who stopped it and why, and how to resume it; after the end, who resumed it.

    `by` is empty where the bot stopped by itself, and then `mentions` are who should look at it. `typed` is the
    scope as people type it.
    """

    what: str
    by: str
    reason: str
    since: datetime
    typed: str
    words: Sequence[ResumeWordRow]
    resumed_at: datetime | None
    button_value: Mapping[str, str]
    mentions: Sequence[str] = ()


def stop_key(stop_id: str) -> str:
    """Return the key under which the outbox knows the line of a stop."""
    return f"stop:{stop_id}"


def post_stop(session: Session, context: ApprovalContext, stop: StandingStop, *, now: datetime) -> None:
    """Post the line of a stop to the approvals channel, before everything else that waits there."""
    if context.channel:
        facts = _make_notice(context, stop, words=(), resumed_at=None)
        context.outbox.enqueue(
            session,
            kind=facts.template,
            facts=make_plain(facts),
            recipient=context.channel,
            now=now,
            key=stop_key(stop.id),
            urgent=True,
        )


def update_stop(
    session: Session,
    context: ApprovalContext,
    stop: StandingStop,
    *,
    words: Sequence[Resumption],
    resumed_at: datetime | None,
    now: datetime,
) -> None:
    """Bring the line of a stop up to date."""
    facts = _make_notice(context, stop, words=words, resumed_at=resumed_at)
    context.outbox.edit(session, key=stop_key(stop.id), kind=facts.template, facts=make_plain(facts), now=now)


def _make_notice(
    context: ApprovalContext, stop: StandingStop, *, words: Sequence[Resumption], resumed_at: datetime | None
) -> StopNotice:
    return StopNotice(
        what=stop.scope.words,
        by=stop.account if stop.by_person else "",
        reason=stop.reason,
        since=stop.stopped_at,
        typed=stop.scope.typed,
        words=[ResumeWordRow(by=word.account, reason=word.reason, at=word.said_at) for word in words],
        resumed_at=resumed_at,
        button_value={"stop": stop.id},
        # Where a person stopped, people know already.
        mentions=() if stop.by_person else context.alarms.mentions,
    )
