"""What it says when Paytend refuses or does not answer. Pure."""

import re
from dataclasses import dataclass

from approvals.actions.answer_evidence import Asked
from approvals.actions.known_codes import KnownCodes
from approvals.actions.outcomes import Reading, Said
from paytend.errors import AnotherSubject, OutcomeUnknown, PaytendError, ProtocolError, Refused, Unreachable
from paytend.operations.encoding import NotSendable

# Only a guess at words, and it errs on the safe side: what is under way is never believed to have failed.
_UNDER_WAY = re.compile(r"process|in progress|pending|under way|underway|being handled", re.IGNORECASE)
# A guess as well: one code may stand for everything, and then only the words say that it was not looked up.
_NOT_LOOKED_UP = re.compile(
    r"busy|try again|later|time.?out|timed.?out|unavailable|maintenance|too (?:many|fast|often)"
    r"|frequent|rate.?limit|(?:system|server|internal|network|database).?(?:error|exception|failure|fault)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class RefusalContext:
    """What is known when a refusal is read: the operator's codes, and those that this execution met before.

    `absent_code` is what Paytend answered about our reference before the send, `refused_code` to the change.
    """

    asked: Asked
    codes: KnownCodes
    absent_code: str = ""
    refused_code: str = ""


def read_failure(error: PaytendError | NotSendable, *, context: RefusalContext) -> Reading:
    """Return what an exception of a call says."""
    match error:
        case Refused():
            return _read_refusal(error, context)
        case Unreachable():
            return Reading(said=Said.NOT_REACHED, words=str(error))
        case OutcomeUnknown():
            return Reading(said=Said.NO_ANSWER, words=str(error))
        case AnotherSubject():
            said = Said.ANOTHER_ORDER if error.name == "reference" else Said.ANOTHER_CONTENT
            return Reading(said=said, words=str(error))
        case NotSendable():
            return Reading(said=Said.NOT_SENDABLE, words=f"Nothing was sent: {error}")
        case _:
            return Reading(said=Said.UNTRUSTED, words=str(error) or ProtocolError.__doc__ or "")


def _read_refusal(error: Refused, context: RefusalContext) -> Reading:
    return Reading(
        said=_find_meaning(error, context), words=str(error), code=error.code, answer={"code": error.code}
    )


def _find_meaning(error: Refused, context: RefusalContext) -> Said:
    is_under_way = _UNDER_WAY.search(error.reason) is not None
    tells = not is_under_way and _NOT_LOOKED_UP.search(error.reason) is None
    if not error.verified:
        is_absent = context.asked is Asked.BEFORE and _means_absent(error.code, context, tells=tells)
        return Said.ABSENT_UNSIGNED if is_absent else Said.REFUSED_UNSIGNED
    # Signed ones only: a list of codes must not let anybody on the way end a request with one of them.
    if context.asked is Asked.CHANGE and error.code in context.codes.final_refusals:
        return Said.REFUSED_FINALLY
    if context.asked is not Asked.CHANGE and _means_absent(error.code, context, tells=tells):
        return Said.ABSENT
    return Said.UNDER_WAY if is_under_way else Said.REFUSED


def _means_absent(code: str, context: RefusalContext, *, tells: bool) -> bool:
    """Whether a refusal of the question says that there is no such order, and not that Paytend is busy.

    `tells`: its words are not those of a service that did not look it up.
    """
    if context.codes.no_such_order:
        return code in context.codes.no_such_order
    # Paytend publishes no codes. Before the send our reference is new, so what it answers then means "no such
    # order"; afterwards only the same code does, unless it refused the change with it as well.
    if context.asked is Asked.BEFORE:
        return tells
    return tells and code == context.absent_code and code != context.refused_code
