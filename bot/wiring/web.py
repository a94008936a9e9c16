"""Composes the web edge: its paths, and the checks of /readyz."""

from collections.abc import Callable, Mapping

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from approvals.stops.standing import StopKeys, find_standing
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.http.app import WebApp
from bot.wiring.foundation import Foundation
from bot.wiring.slack import SlackEdge
from bot.wiring.webhooks import WebhookEdge
from notifier.outbox.tables import Delivery


def make_web(base: Foundation, *, slack: SlackEdge, webhooks: WebhookEdge, keys: StopKeys) -> WebApp:
    """Return the web application; in Socket Mode it has no path for Slack."""
    # Only what a load balancer must know. Without Slack webhooks are taken in all the same: a figure and an alarm.
    checks: dict[str, Callable[[], str]] = {
        "database": lambda: check_database(base.database),
        "workers": lambda: "ok" if base.loops.all_alive else "a worker has stopped",
    }

    def check_ready() -> Mapping[str, str]:
        return {name: check() for name, check in checks.items()}

    return WebApp(
        slack=slack.door,
        webhook=webhooks.receiver,
        ready=check_ready,
        notes=lambda: {"slack": base.clients.access.trouble or "ok", **tell_stops(base.database, keys)},
        registry=base.counters.registry,
    )


def tell_stops(database: SqlDatabase, keys: StopKeys) -> Mapping[str, object]:
    """Return what is stopped, as information; nothing when the database does not answer, which a check says."""
    try:
        with database.reading() as session:
            return {"stopped": [stop.scope.typed for stop in find_standing(session, keys)]}
    except SQLAlchemyError:
        return {}


def check_database(database: SqlDatabase) -> str:
    """Return "ok" when the database answers and has a shape that this version can use, else the error's name."""
    try:
        with database.reading() as session:
            session.exec(select(Delivery.id).limit(1)).first()  # not how many: probes come often
        schema.require_usable(database)
    except (SQLAlchemyError, schema.NotMigrated, schema.DatabaseNewer) as error:
        return type(error).__name__
    return "ok"
