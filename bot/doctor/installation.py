"""Checks of Paytend, the clock, the database, the outbox, the templates and the versions."""

import platform
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

import httpx
from slack_sdk.errors import SlackClientError
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from bot.database import schema
from bot.database.engine import sqlite_module, wal_is_safe
from bot.doctor.findings import CheckResult, DoctorContext, doubtful, fine, wrong
from bot.doctor.slack import headers_of
from bot.jobs.missed_webhooks import count_coverage
from bot.settings.private_files import find_readable
from notifier.inbox.admin_notices import UnitUnclear
from notifier.outbox import backlog
from notifier.outbox.slack_errors import read_error_code
from notifier.outbox.tables import Delivery
from paytend import OutcomeUnknown, ProtocolError, Refused, Unreachable, operations

MOST_SKEW = timedelta(seconds=60)  # Slack refuses what is signed more than five minutes apart
UNCLEAR_FOR = timedelta(days=1)
OLD_OUTBOX = timedelta(minutes=5)
_IMPORTED = ("approvals", "bot", "commands", "notifier", "paytend", "sandbox", "storage")
_PACKAGES = ("cardops", "slack-bolt", "slack-sdk", "httpx", "sqlalchemy", "cryptography")


def check_paytend(context: DoctorContext) -> CheckResult:
    """Check that Paytend answers at all."""
    try:
        context.paytend.send(operations.GET_PARTNER_BALANCE())
    except Unreachable as error:
        return wrong(f"Paytend isn’t responding: {error}", "Check PAYTEND_BASE_URL and the network.")
    except (ProtocolError, OutcomeUnknown, Refused):
        return fine("Paytend answers.")  # the next check says whether the answer is genuine
    return fine("Paytend answers.")


def check_keys(context: DoctorContext) -> CheckResult:
    """Check that each side accepts the other's signature."""
    try:
        context.paytend.send(operations.GET_PARTNER_BALANCE())
    except Refused as refused:
        who = "Paytend" if refused.verified else "Somebody who does not sign (perhaps Paytend)"
        return wrong(
            f"{who} refuses our request: {refused.reason} ({refused.code}).",
            "Look at PAYTEND_PRIVATE_KEY and PAYTEND_PARTNER_ID: Paytend must have our public key.",
        )
    except ProtocolError:
        return wrong("Paytend's signature does not verify.", "PAYTEND_PUBLIC_KEY is not the key that signs.")
    except (Unreachable, OutcomeUnknown):
        return doubtful("Couldn’t check this: Paytend isn’t responding.", "Check again when it does.")
    return fine("Paytend takes our signature, and its own verifies.")


def check_units(context: DoctorContext) -> CheckResult:
    """Check that the unit of amounts is known in both directions, and that webhooks keep to it."""
    unclear = select(func.max(col(Delivery.created_at))).where(col(Delivery.kind) == UnitUnclear.template)
    with context.database.reading() as session:
        last: datetime | None = session.exec(unclear).one()
    if last is not None and context.now() - last < UNCLEAR_FOR:
        return wrong(
            f"Amounts of webhooks are set to minor and have a decimal point (told at {last:%Y-%m-%d %H:%M} UTC).",
            "Ask Paytend; if webhooks carry whole units, set PAYTEND_WEBHOOK_AMOUNT_UNIT=major.",
        )
    if context.webhook_unit is None:
        return doubtful(
            "Only PAYTEND_AMOUNT_UNIT is set, so webhooks are read by it too.",
            "Ask Paytend which unit webhooks have (older documents differ), and set PAYTEND_WEBHOOK_AMOUNT_UNIT.",
        )
    return fine("The unit of amounts is set for calls and for webhooks.")


def check_clock(context: DoctorContext) -> CheckResult:
    """Check that this machine's clock agrees with Slack's and Paytend's."""
    said = {"Slack": _date_of_slack(context), "Paytend": _date_of_paytend(context)}
    now = context.now()
    skews = {name: now - at for name, at in said.items() if at is not None}
    far = [f"{name} by {_seconds(skew)}" for name, skew in skews.items() if abs(skew) > MOST_SKEW]
    if far:
        return wrong(
            f"This machine's clock differs from {' and '.join(far)}.", "Let the machine set its clock by NTP."
        )
    if not skews:
        return doubtful("Neither Slack nor Paytend says what time it is.", "Look at the machine's clock.")
    return fine(f"The clock agrees with {' and '.join(skews)}.")


def _date_of_slack(context: DoctorContext) -> datetime | None:
    try:
        return _read_date(headers_of(context).get("date"))
    except (SlackClientError, OSError):
        return None


