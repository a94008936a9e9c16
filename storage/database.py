"""Where transactions come from."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session


class Database(Protocol):
    """Where sessions come from. Nothing that talks to the outside may happen inside of one."""

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction that writes (on SQLite: BEGIN IMMEDIATE); it commits at the end of the block."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Open a transaction that only reads."""
        ...


def recollection(session: Session) -> dict[str, Any]:
    """Return what this process remembers of a session's database; empty when it is opened, gone when it ends."""
    found: dict[str, Any] = session.info.setdefault("recollection", {})
    return found


def is_disk_full(error: SQLAlchemyError) -> bool:
    """Whether a database refuses because there is no space left."""
    words = str(getattr(error, "orig", error)).lower()
    return any(sign in words for sign in ("disk is full", "disk full", "no space left", "could not extend file"))
