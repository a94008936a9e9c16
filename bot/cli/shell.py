"""What the operator's commands share: settings, the database, exit statuses, words and progress on stderr."""

import argparse
import getpass
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlmodel import Session

from approvals.audit import chain
from approvals.context import ApprovalContext
from bot.clock import Clock, make_clock, make_ids
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.settings.cardops_yml import Config, read_config
from bot.settings.environment import Settings, read_own_settings
from notifier.outbox.outbox import Outbox
from storage.vault import Vault

FINE, WRONG, UNUSABLE = 0, 1, 2

Act: TypeAlias = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - has no public name


def add_command(commands: Commands, name: str, act: Act, words: str) -> argparse.ArgumentParser:
    """Add one command and return its parser, for what it takes."""
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(act=act)
    return command


def add_group(
    commands: Commands, name: str, members: Mapping[str, tuple[Act, str]]
) -> dict[str, argparse.ArgumentParser]:
    """Add a noun with its commands, and return their parsers."""
    words = "; ".join(f"{member}: {does}" for member, (_, does) in members.items())
    group = commands.add_parser(name, help=words).add_subparsers(required=True, metavar="<command>")
    return {member: add_command(group, member, act, does) for member, (act, does) in members.items()}


def complain(headline: str, problems: Sequence[str] = (), hint: str = "") -> int:
    """Say on stderr what is wrong and what to do, and return the status for usage and settings."""
    lines = [headline, *(f"  - {problem}" for problem in problems), *([hint] if hint else [])]
    sys.stderr.write("\n".join(lines) + "\n")
    return UNUSABLE


def say(line: str) -> None:
    """Write one line of the answer."""
    sys.stdout.write(line + "\n")


def progress(words: str) -> None:
    """Say on stderr how far it is; a terminal shows it on one line."""
    sys.stderr.write(f"\r{words}\033[K" if sys.stderr.isatty() else words + "\n")
    sys.stderr.flush()


def end_progress() -> None:
    """Leave the line on which progress was shown."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """An installation as its operator works on it: settings, the database, and who that is."""

    settings: Settings
    database: SqlDatabase
    clock: Clock
    operator: str

    @property
    def audit_key(self) -> bytes:
        """The key of the trail's chain."""
        return chain.make_key(self.settings.CARDOPS_SECRET_KEYS[-1])

    @property
    def vault(self) -> Vault:
        """What seals and opens stored values."""
        return Vault(self.settings.CARDOPS_SECRET_KEYS, random_bytes=secrets.token_bytes)

    def make_desk(self, config: Config) -> ApprovalContext:
        """Return the context of approvals, for what moves requests."""
        make_id = make_ids(self.clock)
        return ApprovalContext(
            vault=self.vault,
            outbox=Outbox(vault=self.vault, make_id=make_id),
            policy=config.rules,
            make_id=make_id,
            audit_key=self.audit_key,
            channel=config.channels.approvals,
        )

    def read_config(self) -> Config:
        """Return cardops.yml; raises ConfigUnusable."""
        return read_config(self.settings.CARDOPS_CONFIG)

    def note(self, session: Session, event: str, *, subject: str, facts: Mapping[str, Any]) -> None:
        """Tell the trail what the operator does, in the transaction at hand; last, as it holds the trail."""
        now = self.clock.now()
        chain.append(
            session, event, key=self.audit_key, actor=self.operator, subject=subject, facts=facts, now=now
        )


@contextmanager
def opened(*, current: bool = True) -> Iterator[Installation]:
    """Open the database of this installation; raises SettingsUnusable, and NotMigrated unless told otherwise."""
    settings = read_own_settings()
    database = SqlDatabase(settings.DATABASE_URL)
    try:
        if current:
            schema.require_current(database)
        yield Installation(settings=settings, database=database, clock=make_clock(), operator=operator())
    finally:
        database.close()


def operator() -> str:
    """Return who is at the shell, as the trail names them."""
    try:
        return f"operator:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user often has no name
        return f"operator:{os.getuid()}"
