"""Page tokens: the secret part of a link to one of our pages. Each is for one person, purpose and subject.

Only its digest is stored, so that nobody who reads the database can use one; and a row that the bot did not write
is not believed. It ends by the database's clock, and is spent once, by an update that only one transaction makes.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col

from approvals.canonical_json import canonical_json
from bot.database.engine import SqlDatabase
from bot.database.tables import PageToken
from storage.macs import MacKeys

TOKEN_BYTES = 32
KEPT = timedelta(days=1)  # after its end: a late visitor is told that the link was good once
USE = "page token"


class TokenUnknown(Exception):
    """There is no such token."""


class TokenOver(Exception):
    """The token was used, or its time is over."""


@dataclass(frozen=True, kw_only=True)
class PageGrant:
    """What a token lets its holder do: one purpose, as one person, about one subject; once.

    `bound` is what else it is bound to, such as a digest: texts of ours and ids, never contents.
    """

    purpose: str
    account: str
    subject: str
    bound: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PageTokens:
    """Makes tokens, finds what they grant, and spends them."""

    database: SqlDatabase
    macs: MacKeys = field(repr=False)
    now_in: Callable[[Session], datetime]
    random_bytes: Callable[[int], bytes] = field(repr=False)

    def make(
        self,
        *,
        purpose: str,
        account: str,
        subject: str,
        lasts: timedelta,
        bound: Mapping[str, str] | None = None,
    ) -> str:
        """Return a new token; it is in nothing else that lasts."""
        token = urlsafe_b64encode(self.random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
        with self.database.writing() as session:
            now = self.now_in(session)
            row = PageToken(
                id=digest_token(token),
                purpose=purpose,
                account=account,
                subject=subject,
                bound=json.dumps(dict(bound or {}), sort_keys=True),
                made_at=now,
                expires_at=now + lasts,
                mac="",
            )
            row.mac = self.macs.sign(USE, _message(row))
            session.add(row)
        return token

    def find(self, token: str, *, purpose: str) -> PageGrant:
        """Return what a token grants, which changes nothing; raises TokenUnknown and TokenOver."""
        with self.database.reading() as session:
            row = self._read(session, token, purpose=purpose)
            if row.spent_at is not None or row.expires_at <= self.now_in(session):
                raise TokenOver
            return _grant(row)

    def spend(self, token: str, *, purpose: str) -> PageGrant:
        """Use a token up and return what it grants; raises TokenUnknown and TokenOver."""
        with self.database.writing() as session:
            return self.spend_in(session, token, purpose=purpose)

    def spend_in(self, session: Session, token: str, *, purpose: str) -> PageGrant:
        """Use a token up in the transaction of what it is used for; raises TokenUnknown and TokenOver."""
        row = self._read(session, token, purpose=purpose)
        now = self.now_in(session)
        usable = col(PageToken.spent_at).is_(None), col(PageToken.expires_at) > now
        # The row decides, not what was read: of two posts in one instant, on two replicas, one spends it.
        spent = update(PageToken).where(col(PageToken.id) == row.id, *usable).values(spent_at=now)
        grant = _grant(row)
        if session.connection().execute(spent).rowcount != 1:
            raise TokenOver
        return grant

    def sweep(self) -> int:
        """Forget tokens that ended a day ago, and return how many there were."""
        with self.database.writing() as session:
            old = delete(PageToken).where(col(PageToken.expires_at) <= self.now_in(session) - KEPT)
            return int(session.connection().execute(old).rowcount)

    def _read(self, session: Session, token: str, *, purpose: str) -> PageToken:
        row = session.get(PageToken, digest_token(token))
        # Who can write to the database could add a token, or give one to another person, but not sign it.
        if row is None or row.purpose != purpose or not self.macs.fits(row.mac, USE, _message(row)):
            raise TokenUnknown
        return row


def digest_token(token: str) -> str:
    """Return what is stored of a token. It has 256 random bits, so no salt or slow hash is needed."""
    return hashlib.sha256(f"cardops page token\0{token}".encode()).hexdigest()


def _message(row: PageToken) -> bytes:
    # Without `spent_at`: what is spent stays so by the guarded update.
    moments = {name: getattr(row, name).isoformat(timespec="microseconds") for name in ("made_at", "expires_at")}
    texts = {name: getattr(row, name) for name in ("id", "purpose", "account", "subject", "bound")}
    return canonical_json({**texts, **moments})


def _grant(row: PageToken) -> PageGrant:
    return PageGrant(
        purpose=row.purpose,
        account=row.account,
        subject=row.subject,
        bound=json.loads(row.bound),
        expires_at=row.expires_at,
    )
