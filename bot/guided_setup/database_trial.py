"""Brings the database up, and says in words what keeps it from that."""

import base64
import secrets

from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import make_clock
from bot.database import schema
from bot.database.engine import FileUnusable, SecondProcess, SqlDatabase
from bot.database.key_check import KeyRing, require_keys
from bot.database.owner import migrate_as_owner
from bot.database.roles import RolesUnusable, write_roles
from bot.settings.setting_forms import read_secret_keys
from storage.vault import KEY_BYTES


class RolesMissing(Exception):
    """The roles of PostgreSQL are not there yet; `sql` makes them."""

    def __init__(self, sql: str, why: str) -> None:
        super().__init__(why)
        self.sql = sql


def bring_up(url: str, *, owner_url: str) -> None:
    """Migrate a database that needs it; raises RolesMissing, and ValueError in words."""
    try:
        if not _is_current(url):
            migrate_as_owner(url, owner_url=owner_url)
            _connect(url)
    except SecondProcess as error:
        raise ValueError("a bot is running on this file; stop it first") from error
    except (FileUnusable, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        if sql := _write_roles(url, owner_url):
            raise RolesMissing(sql, reason) from error
        raise ValueError(f"the database cannot be used: {reason}") from error


def choose_key(url: str, current: str) -> str:
    """Return the keys that are set, or a new one; raises KeysDoNotFit where the database needs others."""
    chosen = current or base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    keys = read_secret_keys(chosen)
    database = SqlDatabase(url)
    try:
        with database.writing() as session:
            ring = KeyRing(secrets=keys if isinstance(keys, tuple) else (), audit=())
            require_keys(session, ring, now=make_clock().now_in(session))
    finally:
        database.close()
    return chosen


def _is_current(url: str) -> bool:
    database = SqlDatabase(url)
    try:
        schema.require_current(database)
    except (schema.NotMigrated, SQLAlchemyError):
        return False
    else:
        return True
    finally:
        database.close()


def _connect(url: str) -> None:
    database = SqlDatabase(url)
    try:
        with database.reading() as session:
            session.connection().execute(text("SELECT 1 FROM audit_event WHERE false"))
    finally:
        database.close()


def _write_roles(url: str, owner_url: str) -> str:
    """Return the SQL that makes both roles, "" where there is nothing to make."""
    bot, owner = make_url(url), make_url(owner_url or url)
    if not owner_url or bot.get_backend_name() == "sqlite":
        return ""
    try:
        return write_roles(database=str(bot.database), owner=owner.username or "", bot=bot.username or "")
    except RolesUnusable:
        return ""
