"""Links to our pages, as they are given to people in Slack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.pages.tokens import PageTokens


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
    ) -> str:
        """Return a link with a token of its own, for this person alone: who has it acts as them."""
        token = self.tokens.make(purpose=purpose, account=account, subject=subject, lasts=lasts, bound=bound)
        return f"{self.public_url}/{purpose}/{token}"
