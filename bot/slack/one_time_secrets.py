"""Secrets that Paytend answered with: sealed in a row for ten minutes, shown once, on whichever replica is asked.

A secret is held while Slack is asked to show it. It is used up when Slack shows it, and also when Slack does not
say whether it did: then it may have been seen.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from bot.database.engine import SqlDatabase
from bot.database.tables import OneTimeSecret
from storage.vault import Vault

KEPT = timedelta(minutes=10)
_TABLE, _COLUMN = "one_time_secret", "value"


class OneTimeSecrets(Protocol):
    """Keeps secrets by their request. `keep` says whether it was kept, `hold` returns None when there is none."""

    def keep(self, request_id: str, secret: SecretStr) -> bool:
        """Keep one for a short time."""
        ...

    def hold(self, request_id: str) -> SecretStr | None:
        """Return one for a single attempt to show it: nobody else gets it before it is released."""
        ...

    def release(self, request_id: str) -> None:
        """Let it be shown by another attempt, as this one certainly failed."""
        ...

    def use_up(self, request_id: str) -> None:
        """Forget one."""
        ...

    def sweep(self) -> list[str]:
        """Forget what is over; return the requests of those that were held and perhaps shown."""
        ...


@dataclass(frozen=True, kw_only=True)
class SealedSecrets:
    """Secrets in sealed rows: any replica can show them, and each is deleted when it is shown or over."""

    database: SqlDatabase
    vault: Vault
    now_in: Callable[[Session], datetime]

    def keep(self, request_id: str, secret: SecretStr) -> bool:
        """Keep one for a short time."""
        sealed = self.vault.seal(secret.get_secret_value().encode(), table=_TABLE, row=request_id, column=_COLUMN)
        with self.database.writing() as session:
            until = self.now_in(session) + KEPT
            session.add(OneTimeSecret(id=request_id, value=sealed, expires_at=until))
        return True

    def hold(self, request_id: str) -> SecretStr | None:
        """Return one for a single attempt to show it."""
        with self.database.writing() as session:
            now = self.now_in(session)
            free = col(OneTimeSecret.held_at).is_(None), col(OneTimeSecret.expires_at) > now
            # The row decides: of two clicks in one instant, on two replicas, one gets it.
            held = update(OneTimeSecret).where(col(OneTimeSecret.id) == request_id, *free).values(held_at=now)
            if session.connection().execute(held).rowcount != 1:
                return None
            sealed = session.get_one(OneTimeSecret, request_id).value
        return SecretStr(self.vault.open(sealed, table=_TABLE, row=request_id, column=_COLUMN).decode())

    def release(self, request_id: str) -> None:
        """Let it be shown by another attempt."""
        with self.database.writing() as session:
            mine = update(OneTimeSecret).where(col(OneTimeSecret.id) == request_id).values(held_at=None)
            session.connection().execute(mine)

    def use_up(self, request_id: str) -> None:
        """Forget one."""
        with self.database.writing() as session:
            session.connection().execute(delete(OneTimeSecret).where(col(OneTimeSecret.id) == request_id))

    def sweep(self) -> list[str]:
        """Forget what is over."""
        with self.database.writing() as session:
            over = select(OneTimeSecret).where(col(OneTimeSecret.expires_at) <= self.now_in(session))
            rows = session.exec(over).all()
            perhaps_shown = [row.id for row in rows if row.held_at is not None]
            for row in rows:
                session.delete(row)
        return perhaps_shown


@dataclass(frozen=True, kw_only=True)
class RememberedSecrets:
    """Secrets in the memory of this process: a restart loses them, and another replica does not have them."""

    now: Callable[[], datetime]
    _kept: dict[str, tuple[SecretStr, datetime]] = field(default_factory=dict, repr=False)
    _held: dict[str, tuple[SecretStr, datetime]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def keep(self, request_id: str, secret: SecretStr) -> bool:
        """Keep one for a short time."""
        self.sweep()
        with self._lock:
            self._kept[request_id] = (secret, self.now() + KEPT)
        return True

    def hold(self, request_id: str) -> SecretStr | None:
        """Return one for a single attempt to show it."""
        self.sweep()
        with self._lock:
            found = self._kept.pop(request_id, None)
            if found is not None:
                self._held[request_id] = found
        return None if found is None else found[0]

    def release(self, request_id: str) -> None:
        """Let it be shown by another attempt."""
        with self._lock:
            if (held := self._held.pop(request_id, None)) is not None:
                self._kept[request_id] = held

    def use_up(self, request_id: str) -> None:
        """Forget one."""
        with self._lock:
            self._held.pop(request_id, None)

    def sweep(self) -> list[str]:
        """Forget what is over."""
        now = self.now()
        with self._lock:
            for kept in (self._kept, self._held):
                for request_id in [name for name, (_, until) in kept.items() if until <= now]:
                    del kept[request_id]
        return []


@dataclass(frozen=True, kw_only=True)
class DiscardedSecrets:
    """Keeps nothing: where `secrets: {show: false}` is set."""

    def keep(self, _request_id: str, _secret: SecretStr) -> bool:
        """Keep nothing, and say so."""
        return False

    def hold(self, _request_id: str) -> SecretStr | None:
        """Return None."""
        return None

    def release(self, _request_id: str) -> None:
        """Do nothing."""

    def use_up(self, _request_id: str) -> None:
        """Do nothing."""

    def sweep(self) -> list[str]:
        """Return nothing."""
        return []
