"""*Details* of the notice about a purchase: all that Paytend said of it, for the person who asked."""

from dataclasses import dataclass

from commands.slash_command import Reply
from notifier.inbox.event_facts import TransactionNotice
from notifier.outbox.notice_facts import WhyFacts


@dataclass(frozen=True, kw_only=True)
class NoticeDetails(Reply, template="notice_details"):
    """A purchase in full, with what can be done about its card; `why` is the value of *Why am I seeing this?*."""

    notice: TransactionNotice
    why: WhyFacts
