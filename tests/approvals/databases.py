"""A database with the tables and triggers of approvals alone. To be replaced by tests.databases."""

import os
import secrets
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlmodel import SQLModel

from approvals import tables, triggers
from bot.database import Database

SERVER = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"
TABLES = tables.REQUEST_TABLE  # the import is what registers the tables


def make_sqlite(folder: Path) -> Database:
    """Return an empty SQLite database with everything in place."""
    return prepare(Database(f"sqlite:///{folder}/approvals.db"))


def make_postgresql() -> tuple[Database, str]:
    """Return an empty PostgreSQL database and its name; skips where there is none."""
    name = f"cardops_approvals_{secrets.token_hex(6)}"
    try:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("there is no PostgreSQL at 127.0.0.1:5432")
    return prepare(Database(f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}")), name


def drop_postgresql(name: str) -> None:
    """Remove a database."""
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def empty(database: Database) -> None:
    """Empty all tables of a PostgreSQL database, which their triggers refuse to everybody but a replica."""
    tables = ", ".join(SQLModel.metadata.tables)
    with database.writing() as session:
        session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        session.connection().exec_driver_sql(f"TRUNCATE {tables}")


def prepare(database: Database) -> Database:
    """Create all tables and triggers."""
    SQLModel.metadata.create_all(database.engine)
    with database.writing() as session:
        triggers.install(session.connection())
    return database
