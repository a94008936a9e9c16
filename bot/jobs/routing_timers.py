"""Keeping channels calm by the clock: made from what the edges have, with the trail told of silences that end."""

from datetime import timedelta

from sqlmodel import Session

from approvals.audit import chain
from bot.wiring.dependencies import Parts
from notifier.routing.tables import Silence
from notifier.routing.timers import BY_TIME, RoutingTimers

ROUTING_TIMERS_EVERY = timedelta(seconds=5)


def make_routing_timers(parts: Parts) -> RoutingTimers:
    """Return what keeps the channels calm as time passes."""
    return RoutingTimers(
        database=parts.database,
        routes=parts.routes,
        outbox=parts.outbox,
        now=parts.clock.now,
        wake_deliverer=parts.wake_deliverer,
        record_silence_end=lambda session, silence, held: note_end(session, parts, silence, held, actor=BY_TIME),
    )


def note_end(session: Session, parts: Parts, silence: Silence, held: int, *, actor: str) -> None:
    """Tell the trail that a silence has ended, in the transaction that ends it."""
    chain.append(
        session,
        "silence:ended",
        key=parts.context.audit_key,
        actor=actor,
        subject=silence.id,
        facts={"held": held, "owner": silence.owner},
        now=parts.clock.now(),
    )
