"""Whether everything is set up and works: one table of checks, run by `/cardops doctor` and `cardops doctor`.

Each check returns what it found, with a sentence and what to do. A check never raises: what it cannot find out is
itself something found.
"""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from approvals import people
from approvals.actions import ACTIONS
from approvals.people import Directory, DirectoryUnreadable
from approvals.policy import PolicyRule
from bot import schema
from bot.config import Config
from bot.database import Database, sqlite_module, wal_is_safe
from bot.manifest import SCOPES
from bot.parts import Parts
from notifier import backlog
from paytend import Client, OutcomeUnknown, ProtocolError, Refused, Unreachable, operations

MOST_SKEW = timedelta(seconds=60)  # Slack refuses what is signed more than five minutes apart
OLD_OUTBOX = timedelta(minutes=5)
_PACKAGES = ("cardops", "slack-bolt", "slack-sdk", "httpx", "sqlalchemy", "cryptography")


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one check found; `next` says what to do."""

    state: State
    says: str
    next: str = ""


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is examined."""

    config: Config
    database: Database
    slack: WebClient
    paytend: Client
    directory: Directory
    now: Callable[[], datetime]


Check = Callable[[Patient], Found]


def examine(patient: Patient) -> Iterator[dict[str, str]]:
    """Run the checks in their order; yield for each its name, state, sentence and what to do."""
    for name, check in CHECKS.items():
        try:
            found = check(patient)
        except (SlackClientError, OSError, SQLAlchemyError) as error:
            says = f"This could not be found out ({_reason(error)})."
            found = Found(state=State.WRONG, says=says, next="Look at the other checks first.")
        yield {"name": name, "state": found.state.value, "says": found.says, "next": found.next}


def patient_of(parts: Parts) -> Patient:
    """Return the running bot as what is examined."""
    return Patient(
        config=parts.config,
        database=parts.database,
        slack=parts.replier.slack,
        paytend=parts.paytend,
        directory=parts.directory,
        now=parts.clock.now,
    )


def count(results: Sequence[dict[str, str]]) -> dict[str, int]:
    """Return how many checks came out in which state."""
    return {state.value: sum(row["state"] == state for row in results) for state in State}


def _ok(says: str) -> Found:
    return Found(state=State.OK, says=says)


def _warn(says: str, todo: str) -> Found:
    return Found(state=State.WARN, says=says, next=todo)


def _wrong(says: str, todo: str) -> Found:
    return Found(state=State.WRONG, says=says, next=todo)


def _check_slack(patient: Patient) -> Found:
    try:
        answer = patient.slack.auth_test()
    except (SlackClientError, OSError) as error:
        return _wrong(
            f"Slack does not answer the token: {_reason(error)}.",
            "Look at SLACK_BOT_TOKEN and SLACK_API_BASE_URL; install the app again if the token was revoked.",
        )
    return _ok(f"Slack answers: {answer.get('user', 'the bot')} in {answer.get('team', answer['team_id'])}.")


def _check_scopes(patient: Patient) -> Found:
    headers: dict[str, str] = {name.lower(): str(value) for name, value in _headers(patient).items()}
    if "x-oauth-scopes" not in headers:
        return _warn("Slack did not say which scopes the token has.", "Compare them with `cardops manifest`.")
    granted = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")}
    missing, unused = sorted(SCOPES.keys() - granted), sorted(granted - SCOPES.keys() - {""})
    if missing:
        calls = sorted({call for scope in missing for call in SCOPES[scope]})
        return _wrong(
            f"The token lacks {', '.join(missing)}; these will fail: {', '.join(calls) or 'slash commands'}.",
            "Update the app from `cardops manifest` and install it again.",
        )
    if unused:
        return _warn(
            f"The token may more than is used: {', '.join(unused)}.", "Update the app from `cardops manifest`."
        )
    return _ok(f"The token has the {len(SCOPES)} scopes that are used, and no others.")


def _headers(patient: Patient) -> dict[str, Any]:
    return dict(patient.slack.auth_test().headers)


