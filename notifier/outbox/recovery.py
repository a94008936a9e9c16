"""What is done to all deliveries at once: after a worker has died, a backup was restored, or Slack is back."""

from sqlalchemy import func, update
from sqlmodel import Session, col

from notifier.outbox.tables import Delivery, DeliveryStatus, Lane
from notifier.outbox.turns import ALL


def release_all(session: Session) -> int:
    """Let go of every lease, and return how many there were: only when no other worker can be alive.

    What was begun keeps its `started_at`, so it is in doubt, and Slack is searched for it before it is repeated.
    """
    held = update(Delivery).where(
        col(Delivery.status) == DeliveryStatus.WAITING, col(Delivery.lease_token).is_not(None)
    )
    return session.connection().execute(held.values(lease_token=None, lease_until=None)).rowcount


def resume_all(session: Session) -> None:
    """End the pause of Slack as a whole."""
    whole = update(Lane).where(col(Lane.name) == ALL)
    session.connection().execute(whole.values(failures=0, blocked_until=None))


def doubt_all(session: Session) -> int:
    """After a backup was restored: release every lease, and have Slack searched for each post before it is made.

    Returns how many there were.
    """
    waiting = update(Delivery).where(col(Delivery.status) == DeliveryStatus.WAITING)
    since = func.coalesce(Delivery.doubt_since, Delivery.created_at)
    done = session.connection().execute(waiting.values(lease_token=None, lease_until=None, doubt_since=since))
    return done.rowcount
