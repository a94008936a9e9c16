"""`cardops requests`: lists requests and shows one, without what is sealed."""

import argparse
import json
from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from approvals.requests import lists, stored
from approvals.requests.lists import PageStart
from approvals.statuses import Status
from approvals.tables import Execution, Request
from bot.cli.installation import open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, say
from paytend.money import Money
from paytend.redaction import mask_text
from storage.macs import MacKeys


def add_to(commands: Commands) -> None:
    """Add the commands of requests."""
    parsers = add_group(
        commands,
        "requests",
        {"list": (list_requests, "list requests, a page at a time"), "show": (show, "show one request")},
    )
    statuses = [status.value for status in Status]
    parsers["list"].add_argument(
        "--status", choices=statuses, metavar="STATUS", help=f"only these, oldest first: {', '.join(statuses)}"
    )
    parsers["list"].add_argument("--limit", type=_count, default=20, help="how many on a page (default 20)")
    parsers["list"].add_argument("--after", type=_after, help="where the page before ended, as it says")
    parsers["list"].add_argument("--json", action="store_true", help="a JSON object a line")
    parsers["show"].add_argument("name", metavar="REQUEST", help="its id or its reference")
    parsers["show"].add_argument("--json", action="store_true", help="as JSON")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError("a page has 1 to 1000 rows")
    return int(text)


def _after(text: str) -> PageStart:
    at, _, row_id = text.rpartition("/")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise argparse.ArgumentTypeError("give what the page before ended with") from error
    if moment.tzinfo is None or not row_id:
        raise argparse.ArgumentTypeError("give what the page before ended with")
    return PageStart(created_at=moment, id=row_id)


def list_requests(chosen: argparse.Namespace) -> int:
    """Print a page of requests."""
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        if chosen.status:
            page = lists.with_status(session, status=Status(chosen.status), after=chosen.after, size=chosen.limit)
        else:
            page = lists.history(session, after=chosen.after, size=chosen.limit)
    for request in page.requests:
        say(json.dumps(_facts(request), ensure_ascii=False) if chosen.json else _line(request))
    if page.after is not None and not chosen.json:
        say(f"More: --after {page.after.created_at.isoformat()}/{page.after.id}")
    return FINE


def show(chosen: argparse.Namespace) -> int:
    """Print one request with its decisions and its execution."""
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        try:
            request = stored.find_named(session, chosen.name)
        except stored.UnknownRequest as refusal:
            complain(str(refusal), [], "Look at `cardops requests list`.")
            return WRONG
        facts = {**_facts(request), **_details(session, request, macs=installation.macs)}
    if chosen.json:
        say(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        for line in _write(facts):
            say(line)
    return FINE


def _line(request: Request) -> str:
    amount = _amount(request) or ""
    return (
        f"{request.created_at:%Y-%m-%d %H:%M}  {request.status:<10} {request.action:<22} {request.subject:<12} "
        f"{amount:>16}  {request.requester_name}  {request.reference}"
    )


def _facts(request: Request) -> dict[str, object]:
    return {
        "id": request.id,
        "reference": request.reference,
        "status": request.status,
        "action": request.action,
        # Masked again: an older version may have stored it, which knew fewer ways to write a card number (A8).
        "subject": mask_text(request.subject),
        "amount": _amount(request),
        "requester": request.requester_account,
        "requester_name": mask_text(request.requester_name),
        "rule": request.rule_name,
        "quorum": request.quorum,
        "created_at": request.created_at.isoformat(),
        "decide_by": request.decide_by.isoformat(),
        "ended_at": _iso(request.ended_at),
        "reason": mask_text(request.reason),
    }


def _details(session: Session, request: Request, *, macs: MacKeys) -> dict[str, object]:
    execution = session.get(Execution, request.id)
    return {
        "digest": request.digest,
        "phrase": request.phrase,
        "execute_by": _iso(request.execute_by),
        "content": "kept" if request.payload else "removed by retention",
        "decisions": [
            f"{row.verdict.value} by {row.name} at {row.decided_at.isoformat()}"
            f"{' (counts no more)' if row.is_void else ''}"
            for row in stored.read_earlier(session, request, macs=macs)
        ],
        "execution": None if execution is None else _execution(execution),
    }


def _execution(execution: Execution) -> dict[str, object]:
    return {
        "outcome": execution.outcome or "in hand",
        "words": mask_text(execution.words),
        "provider_reference": execution.provider_reference,
        "attempts": execution.attempts,
        "claimed_at": execution.claimed_at.isoformat(),
        "unknown_since": _iso(execution.unknown_since),
        "next_look_at": _iso(execution.next_look_at),
        "gave_up_at": _iso(execution.gave_up_at),
    }


def _write(facts: dict[str, object]) -> Iterator[str]:
    for name, value in facts.items():
        match value:
            case dict():
                yield f"{name}:"
                yield from (f"  {line}" for line in _write(value))
            case list():
                yield f"{name}:" if value else f"{name}: none"
                yield from (f"  {inner}" for inner in value)
            case None | "":
                continue
            case _:
                yield f"{name}: {value}"


def _amount(request: Request) -> str | None:
    if request.amount_minor is None or not request.currency:
        return None
    return str(Money.from_minor(request.amount_minor, request.currency))


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
