"""What is said when something goes wrong: one table, from the error to the words, for every edge."""

import logging
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from approvals.policy.people import DirectoryBusy, DirectoryUnreadable, ScopeMissing
from approvals.refusals import Refusal
from bot.threads import Busy
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


# The first row that fits: a subclass comes before its base.
ANSWERS: tuple[tuple[type[Exception], ErrorReply], ...] = (
    (Refusal, ErrorReply(headline="Not done", told=True)),
    (
        RefusedChange,
        ErrorReply(
            headline="Paytend declined",
            told=True,
            # Paytend also refuses to repeat what it has done already.
            next="It may have been done all the same: look at the card or cardholder before you try again.",
        ),
    ),
    (Refused, ErrorReply(headline="Paytend declined", told=True, next="Nothing was changed.")),
    (NotSendable, ErrorReply(headline="Not sent", told=True)),
    (
        Unreachable,
        ErrorReply(headline="Paytend does not answer", next="Nothing was changed. Please try again in a minute."),
    ),
    (
        OutcomeUnknown,
        ErrorReply(
            headline="The outcome is not known",
            next="It was sent to Paytend, but no answer came. Look at the card or cardholder before trying again.",
        ),
    ),
    (
        AnotherSubject,
        ErrorReply(headline="Paytend's answer is not about this", told=True, next="Please tell an admin."),
    ),
    (
        ProtocolError,
        ErrorReply(
            headline="Paytend's answer cannot be trusted",
            next="If this was a change, look at the card or cardholder before trying again. Please tell an admin.",
        ),
    ),
    (
        DirectoryBusy,
        ErrorReply(headline="Slack is busy", next="Nothing was done. Please try again in a minute."),
    ),
    (
        ScopeMissing,
        ErrorReply(
            headline="The app lacks a scope in Slack",
            told=True,
            next="Please tell an admin: install the app again from `cardops manifest`.",
        ),
    ),
    (
        DirectoryUnreadable,
        ErrorReply(headline="Slack did not say who you are", next="Please try again in a minute."),
    ),
    (
        Busy,
        ErrorReply(
            headline="Too much is going on right now", next="Nothing was done. Please try again in a minute."
        ),
    ),
    (
        SQLAlchemyError,
        ErrorReply(
            headline="Our database does not answer",
            next="Please look whether it was done before you try again.",
            traced=True,
        ),
    ),
    (Unreadable, ErrorReply(headline="A stored value cannot be read", next="Please tell an admin.")),
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
        headline="Something is broken on our side",
        says=f"Reference {reference}",
        next="Please tell an admin this reference; it stands beside the details in the log.",
    )
