"""`cardops webhooks`: lists stored webhooks, shows one, and dispatches one again. Nothing here moves money."""

import argparse
import json
from typing import Any

from sqlmodel import Session, col, select

from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, say
from notifier.inbox.dispatcher import MOST_FAILURES
from notifier.inbox.inbox import open_content
from notifier.inbox.tables import InboxEvent
from paytend.redaction import redact
from paytend.wire import strict_json
from storage.vault import Unreadable

KINDS = ("transaction", "cardholder_audited", "card_applied", "unrecognised")


def add_to(commands: Commands) -> None:
    """Add the commands of webhooks."""
    parsers = add_group(
        commands,
        "webhooks",
        {
            "list": (list_webhooks, "list the webhooks that were taken in, newest first"),
            "show": (show, "show one as it was kept: without secrets, numbers masked"),
            "replay": (replay, "tell people of one again; it never moves money"),
        },
    )
    parsers["list"].add_argument("--kind", choices=KINDS, help="only those of a kind")
    parsers["list"].add_argument(
        "--untold", action="store_true", help="only those that were not told, or given up"
    )
    parsers["list"].add_argument("--limit", type=int, choices=range(1, 1001), default=50, metavar="1..1000")
    parsers["list"].add_argument("--after", help="the last id of the page before")
    parsers["list"].add_argument("--json", action="store_true", help="a JSON object a line")
    for name in ("show", "replay"):
        parsers[name].add_argument("id", help="the id of a webhook, from `cardops webhooks list`")


def list_webhooks(chosen: argparse.Namespace) -> int:
    """Print a page of webhooks."""
    query = select(InboxEvent).order_by(col(InboxEvent.id).desc()).limit(chosen.limit)
    if chosen.kind:
        query = query.where(InboxEvent.kind == chosen.kind)
    if chosen.untold:
        query = query.where(col(InboxEvent.told_at).is_(None) | (col(InboxEvent.failures) >= MOST_FAILURES))
    if chosen.after:
        query = query.where(InboxEvent.id < chosen.after)
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        rows = session.exec(query).all()
    for row in rows:
        say(json.dumps(_facts(row)) if chosen.json else _line(row))
    if not chosen.json:
        say(f"More: --after {rows[-1].id}" if len(rows) == chosen.limit else f"{len(rows)} in all.")
    return FINE


def show(chosen: argparse.Namespace) -> int:
    """Print one with its content; status 1 when it is unknown, or its content was removed."""
    with open_installation(writes=True) as installation:
        with installation.database.reading() as session:
            row = session.get(InboxEvent, chosen.id)
        if row is None:
            return _say_unknown(chosen.id)
        say(_line(row))
        try:
            text = open_content(row, vault=installation.vault)
        except Unreadable as error:
            complain(f"{row.id}: {error}.")
            return WRONG
        with installation.database.writing() as session:
            installation.note(session, "webhook:read", subject=f"webhook:{row.id}", facts={"kind": row.kind})
    # Again: it was kept by an older version perhaps, which knew fewer ways to write a card number.
    say(json.dumps(redact(strict_json.parse_object(text)), ensure_ascii=False, indent=2))
    return FINE


def replay(chosen: argparse.Namespace) -> int:
    """Have the running bot dispatch one again; status 1 when its content was removed."""
    with open_installation(writes=True) as installation, installation.database.writing() as session:
        row = session.get(InboxEvent, chosen.id)
        if row is None:
            return _say_unknown(chosen.id)
        if row.body is None:
            complain(f"{row.id}: its content was removed, so there is nothing to tell.")
            return WRONG
        # With its old count it would never be due again (`dispatcher.PAUSES`).
        row.told_at, row.failures = None, 0
        _note(installation, session, row)
    say(
        f"{chosen.id}: the running bot tells it again. A message that stands for it already is brought up to date."
    )
    return FINE


def _note(installation: Installation, session: Session, row: InboxEvent) -> None:
    installation.note(session, "webhook:replayed", subject=f"webhook:{row.id}", facts={"kind": row.kind})


def _say_unknown(event_id: str) -> int:
    complain(f"{event_id}: there is no such webhook.", [], "Look at `cardops webhooks list`.")
    return WRONG


def _state(row: InboxEvent) -> str:
    if row.failures >= MOST_FAILURES:
        return f"given up after {row.failures} tries"
    if row.told_at is None:
        return f"waits, {row.failures} tries failed" if row.failures else "waits"
    return "told"


def _line(row: InboxEvent) -> str:
    found = " (found by asking)" if row.form == "found" else ""
    return f"{row.id}  {row.received_at:%Y-%m-%d %H:%M:%S}Z  {row.kind:<20} {_state(row)}{found}"


def _facts(row: InboxEvent) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "received_at": row.received_at.isoformat(),
        "told_at": row.told_at.isoformat() if row.told_at else None,
        "failures": row.failures,
        "form": row.form,
        "verified_by": row.verified_by,
        "digest": row.digest,
    }
