"""The installation that a command works on: its settings, its database, and the operator."""

import getpass
import os
import pwd
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, make_url
from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.row_macs import make_macs
from approvals.audit.trail_keys import TrailKey
from approvals.context import ApprovalContext
from bot.clock import Clock, make_clock, make_ids
from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.key_check import KeyRing, require_keys
from bot.settings.cardops_yml import Config, read_config
from bot.settings.environment import Settings, read_own_settings, read_sudo_uid
from notifier.outbox.outbox import Outbox
from storage.macs import MacKeys
from storage.vault import Vault


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The installation that a command works on. `operator` is the person at the shell, for the trail."""

    settings: Settings
    database: SqlDatabase
    clock: Clock
    operator: str

    @property
    def audit_key(self) -> TrailKey:
        """The key of the trail's chain."""
        return self.keys.trail_key

    @property
    def keys(self) -> KeyRing:
        """The keys that are set."""
        return make_key_ring(self.settings)

    @property
    def macs(self) -> MacKeys:
        """The keys of the MACs of rows."""
        return make_macs(self.settings.CARDOPS_SECRET_KEYS[-1], newer=self.settings.CARDOPS_AUDIT_KEYS)

    @property
    def vault(self) -> Vault:
        """What seals and opens stored values."""
        return Vault(self.settings.CARDOPS_SECRET_KEYS, random_bytes=secrets.token_bytes)

    @property
    def owner_url(self) -> URL:
        """The address of who owns the tables."""
        return make_url(self.settings.DATABASE_OWNER_URL or self.settings.DATABASE_URL)

    def make_approval_context(self, config: Config) -> ApprovalContext:
        """Return the context that moves of requests need."""
        make_id = make_ids(self.clock)
        return ApprovalContext(
            vault=self.vault,
            outbox=Outbox(vault=self.vault, make_id=make_id),
            policy=config.rules,
            same_person=config.same_person,
            make_id=make_id,
            audit_key=self.audit_key,
            macs=self.macs,
            channel=config.channels.approvals,
            reference_prefix=config.books.prefix,
            public_url=self.settings.CARDOPS_PUBLIC_URL,
            evidence_key=self.settings.evidence_key,
        )

    def require_keys(self, *, sealing: bool = True) -> None:
        """Check that the keys are those of the database, of `sealing` ones too; raises KeysDoNotFit."""
        with self.database.writing() as session:
            require_keys(session, self.keys, sealing=sealing, now=self.clock.now_in(session))

    def read_config(self) -> Config:
        """Return cardops.yml; raises ConfigUnusable."""
        return read_config(self.settings.CARDOPS_CONFIG)

    def note(self, session: Session, event: str, *, subject: str, facts: Mapping[str, Any]) -> None:
        """Record in the trail what the operator does, in this transaction.

        Call it last: from here to the commit no other process can write to the trail.
        """
        now = self.clock.now_in(session)
        chain.append(
            session, event, key=self.audit_key, actor=self.operator, subject=subject, facts=facts, now=now
        )


def make_key_ring(settings: Settings) -> KeyRing:
    """Return the keys of these settings."""
    return KeyRing(secrets=settings.CARDOPS_SECRET_KEYS, audit=settings.CARDOPS_AUDIT_KEYS)


@contextmanager
def open_installation(
    *, current: bool = True, guarded: bool = True, writes: bool = False
) -> Iterator[Installation]:
    """Open the database of this installation.

    Raises SettingsUnusable, NotMigrated if it must be `current`, and KeysDoNotFit if the command `writes`: one
    event that is signed with a wrong key breaks the trail for good. What only examines needs no database that is
    `guarded`: that its triggers were taken away is a reason to examine it.
    """
    settings = read_own_settings()
    database = SqlDatabase(settings.DATABASE_URL)
    try:
        if current:
            schema.require_current(database, guarded=guarded)
        installation = Installation(settings=settings, database=database, clock=make_clock(), operator=operator())
        if writes:
            installation.require_keys()
        yield installation
    finally:
        database.close()


def operator() -> str:
    """Return the person at the shell, as the trail names them."""
    try:
        return f"operator:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user often has no name
        return f"operator:{os.getuid()}"


def find_login() -> str:
    """Return the account of this machine at the shell, by its number: unlike a variable, nobody can just set it.

    Under sudo it is the account that called it.
    """
    uid = os.getuid()
    if uid == 0:
        uid = read_sudo_uid()
    try:
        return f"operator:{pwd.getpwuid(uid).pw_name}"
    except KeyError:  # a container's user often has no name
        return f"operator:{uid}"
