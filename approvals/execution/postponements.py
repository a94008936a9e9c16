"""Puts off approved requests that cannot be tried now, or ends those that Paytend says it cannot know.

The put-off is in the row, so that a restart and other replicas know it. Its pauses grow, and what was never put
off is tried first: requests that cannot be looked at do not starve the others.
"""

import re
from datetime import datetime, timedelta

from sqlmodel import Session

from approvals.audit.quotes import keep_code
from approvals.context import ApprovalContext
from approvals.execution.execution import Late, lock_approved
from approvals.policy.people import DirectoryUnreadable
from approvals.refusals import Refusal
from approvals.requests.move import CLOCK, Overtaken, move
from approvals.stops.standing import Stopped
from paytend.errors import PaytendError, Refused
from paytend.redaction import mask_text

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 160, 300))
_SAME_REFUSALS = 3  # of one request in a row; by then Paytend is not just busy
# Paytend publishes no list of codes; its own words are all there is to know it by.
_NO_SUCH = re.compile(r"\bnot exist|\bno such\b|\bnot found\b|\bunknown card\b|\binvalid card\b", re.IGNORECASE)
_LONGEST = 300  # characters


def pause_after(times: int) -> timedelta:
    """Return how long to wait after being put off this often: 10 s after the first time, at most 5 min."""
    return PAUSES[min(max(times, 1), len(PAUSES)) - 1]


def put_off(
    session: Session, context: ApprovalContext, *, request_id: str, error: Exception, now: datetime
) -> None:
    """Have an approved request wait because of an error before anything was sent, or end it.

    It ends when Paytend says, signed, that it has no such card, or says the same no for the third time.
    """
    if isinstance(error, Stopped | Late):
        return  # it is found again as soon as the stop is over, or ends
    try:
        request = lock_approved(session, request_id)
    except Overtaken:
        return  # it was moved, or another process has it
    why = mask_text(_say(error))[:_LONGEST]
    times = request.put_off + 1
    if isinstance(error, Refused) and _is_final(error, same=times if request.waits == why else 1):
        words = f"Stopped before sending: {why} Check the card and request it again."
        said = {"code": keep_code(error.code)}
        move(session, context, request, "execution:refused", actor=CLOCK, words=words, now=now, facts=said)
        return
    # The same columns for all reasons; a new one starts with the short pauses again.
    request.put_off = times if request.waits == why else 1
    request.waits = why
    request.not_before = now + pause_after(request.put_off)
    session.add(request)
    session.flush()


def _say(error: Exception) -> str:
    """Return an expected error in words; others are for the log, as they may quote anything."""
    match error:
        case Refusal() | PaytendError():
            return str(error)
        case DirectoryUnreadable():
            return "Slack didn’t say who has which role."
        case _:
            return "Something went wrong in cardops; its log has more."


def _is_final(refused: Refused, *, same: int) -> bool:
    # An unsigned refusal may come from anybody on the way.
    return refused.verified and (_NO_SUCH.search(refused.reason) is not None or same >= _SAME_REFUSALS)
