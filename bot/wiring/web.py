"""Composes the web edge: its paths, and the checks of /readyz."""

from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from approvals.stops.standing import StopKeys, find_standing
from bot.database.engine import SqlDatabase
from bot.database.probe import check_database
from bot.http.app import WebApp
from bot.pages.site import PageSite
from bot.wiring.foundation import Foundation
from bot.wiring.slack import SlackEdge
from bot.wiring.webhooks import WebhookEdge


def make_web(
    base: Foundation, *, slack: SlackEdge, webhooks: WebhookEdge, pages: PageSite | None, keys: StopKeys
) -> WebApp:
    """Return the web application; in Socket Mode it has no path for Slack."""

    # Only what a load balancer must know. Without Slack webhooks are taken in all the same: a figure and an alarm.
    def check_ready() -> Mapping[str, str]:
        probe = base.probe
        return {
            "database": probe.check() if probe.is_running else check_database(base.database),
            "workers": base.loops.trouble or "ok",
        }

    def list_stops() -> Mapping[str, object]:
        return tell_stops(base.database, keys)

    base.probe.read_more = list_stops

    def note() -> Mapping[str, object]:
        # As the probe saw them, once it runs: a question for readiness must not wait for the database.
        stops = base.probe.more if base.probe.is_running else list_stops()
        heard = {"slack": base.clients.access.trouble or "ok", "socket": str(base.counters.socket)}
        return {**heard, **(stops if isinstance(stops, dict) else {})}

    return WebApp(
        slack=slack.door,
        webhook=webhooks.receiver,
        ready=check_ready,
        notes=note,
        registry=base.counters.registry,
        pages=pages,
    )


def tell_stops(database: SqlDatabase, keys: StopKeys) -> Mapping[str, object]:
    """Return what is stopped, as information; nothing when the database does not answer, which a check says."""
    try:
        with database.reading() as session:
            return {"stopped": list(dict.fromkeys(stop.scope.typed for stop in find_standing(session, keys)))}
    except SQLAlchemyError:
        return {}
