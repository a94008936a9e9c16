"""`cardops policy`: checks cardops.yml, explains what it decides, and prints its JSON Schema for editors."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from approvals.actions.table import ACTIONS
from approvals.policy.eligibility import count_able
from approvals.policy.people import Directory
from bot.cli.policy_explanation import (
    ConfigDirectory,
    PolicyExplanation,
    PolicyQuestion,
    explain_question,
    read_money,
)
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, say
from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import Config, examine_config, read_config
from bot.settings.environment import Settings, SettingsUnusable, find_config, read_own_settings
from bot.settings.reference import make_schema
from bot.slack.access import SlackUnusable
from bot.slack.directory import SlackDirectory
from bot.wiring.clients import identify, make_slack
from paytend.money import NotMoney


def add_to(commands: Commands) -> None:
    """Add the commands of the policy."""
    parsers = add_group(
        commands,
        "policy",
        {
            "check": (check, "say whether cardops.yml can be used"),
            "explain": (explain, "say which rule a wish falls under, and who could approve it"),
            "schema": (show_schema, "print the JSON Schema of cardops.yml, for editors"),
        },
    )
    asked = parsers["explain"]
    asked.add_argument("action", choices=sorted(ACTIONS), metavar="ACTION", help=", ".join(sorted(ACTIONS)))
    asked.add_argument("--amount", help="how much, such as 120.50")
    asked.add_argument("--currency", default="EUR", help="default: EUR")
    asked.add_argument("--card", default="", help="the card (or cardholder) it is done to, for limits")
    asked.add_argument("--holder", default="", help="the cardholder: whoever changed one lately may not decide")
    asked.add_argument("--requester", help="the Slack account of whoever asks, such as U0SAM")
    asked.add_argument("--json", action="store_true", help="as JSON")


def check(_chosen: argparse.Namespace) -> int:
    """Check the file that CARDOPS_CONFIG names; no other setting is needed."""
    path, _ = find_config()
    if not path.exists():
        return complain(f"{path}: there is no such file.", [], "Set CARDOPS_CONFIG, or write one.")
    report = examine_config(path)
    if report.config is None:
        return complain(f"{path} cannot be used:", [*report.problems, *report.warnings])
    config = report.config
    if report.warnings:
        complain(f"{path} can be used, but not everything in it has an effect:", report.warnings)
        return WRONG
    say(f"{path}: {len(config.policy)} rules, {len(config.limits)} limits, {len(config.routes)} routes.")
    return FINE


def show_schema(_chosen: argparse.Namespace) -> int:
    """Print the JSON Schema of cardops.yml."""
    say(json.dumps(make_schema(), indent=2, ensure_ascii=False))
    return FINE


def explain(chosen: argparse.Namespace) -> int:
    """Print which rule decides, which limits apply and who could approve; status 1 when nobody could."""
    try:
        money = read_money(chosen.amount, chosen.currency.upper())
    except NotMoney as error:
        return complain(f"--amount: {error}.", [], "An amount is 120.50, a currency EUR.")
    question = PolicyQuestion(
        action=chosen.action,
        money=money,
        subject=chosen.card,
        cardholder=chosen.holder,
        requester=chosen.requester,
    )
    sources = _find_sources()
    with _reading(sources) as (session, gaps):
        found = explain_question(
            sources.config,
            question=question,
            directory=sources.directory,
            session=session,
            now=make_clock().now(),
            gaps=gaps,
        )
    _write_json(found) if chosen.json else _write(found)
    return FINE if found.can_be_approved else WRONG


@dataclass(frozen=True, kw_only=True)
class _Sources:
    """What could be read of an installation: at least cardops.yml."""

    config: Config
    directory: Directory
    settings: Settings | None
    gaps: tuple[str, ...]


def _find_sources() -> _Sources:
    try:
        settings = read_own_settings()
    except SettingsUnusable:
        gap = "The settings are not complete, so this is from cardops.yml alone: no groups, no names, no sums."
        return _Sources(
            config=read_config(find_config()[0]), directory=ConfigDirectory(), settings=None, gaps=(gap,)
        )
    config, slack = read_config(settings.CARDOPS_CONFIG), make_slack(settings)
    try:
        team = identify(slack, settings).team_id
    except SlackUnusable as error:
        gap = f"{error}, so people are those of cardops.yml alone: no groups, no names."
        return _Sources(config=config, directory=ConfigDirectory(), settings=settings, gaps=(gap,))
    directory = SlackDirectory(client=slack, find_team=lambda: team, monotonic=make_clock().monotonic)
    return _Sources(config=config, directory=directory, settings=settings, gaps=())


@contextmanager
def _reading(sources: _Sources) -> Iterator[tuple[Session | None, tuple[str, ...]]]:
    """Open the database for earlier sums; without one the explanation has a gap."""
    if sources.settings is None:  # without settings the database is not known
        yield None, sources.gaps
        return
    database = SqlDatabase(sources.settings.DATABASE_URL)
    try:
        try:
            schema.require_current(database)
        except (schema.NotMigrated, schema.DatabaseNewer, schema.SchemaIncomplete, SQLAlchemyError):
            yield None, (*sources.gaps, "The database could not be read, so earlier sums are not counted.")
            return
        with database.reading() as session:
            yield session, sources.gaps
    finally:
        database.close()


def _write(found: PolicyExplanation) -> None:
    for rule in found.rules:
        say(f"{'->' if rule.applies else '  '} rule “{rule.rule}”: {rule.why}")
    for state in found.limits:
        limit = state.limit
        total = "cannot be compared with" if state.total is None else f"would come to {state.total} of"
        say(f"   limit per {limit.per.value}: {total} {limit.over}{' (over)' if state.is_exceeded else ''}")
    if found.refused:
        say(f"Refused: {found.refused}")
    elif found.rule is not None and found.rule.lifted:
        say("Nobody needs to approve it: the rule is lifted.")
    else:
        say(f"It needs {found.quorum} of these; {count_able(found.deciders)} people could:")
    for decider in found.deciders:
        say(f"   {decider.account} {decider.name}: {decider.why or 'could approve'}")
    for gap in found.gaps:
        say(f"Not looked at: {gap}")
    if not found.refused and not found.can_be_approved:
        say("So nobody could bring it through.")


def _write_json(found: PolicyExplanation) -> None:
    value = {
        "rule": found.rule.name if found.rule else None,
        "rules": [{"rule": rule.rule, "applies": rule.applies, "why": rule.why} for rule in found.rules],
        "limits": [
            {
                "per": state.limit.per.value,
                "over": str(state.limit.over),
                "total": None if state.total is None else str(state.total),
                "exceeded": state.is_exceeded,
            }
            for state in found.limits
        ],
        "quorum": found.quorum,
        "deciders": [
            {"account": row.account, "name": row.name, "could": row.can_decide, "why": row.why}
            for row in found.deciders
        ],
        "refused": found.refused,
        "can_be_approved": found.can_be_approved,
        "not_looked_at": list(found.gaps),
    }
    say(json.dumps(value, indent=2, ensure_ascii=False))
