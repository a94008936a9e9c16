"""The two roles of a PostgreSQL database: its owner, who migrates it, and that of the bot, which owns nothing."""

import re

from sqlalchemy import URL, Connection, text

_GRANTS = """\
GRANT USAGE ON SCHEMA public TO {bot};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {bot};
DO $$ BEGIN
  IF to_regclass('public.alembic_version') IS NOT NULL THEN
    REVOKE INSERT, UPDATE, DELETE ON public.alembic_version FROM {bot};
  END IF;
END $$;
"""
_ROLES = """\
-- Run this as an administrator of the server, in the database {database}:
--   cardops database roles | psql --set=ON_ERROR_STOP=1 --single-transaction --dbname={plain_database}
-- It can be run again. Then give both roles a password, in psql: \\password {owner} and \\password {bot}
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {owner_text}) THEN CREATE ROLE {owner} LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {bot_text}) THEN CREATE ROLE {bot} LOGIN; END IF;
END $$;
ALTER DATABASE {database} OWNER TO {owner};
GRANT USAGE, CREATE ON SCHEMA public TO {owner};
-- What is there already, of whoever made it.
DO $$ DECLARE found text; BEGIN
  FOR found IN SELECT format('ALTER TABLE public.%I OWNER TO {owner}', relname) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO {owner}', p.oid::regprocedure) FROM pg_proc p
      WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE found; END LOOP;
END $$;
REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {bot};
{grants}-- What the owner makes later, such as a migration.
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {bot};
"""
_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class RolesUnusable(Exception):
    """The two roles cannot be these; the message says why."""


def write_roles(*, database: str, owner: str, bot: str) -> str:
    """Return the SQL that makes the owner and the bot's role of a database; raises RolesUnusable."""
    if owner == bot:
        raise RolesUnusable(f"{owner} cannot be both: an owner can drop the triggers that refuse tampering")
    for role in (owner, bot):
        if not _PLAIN.fullmatch(role):
            raise RolesUnusable("a role's name has small letters, digits and _ here")
    if not database or any(sign in database for sign in "\"'\\\n$"):
        raise RolesUnusable("the name of the database has quotes or line breaks in it")
    named = {"database": f'"{database}"', "owner": f'"{owner}"', "bot": f'"{bot}"'}
    named |= {"owner_text": f"'{owner}'", "bot_text": f"'{bot}'", "plain_database": database}
    return _ROLES.format(grants=_GRANTS.format(bot=named["bot"]), **named)


def find_roles(url: URL, owner_url: URL | None) -> tuple[str, str]:
    """Return the owner's name and the bot's; without an address of the owner, the names that we propose."""
    if owner_url is None:
        return "cardops_owner", "cardops_bot"
    return owner_url.username or "cardops_owner", url.username or "cardops_bot"


def grant_to_bot(connection: Connection, *, bot: str) -> bool:
    """Grant the bot's role what it needs of the tables that are there; return False if there is none.

    After `pg_restore --no-privileges` nobody else does.
    """
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :bot AND rolname <> current_user")
    if not _PLAIN.fullmatch(bot) or connection.execute(known, {"bot": bot}).scalar() is None:
        return False
    connection.exec_driver_sql(_GRANTS.format(bot=f'"{bot}"'))
    return True
