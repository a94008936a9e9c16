"""Links to our pages, as they are given to people in Slack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.pages.tokens import PageTokens


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """A link, and when it ends: for one person alone, as anybody who has it acts as them."""

    address: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PageLinks:
    """Makes links; `public_url` is where people's browsers reach the bot."""

    public_url: str
    tokens: PageTokens

    def make(
        self,
        *,
        purpose: str,
        account: str,
        subject: str,
        lasts: timedelta,
        bound: Mapping[str, str] | None = None,
    ) -> PageLink:
        """Return a link with a token of its own."""
        token = self.tokens.make(purpose=purpose, account=account, subject=subject, lasts=lasts, bound=bound)
        expires_at = self.tokens.find(token, purpose=purpose).expires_at
        return PageLink(address=f"{self.public_url}/{purpose}/{token}", expires_at=expires_at)
