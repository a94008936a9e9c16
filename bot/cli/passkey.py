"""`cardops passkey`: the way back in on the machine, when keys are lost and nobody can approve one."""

import argparse
import sys
from dataclasses import replace

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.refusals import Refusal
from approvals.step_up import keys
from bot.cli.installation import Installation, find_login, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, say
from bot.wiring.approvals import find_alarm_recipients


def add_to(commands: Commands) -> None:
    """Add the commands of passkeys."""
    members = {
        "reset": (reset, "remove all passkeys of a person; admins are told"),
        "approve": (approve, "let a new passkey count where no other admin can approve it; admins are told"),
    }
    parsers = add_group(commands, "passkey", members)
    parsers["reset"].add_argument("account", help="the Slack account, such as U0123ABCD")
    parsers["approve"].add_argument("fingerprint", help="as the page of the person shows it")
    for parser in parsers.values():
        parser.add_argument("--reason", required=True, help="why, for the trail and the admins")


def reset(chosen: argparse.Namespace) -> int:
    """Remove all keys of a person."""
    with open_installation(writes=True) as installation, installation.database.writing() as session:
        count = keys.reset(
            session,
            _make_context(installation),
            account=chosen.account,
            operator=find_login(),
            reason=chosen.reason,
            now=installation.clock.now_in(session),
        )
    say(f"{count} passkeys of {chosen.account} were removed. The admins are told.")
    return FINE if count else WRONG


def approve(chosen: argparse.Namespace) -> int:
    """Let a key count."""
    with open_installation(writes=True) as installation:
        try:
            with installation.database.writing() as session:
                _approve(installation, session, chosen)
        except Refusal as refusal:
            sys.stderr.write(f"{refusal}\n")
            return WRONG
    say(f"{chosen.fingerprint} counts from now on. The admins are told.")
    return FINE


def _approve(installation: Installation, session: Session, chosen: argparse.Namespace) -> None:
    keys.approve_as_operator(
        session,
        _make_context(installation),
        fingerprint=chosen.fingerprint,
        operator=find_login(),
        reason=chosen.reason,
        now=installation.clock.now_in(session),
    )


def _make_context(installation: Installation) -> ApprovalContext:
    config = installation.read_config()
    # Other commands tell nobody by themselves; this one has to be loud.
    return replace(installation.make_approval_context(config), alarms=find_alarm_recipients(config))
