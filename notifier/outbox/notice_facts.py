"""What every notice may show besides its own facts, whatever its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.rendering.facts import TemplateFacts

ACKNOWLEDGE, WHY = "acknowledge", "why"  # the facts that the deliverer shows below a message
DETAILS = "notice_details"  # the button of a message that has its own way to the rest


@dataclass(frozen=True, kw_only=True)
class AcknowledgementFacts(TemplateFacts, template="notice_acknowledge"):
    """The key of an urgent message, and who acknowledged it when; nobody yet is None."""

    key: str
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class WhyFacts(TemplateFacts, template="notice_why"):
    """What the button "Why here?" sends: {"event": id}, or {"kind": …} with the facts that routes compare."""

    value: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NoticeFacts(TemplateFacts):
    """Base of the facts of notices; `mentions` are ids of people and groups, which the announcer fills in."""

    mentions: Sequence[str] = ()
    acknowledge: AcknowledgementFacts | None = None
    why: WhyFacts | None = None


@dataclass(frozen=True, kw_only=True)
class RepeatedFacts(NoticeFacts):
    """Facts of a notice about a problem that may come back: how often it came, and since when."""

    times: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
