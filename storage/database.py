"""Where transactions come from."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlmodel import Session


class Database(Protocol):
    """Where sessions come from. Nothing that talks to the outside may happen inside of one."""

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction that writes (on SQLite: BEGIN IMMEDIATE); it commits at the end of the block."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Open a transaction that only reads."""
        ...
