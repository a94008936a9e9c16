"""A notification: what happened, before the routes decide where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.outbox.notice_facts import NoticeFacts


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What happened: its kind (which names the template), its facts, and whether it goes first.

    `subject` is what it is about, the same for later ones: these bring its message up to date;
    of what `is_first` no message can be there yet. `twins` are subjects that turned out to be the same one.
    `reply` is posted in the thread of that message too, as an edit notifies nobody.
    `stage` is what happened now, where `facts` show a whole: the routes look at it.
    An `alarm` is our own, such as a low balance: no storm folds it and no silence holds it back.
    `calls` is a role that is mentioned where no route mentions anybody.
    When these are `counted`, they are one problem that comes back: the message says how often, and since when.
    """

    kind: str
    facts: NoticeFacts
    urgent: bool = False
    alarm: bool = False
    stage: NoticeFacts | None = None
    subject: str | None = None
    twins: Sequence[str] = ()
    is_first: bool = False
    counted: bool = False
    reply: NoticeFacts | None = None
    calls: str | None = None