def _check_channels(patient: Patient) -> Found:
    named: dict[str, str] = patient.config.channels.model_dump()
    rules = {rule.channel for rule in patient.config.policy if rule.channel}
    routed = {to for route in patient.config.routes for to in route.to if to not in named}
    troubles = []
    for channel in sorted({*filter(None, named.values()), *rules, *routed}):
        name = next((name for name, value in named.items() if value == channel), channel)
        if trouble := _channel_trouble(patient, channel):
            troubles.append(f"{name} ({channel}): {trouble}")
    if troubles:
        return _wrong("; ".join(troubles) + ".", "Invite the bot with `/invite @cardops`, or change cardops.yml.")
    missing = [name for name, value in named.items() if not value]
    if "approvals" in missing:
        return _wrong("channels.approvals is not set: nothing can be asked for.", "Set it in cardops.yml.")
    if missing:
        return _warn(f"Not set: {', '.join(f'channels.{name}' for name in missing)}.", "Set them in cardops.yml.")
    return _ok("The bot is in every channel that cardops.yml names.")


def _channel_trouble(patient: Patient, channel: str) -> str:
    try:
        shown: dict[str, Any] = patient.slack.conversations_info(channel=channel)["channel"]
    except (SlackClientError, OSError) as error:
        return f"Slack says {_reason(error)}"
    if shown.get("is_archived"):
        return "it is archived"
    return "" if shown.get("is_member") else "the bot is not in it"


def _check_groups(patient: Patient) -> Found:
    config = patient.config
    if not config.roles:
        return _wrong("No roles are set: nobody may do anything.", "Set roles in cardops.yml.")
    unreadable = [
        group for rule in config.roles.values() for group in rule.groups if not _can_read(patient, group)
    ]
    if unreadable:
        return _wrong(
            f"Slack does not tell who is in {', '.join(unreadable)}.",
            "Look at the ids in cardops.yml, and at the scope usergroups:read.",
        )
    members = _members(patient)
    empty = [name for name, active in members.items() if not active]
    if empty:
        return _wrong(
            f"Nobody active is in: {', '.join(empty)}.", "Add people to their groups, or to cardops.yml."
        )
    return _ok(", ".join(f"{name}: {len(active)}" for name, active in members.items()) + " active people.")


def _can_read(patient: Patient, group: str) -> bool:
    try:
        patient.directory.group(group)
    except DirectoryUnreadable:
        return False
    return True


def _members(patient: Patient) -> dict[str, frozenset[str]]:
    config = patient.config
    return people.read_members(patient.directory, roles=config.roles, same_person=config.same_person)


def _check_policy(patient: Patient) -> Found:
    rules = patient.config.policy
    if not rules:
        return _warn("There are no policy rules: everything that needs two people is refused.", "Set policy.")
    members = _members(patient)
    stuck = [words for rule in rules if (words := _stuck(rule, members))]
    if stuck:
        return _wrong("; ".join(stuck) + ".", "Add people to the approver roles, or lower the quorum.")
    without = sorted(ACTIONS.keys() - {rule.action for rule in rules})
    if without:
        return _warn(f"No rule allows: {', '.join(without)}.", "Add rules to cardops.yml if these are wanted.")
    return _ok(f"Each of the {len(rules)} rules can be met without the requester.")


def _stuck(rule: PolicyRule, members: dict[str, frozenset[str]]) -> str:
    """Return for whose requests a rule cannot be met, "" when it can always be."""
    able = {person for role in rule.approvers for person in members.get(role, frozenset())}
    asking = {person for role in ACTIONS[rule.action].requesters for person in members.get(role, frozenset())}
    stuck = sorted(person for person in asking if len(able - {person}) < rule.quorum)
    if not stuck and len(able) >= rule.quorum:
        return ""
    whose = "anybody" if not asking or len(stuck) == len(asking) else ", ".join(stuck)
    return f"“{rule.name}” needs {rule.quorum} of {' or '.join(rule.approvers)} and cannot be met for {whose}"


