"""`cardops audit`: verifies the trail, prints its head, exports it as a signed file, and checks such a file."""

import argparse
import json
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from approvals.audit import chain, reanchoring, verification
from approvals.audit import export as exporting
from approvals.audit.signed_texts import head_text
from approvals.audit.trail_keys import make_key
from bot.cli.installation import Installation, find_login, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, finish_progress, say, show_progress
from bot.database.invariants import write_range
from bot.settings.environment import read_own_settings


def add_to(commands: Commands) -> None:
    """Add the commands of the trail."""
    parsers = add_group(
        commands,
        "audit",
        {
            "verify": (verify, "find the first broken link of the trail"),
            "head": (show_head, "print number and hash of the last event"),
            "export": (export, "write the trail as signed JSON lines"),
            "check": (check, "check a file that export has written"),
            "re-anchor": (re_anchor, "accept a broken range as it is; two admins do it, one after the other"),
        },
    )
    parsers["verify"].add_argument(
        "--told", type=read_head, metavar="NUMBER:HASH", help="a head that was told before: shows a cut tail"
    )
    parsers["head"].add_argument("--json", action="store_true", help="as JSON")
    since = "only events from this day (2026-11-22) or moment on, UTC where it names no zone"
    parsers["export"].add_argument("--since", type=_moment, help=since)
    parsers["export"].add_argument("--to", type=Path, metavar="FILE", help="a new file instead of stdout")
    parsers["re-anchor"].add_argument(
        "range", type=_range, metavar="FIRST-LAST", help="as `audit verify` names it"
    )
    parsers["re-anchor"].add_argument("--reason", required=True, help="what broke the trail, for the trail")
    parsers["check"].add_argument("file", type=Path, help="what export has written")


def read_head(text: str) -> chain.Head:
    """Return a head as `audit head` prints it; raises ArgumentTypeError."""
    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != len(chain.START):
        raise argparse.ArgumentTypeError("a head is NUMBER:HASH, as `cardops audit head` prints it")
    return chain.Head(seq=int(number), hash=digest.lower())


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise argparse.ArgumentTypeError("a range is FIRST-LAST, as `cardops audit verify` names it")
    return int(first), int(last or first)


def re_anchor(chosen: argparse.Namespace) -> int:
    """Propose to accept a broken range, or confirm what another admin has proposed."""
    # The account of the machine: one person could set $USER to be both admins (ADR 14).
    admin = find_login()
    # One transaction: nobody adds an event between the verification and what is accepted because of it.
    with open_installation(guarded=False, writes=True) as installation, installation.database.writing() as session:
        try:
            verified = verification.verify(session, key=installation.audit_key, report=show_verified)
            done = reanchoring.anchor(
                session,
                verified,
                numbers=chosen.range,
                key=installation.audit_key,
                admin=admin,
                why=chosen.reason,
                now=installation.clock.now_in(session),
            )
        except reanchoring.NotAnchored as refusal:
            sys.stderr.write(f"{refusal}\n")
            return WRONG
    if done:
        say("Re-anchored: the trail counts as whole behind these events. What they said stays unproven.")
    else:
        say("Proposed. Another admin, with another login, runs the same command to confirm it.")
    return FINE


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a day is 2026-11-22, a moment 2026-11-22T10:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def show_verified(seq: int) -> None:
    """Show how many events have been verified."""
    show_progress(f"{seq} events hold")


def verify(chosen: argparse.Namespace) -> int:
    """Verify every event and print where the trail breaks."""
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        verified = verification.verify(
            session, key=installation.audit_key, older=chosen.told, report=show_verified
        )
    if verified.is_intact:
        say(f"The trail holds: {verified.head.seq} events, head {verified.head.hash}")
        for each in verified.breaks:
            say(f"Accepted as broken: {write_range(each)}, re-anchored at event {each.anchored_by}")
        return FINE
    for each in verified.open_breaks:
        sys.stderr.write(f"The trail is broken at {write_range(each)}: {each.words}\n")
    if verified.more:
        sys.stderr.write(f"There are {verified.more} more.\n")
    return WRONG


def show_head(chosen: argparse.Namespace) -> int:
    """Print the head, in the form that `audit verify --told` takes."""
    with open_installation(guarded=False) as installation, installation.database.reading() as session:
        head, at = chain.head(session), installation.clock.now_in(session)
    signed, key = {}, installation.settings.evidence_key
    if key is not None:
        moment = at.isoformat(timespec="seconds")
        signature = key.sign_text(head_text(head.seq, head.hash, moment))
        signed = {"at": moment, "signature": signature, "public_key": key.public}
    if chosen.json:
        say(json.dumps({"seq": head.seq, "hash": head.hash, **signed}))
        return FINE
    say(f"{head.seq}:{head.hash}")
    # Beside it: programs take the head from stdout.
    for name, value in signed.items():
        sys.stderr.write(f"{name}: {value}\n")
    return FINE


def export(chosen: argparse.Namespace) -> int:
    """Write the events up to the one that records this export, and the seal over them."""
    if chosen.to is not None and chosen.to.exists():
        return complain(f"{chosen.to}: there is such a file already.", [], "Name another one.")
    with open_installation(writes=True) as installation:
        # Before the first line is written: an export that breaks off, or ends in a pipe, was read all the same.
        upto = _note_export(installation, since=chosen.since, to=chosen.to)
        with chosen.to.open("x", encoding="utf-8") if chosen.to else nullcontext(sys.stdout) as out:
            for number, line in enumerate(_lines(installation, since=chosen.since, upto=upto), start=1):
                out.write(line + "\n")
                if number % verification.REPORT_EVERY == 0:
                    show_progress(f"{number} lines written")
    finish_progress()
    return FINE


def _note_export(installation: Installation, *, since: datetime | None, to: Path | None) -> int:
    facts = {"since": since.isoformat() if since else "the start", "to": str(to or "standard output")}
    with installation.database.writing() as session:
        installation.note(session, "audit:exported", subject="audit", facts=facts)
        # Up to its own event: what is added while the file is written belongs to the next export.
        return chain.head(session).seq


def _lines(installation: Installation, *, since: datetime | None, upto: int) -> "exporting.Lines":
    with installation.database.reading() as session:
        yield from exporting.write_lines(
            session,
            key=installation.audit_key,
            since=since,
            upto=upto,
            now=installation.clock.now(),
            signer=installation.settings.evidence_key,
        )


def check(chosen: argparse.Namespace) -> int:
    """Print whether export wrote a file with our key, and nothing was changed or cut since."""
    settings = read_own_settings()
    key = make_key(settings.CARDOPS_SECRET_KEYS[-1], newer=settings.CARDOPS_AUDIT_KEYS)
    try:
        with chosen.file.open(encoding="utf-8") as lines:
            checked = exporting.check_lines(lines, key=key)
    except (OSError, UnicodeDecodeError) as error:
        return complain(f"{chosen.file} cannot be read ({type(error).__name__}).")
    except exporting.NotGenuine as error:
        sys.stderr.write(f"{chosen.file}: {error}\n")
        return WRONG
    say(f"The file is genuine: {checked.count} events, head {checked.head.seq}:{checked.head.hash}")
    return FINE
