"""Migrates a database as the role that owns it, and grants the bot's role what it needs of new tables."""

from sqlalchemy import make_url

from bot.database import schema
from bot.database.engine import SqlDatabase
from bot.database.roles import grant_to_bot


def migrate_as_owner(url: str, *, owner_url: str) -> str:
    """Apply the migrations, and return the revision; `owner_url` is "" where the bot's role owns the tables."""
    database = SqlDatabase(owner_url or url)
    try:
        database.claim_file()
        revision = schema.migrate(database)
        if owner_url:
            with database.writing() as session:
                grant_to_bot(session.connection(), bot=make_url(url).username or "")
    finally:
        database.close()
    return revision
