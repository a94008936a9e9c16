"""What people are told of passkeys."""

from dataclasses import dataclass
from datetime import datetime

from notifier.rendering.facts import TemplateFacts


@dataclass(frozen=True, kw_only=True)
class PasskeyNews(TemplateFacts, template="passkey_news"):
    """Something happened to a passkey, for admins or its owner."""

    headline: str
    says: str
    todo: str
    at: datetime
