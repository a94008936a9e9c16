"""What is said when something goes wrong: one table, from the error to the words, for every edge."""

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from approvals.policy.eligibility import SelfApproval
from approvals.policy.people import (
    Deactivated,
    DirectoryBusy,
    DirectoryUnreadable,
    Guest,
    IsBot,
    NotInRole,
    ScopeMissing,
    Stranger,
)
from approvals.refusals import Refusal
from bot.threads import Busy
from commands.reading.arguments import Misread
from commands.slash_command import ProblemReply
from paytend import NotSendable, OutcomeUnknown, ProtocolError, Refused, Unreachable
from paytend.errors import AnotherSubject, RefusedChange
from storage.vault import Unreadable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ErrorReply:
    """The headline and what to do next; `told` takes the sentence from the error, `traced` logs a traceback."""

    headline: str
    next: str = ""
    told: bool = False
    traced: bool = False


NOT_ALLOWED = (Stranger, Guest, Deactivated, IsBot, NotInRole, SelfApproval)  # about the person, not the matter
# The first row that fits: a subclass comes before its base.
ANSWERS: tuple[tuple[type[Exception], ErrorReply], ...] = (
    (Misread, ErrorReply(headline="", told=True)),
    *((kind, ErrorReply(headline="Not allowed", told=True)) for kind in NOT_ALLOWED),
    (Refusal, ErrorReply(headline="Can’t do that", told=True)),
    (
        RefusedChange,
        ErrorReply(
            headline="Paytend said no",
            told=True,
            # Paytend also refuses to repeat what it has done already.
            next="It may have gone through all the same. Check the card or cardholder before you try again.",
        ),
    ),
    # Of a read, as of a card that it does not know: nothing could have changed.
    (Refused, ErrorReply(headline="Paytend said no", told=True)),
    (NotSendable, ErrorReply(headline="Not sent", told=True)),
    (
        Unreachable,
        ErrorReply(headline="Paytend isn’t responding", next="Nothing was changed. Try again in a minute."),
    ),
    (
        OutcomeUnknown,
        ErrorReply(
            headline="We don’t know yet if it worked",
            next="It was sent to Paytend, but no reply came. Check the card or cardholder before you try again.",
        ),
    ),
    (
        AnotherSubject,
        ErrorReply(headline="Paytend replied about something else", told=True, next="Tell an admin."),
    ),
    (
        ProtocolError,
        ErrorReply(
            headline="Paytend’s reply failed a security check",
            next="If this was a change, check the card or cardholder before you try again. Tell an admin.",
        ),
    ),
    (
        DirectoryBusy,
        ErrorReply(headline="Slack is busy", next="Nothing was done. Try again in a minute."),
    ),
    (
        ScopeMissing,
        ErrorReply(
            headline="The app lacks a Slack scope",
            told=True,
            next="Tell an admin: install the app again from `cardops manifest`.",
        ),
    ),
    (
        DirectoryUnreadable,
        ErrorReply(headline="Slack didn’t confirm who you are", next="Try again in a minute."),
    ),
    (
        Busy,
        ErrorReply(headline="cardops is busy", next="Nothing was done. Try again in a minute."),
    ),
    (
        SQLAlchemyError,
        ErrorReply(
            headline="cardops’ database isn’t responding",
            next="Check whether it went through before trying again.",
            traced=True,
        ),
    ),
    (Unreadable, ErrorReply(headline="A stored value can’t be read", next="Tell an admin.")),
)


def explain(error: Exception, *, reference: str) -> ProblemReply:
    """Return the private answer to an error; one that is not in the table is our bug, logged with a reference."""
    for kind, say in ANSWERS:
        if isinstance(error, kind):
            sentence = str(error) if say.told else ""
            facts = {"kind": type(error).__name__, "reference": reference}
            # No line for each refusal of a stranger, who could fill the disk with them (A25).
            if not (isinstance(error, Refusal) and error.is_counted):
                _log.info("command.refused", exc_info=error if say.traced else None, extra=facts)
            return ProblemReply(headline=say.headline, says=sentence, next=say.next)
    _log.error("command.broken", exc_info=error, extra={"reference": reference})
    return ProblemReply(
        headline="Something went wrong on our side",
        says=f"Send this reference to an admin: {reference}",
        next="",
    )
