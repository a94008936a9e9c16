"""What admins are told of webhooks beside the notices themselves: each once, or once an hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from notifier.outbox.outbox import Outbox
from notifier.rendering.facts import TemplateFacts
from notifier.routing.notification import Notification


@dataclass(frozen=True, kw_only=True)
class WebhookUntold(TemplateFacts, template="webhook_untold"):
    """The id and the kind of a webhook whose notices could not be made."""

    event: str
    about: str


@dataclass(frozen=True, kw_only=True)
class UnitUnclear(TemplateFacts, template="unit_unclear"):
    """An amount as it came that has a decimal point although amounts are in the smallest unit."""

    amount: str


@dataclass(frozen=True, kw_only=True)
class AdminNotices:
    """Enqueues for each admin what has no message with its key yet."""

    outbox: Outbox
    admins: Sequence[str]

    def tell_untold(self, session: Session, *, event: str, about: str, now: datetime) -> None:
        """Say that a webhook is not tried again by itself."""
        facts = WebhookUntold(event=event, about=about)
        self._tell(session, facts.template, facts, key=f"untold:{event}", now=now)

    def tell_unrecognised(
        self, session: Session, notification: Notification, *, notify_type: str, now: datetime
    ) -> None:
        """Say that there is a kind of webhook that nobody understands and no route names."""
        key = f"admins:unrecognised:{notify_type}"
        self._tell(session, notification.kind, notification.facts, key=key, now=now)

    def tell_unit(self, session: Session, amount: str, *, now: datetime) -> None:
        """Say once an hour that the unit of amounts is unclear: the notices themselves only mark it."""
        facts = UnitUnclear(amount=amount)
        self._tell(session, facts.template, facts, key=f"admins:{facts.template}:{now:%Y-%m-%dT%H}", now=now)

    def _tell(self, session: Session, kind: str, facts: TemplateFacts, *, key: str, now: datetime) -> None:
        known = self.outbox.recipients_of(session, key)
        for admin in self.admins:
            if admin not in known:
                self.outbox.enqueue(session, kind=kind, facts=facts, recipient=admin, now=now, key=key)
