"""`cardops deliveries`: lists waiting and dead deliveries, and retries dead ones."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime

from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, say, show_progress
from notifier.outbox import backlog
from notifier.outbox.backlog import AlreadyPosted, ContentGone, Letter, NoSuchLetter
from notifier.outbox.tables import DeliveryStatus

_PAGE = 200


def add_to(commands: Commands) -> None:
    """Add the commands of deliveries."""
    parsers = add_group(
        commands,
        "deliveries",
        {
            "list": (list_deliveries, "list dead deliveries, newest first, or those that wait or gather"),
            "retry": (retry, "put dead deliveries back into the outbox"),
        },
    )
    which = parsers["list"].add_mutually_exclusive_group()
    which.add_argument("--waiting", action="store_true", help="those that wait, oldest first")
    which.add_argument(
        "--gathering", action="store_true", help="those that are to become lines of a digest, oldest first"
    )
    parsers["list"].add_argument("--limit", type=int, choices=range(1, 1001), default=50, metavar="1..1000")
    parsers["list"].add_argument("--after", help="the last id of the page before")
    parsers["list"].add_argument("--json", action="store_true", help="a JSON object a line")
    chosen = parsers["retry"].add_mutually_exclusive_group(required=True)
    chosen.add_argument("ids", nargs="*", default=[], metavar="DELIVERY", help="ids of dead deliveries")
    chosen.add_argument("--all", action="store_true", help="every dead delivery")


def list_deliveries(chosen: argparse.Namespace) -> int:
    """Print a page of deliveries, and how many there are in all."""
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        status = DeliveryStatus.GATHERING if chosen.gathering else DeliveryStatus.WAITING
        found = (
            backlog.list_waiting(session, status=status, limit=chosen.limit, after=chosen.after)
            if chosen.waiting or chosen.gathering
            else backlog.list_dead(session, limit=chosen.limit, before=chosen.after)
        )
        counted = (
            f"{backlog.waiting(session)} wait, {backlog.gathering(session)} gather for a digest, "
            f"{backlog.silenced(session)} are silenced, {backlog.dead(session)} are dead."
        )
    for letter in found:
        say(json.dumps(_facts(letter), ensure_ascii=False) if chosen.json else _line(letter))
    if not chosen.json:
        say(counted)
        if len(found) == chosen.limit:
            say(f"More: --after {found[-1].id}")
    return FINE


def retry(chosen: argparse.Namespace) -> int:
    """Put dead deliveries back into the outbox; status 1 when one of them cannot be retried."""
    if not chosen.all and not chosen.ids:
        return complain("Which ones? Name deliveries, or --all.", [], "Look at `cardops deliveries list`.")
    with open_installation(writes=True) as installation:
        ids: Sequence[str] = _all_dead(installation) if chosen.all else chosen.ids
        left = [delivery_id for delivery_id in ids if not _retry(installation, delivery_id)]
    say(f"{len(ids) - len(left)} put back; the running bot delivers them.")
    return WRONG if left else FINE


def _all_dead(installation: Installation) -> list[str]:
    ids: list[str] = []
    with installation.database.reading() as session:
        while page := backlog.list_dead(session, limit=_PAGE, before=ids[-1] if ids else None):
            ids += [letter.id for letter in page]
            show_progress(f"{len(ids)} dead deliveries found")
    return ids


def _retry(installation: Installation, delivery_id: str) -> bool:
    try:
        # A transaction each: one that cannot be retried must not keep the others from it.
        with installation.database.writing() as session:
            backlog.retry(session, delivery_id, now=installation.clock.now_in(session))
            installation.note(session, "delivery:retried", subject=f"delivery:{delivery_id}", facts={})
    except (NoSuchLetter, AlreadyPosted, ContentGone) as error:
        sys.stderr.write(f"{delivery_id}: {error.__doc__}\n")
        return False
    return True


def _line(letter: Letter) -> str:
    said = f"  {letter.error}" if letter.error else ""
    return (
        f"{letter.id}  {letter.created_at:%Y-%m-%d %H:%M}  {letter.kind:<20} {letter.recipient:<12} "
        f"{letter.attempts} attempts{said}"
    )


def _facts(letter: Letter) -> dict[str, object]:
    ended: datetime | None = getattr(letter, "died_at", None)
    return {
        "id": letter.id,
        "kind": letter.kind,
        "recipient": letter.recipient,
        "error": letter.error,
        "attempts": letter.attempts,
        "created_at": letter.created_at.isoformat(),
        "died_at": ended.isoformat() if ended else None,
    }
