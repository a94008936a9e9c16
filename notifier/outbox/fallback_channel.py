"""What happens when a channel cannot be posted to: its notices go to the fallback channel, and admins are told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from notifier.outbox import recurring_problems
from notifier.outbox.attempt import is_person
from notifier.outbox.backoff import Trouble
from notifier.outbox.claims import DeliveryClaim
from notifier.outbox.notice_facts import RepeatedFacts
from notifier.outbox.outbox import Outbox
from notifier.outbox.slack_errors import NotDelivered
from notifier.outbox.turns import lane_of_posts


@dataclass(frozen=True, kw_only=True)
class DeliveryTrouble(RepeatedFacts):
    """A delivery that Slack refused; `fallback` is the channel that gets it in place of `recipient`, if any."""

    delivery: str
    about: str  # the kind of its notice
    recipient: str
    fallback: str | None
    code: str
    attempts: int
    enqueued: datetime
    in_doubt: bool
    problems: Sequence[str] = ()  # where Slack points to in what it refused


@dataclass(frozen=True, kw_only=True)
class DeliveryDead(DeliveryTrouble, template="delivery_dead"):
    """A delivery that is not tried again."""


@dataclass(frozen=True, kw_only=True)
class FallbackUsed(DeliveryTrouble, template="fallback_used"):
    """The first delivery that found its channel closed."""


@dataclass(frozen=True, kw_only=True)
class FormRefused(DeliveryTrouble, template="form_refused"):
    """A message whose layout Slack refused, so that it was posted in a simpler one."""


# These never cause another of their own.
_ABOUT_DELIVERIES = frozenset({DeliveryDead.template, FallbackUsed.template, FormRefused.template})


def may_have(work: DeliveryClaim, *, fallback: str) -> bool:
    """Whether the notice may go to the fallback channel; what is meant for one person never does."""
    return not work.fallback and not is_person(work.recipient) and work.recipient != fallback


def tell_admins(
    session: Session,
    trouble: type[DeliveryTrouble],
    work: DeliveryClaim,
    failure: NotDelivered,
    *,
    outbox: Outbox,
    admins: Iterable[str],
    fallback: str,
    now: datetime,
) -> None:
    """Tell each admin: one message for each channel or layout in trouble, however often it is."""
    if work.kind in _ABOUT_DELIVERIES:
        return
    kind = trouble.template
    # A layout is wrong in every channel, so it is told once for its kind of notice.
    place = {FallbackUsed: lane_of_posts(work.lane), FormRefused: work.kind}.get(trouble, work.recipient)
    repeat = recurring_problems.count_again(session, f"{kind}:{place}", now=now)
    facts = trouble(
        delivery=work.delivery_id,
        about=work.kind,
        recipient=work.recipient,
        fallback=fallback if may_have(work, fallback=fallback) else None,
        code=failure.code,
        attempts=work.history.attempts,
        enqueued=work.created_at,
        in_doubt=failure.trouble in {Trouble.NOT_SAID, Trouble.IN_DOUBT},
        problems=failure.problems,
        times=repeat.times,
        first_at=repeat.first_at,
        last_at=repeat.last_at,
    )
    known = outbox.recipients_of(session, repeat.key)
    if known:
        outbox.edit(session, key=repeat.key, kind=kind, facts=facts, now=now)
    for admin in admins:
        if admin not in known:
            outbox.enqueue(session, kind=kind, facts=facts, recipient=admin, now=now, key=repeat.key)