def _check_paytend(patient: Patient) -> Found:
    try:
        patient.paytend.send(operations.GET_PARTNER_BALANCE())
    except Unreachable as error:
        return _wrong(f"Paytend does not answer: {error}", "Look at PAYTEND_BASE_URL and the network.")
    except (ProtocolError, OutcomeUnknown, Refused):
        return _ok("Paytend answers.")  # whether the answer can be believed is the next check
    return _ok("Paytend answers.")


def _check_keys(patient: Patient) -> Found:
    try:
        patient.paytend.send(operations.GET_PARTNER_BALANCE())
    except Refused as refused:
        who = "Paytend" if refused.verified else "Somebody who does not sign (perhaps Paytend)"
        return _wrong(
            f"{who} refuses our request: {refused.reason} ({refused.code}).",
            "Look at PAYTEND_PRIVATE_KEY and PAYTEND_PARTNER_ID: Paytend must have our public key.",
        )
    except ProtocolError:
        return _wrong("Paytend's signature does not verify.", "PAYTEND_PUBLIC_KEY is not the key that signs.")
    except (Unreachable, OutcomeUnknown):
        return _warn("This could not be found out: Paytend does not answer.", "Look again when it does.")
    return _ok("Paytend takes our signature, and its own verifies.")


def _check_clock(patient: Patient) -> Found:
    said = {"Slack": _date_of_slack(patient), "Paytend": _date_of_paytend(patient)}
    now = patient.now()
    skews = {name: now - at for name, at in said.items() if at is not None}
    far = [f"{name} by {_seconds(skew)}" for name, skew in skews.items() if abs(skew) > MOST_SKEW]
    if far:
        return _wrong(
            f"This machine's clock differs from {' and '.join(far)}.", "Let the machine set its clock by NTP."
        )
    if not skews:
        return _warn("Neither Slack nor Paytend says what time it is.", "Look at the machine's clock.")
    return _ok(f"The clock agrees with {' and '.join(skews)}.")


def _date_of_slack(patient: Patient) -> datetime | None:
    try:
        return _read_date({name.lower(): value for name, value in _headers(patient).items()}.get("date"))
    except (SlackClientError, OSError):
        return None


def _date_of_paytend(patient: Patient) -> datetime | None:
    try:
        return _read_date(patient.paytend.http.head("/").headers.get("date"))
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


def _check_database(patient: Patient) -> Found:
    try:
        schema.require_current(patient.database)
    except schema.NotMigrated:
        return _wrong("The database has not the shape that this version needs.", "Run `cardops migrate`.")
    except SQLAlchemyError as error:
        return _wrong(f"The database does not answer ({_reason(error)}).", "Look at DATABASE_URL.")
    if not patient.database.is_sqlite:
        return _ok(f"PostgreSQL answers and is at revision {schema.newest()}.")
    module = sqlite_module()
    if not wal_is_safe(module.sqlite_version_info):
        return _warn(
            f"SQLite {module.sqlite_version} is too old for WAL, so a slower journal is used.",
            "Install the pysqlite3 wheel, or a Python with SQLite 3.51.3.",
        )
    return _ok(f"SQLite {module.sqlite_version} answers and is at revision {schema.newest()}.")


def _check_outbox(patient: Patient) -> Found:
    with patient.database.reading() as session:
        state = backlog.measure(session, now=patient.now())
    if state.dead:
        return _wrong(f"{state.dead} messages could not be delivered.", "See them with `cardops deliveries list`.")
    if state.oldest is not None and state.oldest > OLD_OUTBOX:
        return _wrong(
            f"{state.waiting} messages wait, the oldest for {_seconds(state.oldest)}.",
            "Is the bot running, and does Slack take messages?",
        )
    return _ok(f"{state.waiting} messages wait, none for long; none died.")


def _check_versions(_patient: Patient) -> Found:
    return _ok(
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response["error"]) if response is not None and "error" in response else type(error).__name__


CHECKS: dict[str, Check] = {
    "slack": _check_slack,
    "scopes": _check_scopes,
    "channels": _check_channels,
    "groups": _check_groups,
    "policy": _check_policy,
    "paytend": _check_paytend,
    "keys": _check_keys,
    "clock": _check_clock,
    "database": _check_database,
    "outbox": _check_outbox,
    "versions": _check_versions,
}