def _date_of_paytend(context: DoctorContext) -> datetime | None:
    try:
        # No operation has this path, and its 404 has a date as good as any.
        return _read_date(context.paytend.http.head("/").headers.get("date"))
    except httpx.HTTPError:
        return None


def _read_date(text: Any) -> datetime | None:
    try:
        at = parsedate_to_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _seconds(skew: timedelta) -> str:
    whole = int(abs(skew).total_seconds())
    return f"{whole} s" if whole < 600 else f"{whole // 60} min"


def check_database(context: DoctorContext) -> CheckResult:
    """Check that the database answers and is migrated."""
    try:
        schema.require_current(context.database)
    except schema.NotMigrated:
        return wrong("The database has not the shape that this version needs.", "Run `cardops migrate`.")
    except schema.DatabaseNewer:
        return wrong("The database is newer than this program.", "Run the newer version.")
    except schema.SchemaIncomplete as error:
        return wrong(f"Parts of the database are missing: {error}.", "Restore a backup.")
    except SQLAlchemyError as error:
        return wrong(f"The database isn’t responding ({read_error_code(error)}).", "Check DATABASE_URL.")
    if not context.database.is_sqlite:
        return fine(f"PostgreSQL answers and is at revision {schema.newest()}.")
    module = sqlite_module()
    if not wal_is_safe(module.sqlite_version_info):
        return doubtful(
            f"SQLite {module.sqlite_version} is too old for WAL, so a slower journal is used.",
            "Install the pysqlite3 wheel, or a Python with SQLite 3.51.3.",
        )
    return fine(f"SQLite {module.sqlite_version} answers and is at revision {schema.newest()}.")


def check_files(context: DoctorContext) -> CheckResult:
    """Check that nobody else on this machine can read keys, tokens and the database."""
    if found := [str(path) for path in find_readable(context.private_files)]:
        return doubtful(f"Others on this machine can read {', '.join(found)}.", f"Run: chmod o= {' '.join(found)}")
    return fine("Nobody else on this machine can read keys, tokens or the database.")


def check_coverage(context: DoctorContext) -> CheckResult:
    """Check that the search for missed webhooks sees all cards and orders in use."""
    with context.database.reading() as session:
        found = count_coverage(session, currencies=len(context.config.currencies), now=context.now())
    says = f"{found.watched} cards and orders are watched, and {found.cards_an_hour} an hour can be asked about"
    if found.late or found.troubled:
        return doubtful(
            f"{says}: {found.late} are late, and of {found.troubled} not everything could be read.",
            "Is the bot running, and does Paytend answer? What is late is found later; see the runbook.",
        )
    return fine(f"{says}; each was.")


def check_evidence(context: DoctorContext) -> CheckResult:
    """Check that what we prove to outsiders can be signed, and say by which key."""
    if not context.evidence_key:
        return doubtful(
            "No key signs evidence, exports and heads of the trail, so that only we can check them.",
            "Set CARDOPS_EVIDENCE_KEY; make one with `cardops keys new --evidence`.",
        )
    return fine(f"Evidence is signed by {context.evidence_key}.")


def check_outbox(context: DoctorContext) -> CheckResult:
    """Check that no message waits too long or is dead."""
    with context.database.reading() as session:
        state = backlog.measure(session, now=context.now())
    if state.dead:
        return wrong(f"{state.dead} messages could not be delivered.", "See them with `cardops deliveries list`.")
    if state.oldest is not None and state.oldest > OLD_OUTBOX:
        return wrong(
            f"{state.waiting} messages wait, the oldest for {_seconds(state.oldest)}.",
            "Is the bot running, and does Slack take messages?",
        )
    return fine(f"{state.waiting} messages wait, none for long; none died.")


def check_templates(context: DoctorContext) -> CheckResult:
    """Check that the operator's own templates could be used."""
    if context.faulty_templates:
        told = "; ".join(f"{one.name}: {one.reason}" for one in context.faulty_templates)
        return wrong(f"Not used, ours are used instead: {told}.", "Look at the files in CARDOPS_TEMPLATES.")
    return fine("Every notice has a template that stands hostile values.")


def check_versions(_context: DoctorContext) -> CheckResult:
    """List the versions of what runs here, and check that our packages are ours alone (ADR 15)."""
    found = f"Python {platform.python_version()}, " + ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    if shared := _find_shared():
        return wrong(
            f"{found}. {'; '.join(shared)}: one may have overwritten files of the other.",
            "Install cardops into a virtual environment of its own.",
        )
    return fine(found)


def _find_shared() -> list[str]:
    """Return which of our import names another distribution brings too."""
    brought = packages_distributions()
    return [
        f"{', '.join(others)} brings a package {name} too"
        for name in _IMPORTED
        if (others := sorted(set(brought.get(name, ())) - {"cardops"}))
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
