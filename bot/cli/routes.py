"""`cardops routes explain`: prints which route takes an event, why the others do not, and where it goes."""

import argparse
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, say
from bot.wiring.notices import make_routes
from commands.route_explanation import list_reasons
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.stored_events import open_event
from notifier.inbox.tables import InboxEvent
from notifier.rendering.facts import list_facts
from notifier.routing.notification import Notification
from paytend.webhooks import read_event
from paytend.wire import strict_json
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm
from storage.vault import Unreadable


def add_to(commands: Commands) -> None:
    """Add `routes`."""
    parsers = add_group(commands, "routes", {"explain": (explain, "say which route takes an event, and why")})
    parsers["explain"].add_argument(
        "what", help="the id of a stored event, or a file with a webhook's content (JSON)"
    )
    parsers["explain"].add_argument(
        "--type", choices=("1", "2", "3"), default="1", help="of a file: 1 transaction, 2 cardholder, 3 card order"
    )


def explain(chosen: argparse.Namespace) -> int:
    """Print for each route whether it takes an event and why.

    Status 1 when there is no such event, 2 when a file cannot be read.
    """
    path = Path(chosen.what)
    with open_installation() as installation:
        try:
            notification = (
                _read_file(path, chosen.type, installation)
                if path.is_file()
                else _read_event(chosen.what, installation)
            )
        except Unreadable as error:
            say(f"{chosen.what}: {error}.")
            return WRONG
        except (OSError, UnicodeDecodeError, ValueError) as error:
            return complain(f"{chosen.what}: this is no JSON object ({type(error).__name__}).")
        rows = list_reasons(notification.kind, notification.facts, routes=make_routes(installation.read_config()))
    say(f"{notification.kind}, status {list_facts(notification.facts).get('status') or 'not given'}")
    for row in rows:
        goes = f" -> {', '.join(row.channels)}" if row.matched else ""
        say(f"{'match ' if row.matched else '-     '}{row.name}: {row.reason}{goes}")
    return FINE


def _read_file(path: Path, notify_type: str, installation: Installation) -> Notification:
    text = path.read_text(encoding="utf-8")
    # As if its signature had been verified: the routes only see its content.
    webhook = Webhook(
        notify_type=notify_type, content=strict_json.parse_object(text), text=text, form=VerifiedForm.RAW, key=0
    )
    event = read_event(webhook, unit=installation.settings.amount_units.webhooks)
    return make_notification(
        event, timezone=ZoneInfo(installation.settings.PAYTEND_TIMEZONE), now=installation.clock.now()
    )


def _read_event(event_id: str, installation: Installation) -> Notification:
    with installation.database.reading() as session:
        row = session.get(InboxEvent, event_id)
    if row is None:
        raise Unreadable("there is no such file, and no such stored event")
    event = open_event(row, vault=installation.vault, units=installation.settings.amount_units)
    # By the time of its arrival, as it was announced: some facts, such as `late`, change with the time.
    return make_notification(event, timezone=ZoneInfo(installation.settings.PAYTEND_TIMEZONE), now=row.received_at)
