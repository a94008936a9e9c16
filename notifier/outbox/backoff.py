"""What to do after an attempt that did not succeed: again, when, and what has to wait with it (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(seconds=8)  # so that everything is posted within a minute of Slack's return
LONGEST_PAUSE_OF_CLOSED = timedelta(seconds=30)  # a channel that the bot is not in
FIRST_PAUSE_OF_ONE = timedelta(seconds=10)
FIRST_PAUSE_OF_ALL = timedelta(seconds=30)
LONGEST_PAUSE_OF_ALL = timedelta(minutes=10)
DEAD_AFTER = timedelta(hours=24)
MOST_IN_LANE = 4  # tries after which a message no longer holds its lane
MOST_REFUSALS = 5
MOST_BLIND_REPEATS = 1


class Trouble(StrEnum):
    """What Slack's answer, or its absence, means for a delivery."""

    LIMITED = "limited"  # 429: nothing happened, wait as long as Slack says
    NEVER_SENT = "never sent"  # refused connection, DNS: nothing happened
    IN_DOUBT = "in doubt"  # timeout, reset, 5xx: it may have happened
    NOT_SAID = "not said"  # in doubt, and Slack does not let us look
    UNAUTHORISED = "unauthorised"  # the token is no longer good: nothing at all can be sent
    UNREACHABLE = "unreachable"  # this channel cannot be written to
    BAD_FORM = "bad form"  # blocks or text that Slack refuses: plain text may pass
    GONE = "gone"  # the message to edit, or the thread to answer, is gone
    REFUSED = "refused"  # anything else, our own mistakes included


_OWN_FAULT = frozenset({Trouble.REFUSED, Trouble.BAD_FORM, Trouble.GONE})
# An outage, or something that Slack cannot digest: the next message of the lane shows which.
_PERHAPS_ITS_OWN = frozenset({Trouble.IN_DOUBT, Trouble.NEVER_SENT})


class Scope(StrEnum):
    """What has to wait with the delivery."""

    DELIVERY = "delivery"
    LANE = "lane"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class History:
    """What was tried so far, this attempt included; `pauses_of_all` counts how often all was paused.

    It is `alone` when later ones of its lane were delivered while it failed, and `behind` while an earlier one has
    stepped aside and nothing was delivered since, so that this may be an outage.
    """

    attempts: int
    repeats: int
    first_tried_at: datetime
    pauses_of_all: int
    alone: bool = False
    behind: bool = False


@dataclass(frozen=True, kw_only=True)
class RetryDecision:
    """Whether there is another attempt, after which wait, and what waits with it.

    What steps aside waits `alone_for`, and its lane goes on.
    """

    again: bool
    wait: timedelta = timedelta(0)
    scope: Scope = Scope.DELIVERY
    alone_for: timedelta | None = None


def decide_retry(
    trouble: Trouble, *, history: History, retry_after: timedelta | None, now: datetime, jitter: float
) -> RetryDecision:
    """Return what to do after this trouble; `jitter` is 0 to 1, `retry_after` what Slack asked for."""
    if trouble is Trouble.UNAUTHORISED:
        # This does not age the delivery: after a reinstallation the whole backlog is delivered.
        pause = _grow(FIRST_PAUSE_OF_ALL, history.pauses_of_all, jitter, most=LONGEST_PAUSE_OF_ALL)
        return RetryDecision(again=True, wait=pause, scope=Scope.ALL)
    if _is_over(trouble, history=history, now=now):
        return RetryDecision(again=False)
    if trouble is Trouble.LIMITED:
        # Jitter only adds: Slack refuses whatever comes before its Retry-After is over. Without one it may last.
        least = retry_after or _grow(FIRST_PAUSE, history.attempts - 1, 0.5, most=LONGEST_PAUSE_OF_ALL)
        return RetryDecision(again=True, wait=least + timedelta(seconds=jitter), scope=Scope.LANE)
    if trouble in _OWN_FAULT:  # what is wrong with one message must not block the others of its lane
        pause = _grow(FIRST_PAUSE_OF_ONE, history.attempts - 1, jitter, most=LONGEST_PAUSE_OF_ALL)
        return RetryDecision(again=True, wait=pause, scope=Scope.DELIVERY)
    # Somebody has to let us in first, which takes longer than an outage of Slack.
    most = LONGEST_PAUSE_OF_CLOSED if trouble is Trouble.UNREACHABLE else LONGEST_PAUSE
    pause = _grow(FIRST_PAUSE, history.attempts - 1, jitter, most=most)
    if trouble not in _PERHAPS_ITS_OWN or history.attempts < MOST_IN_LANE:
        return RetryDecision(again=True, wait=pause, scope=Scope.LANE)
    return _step_aside(history, pause=pause, jitter=jitter)


def _step_aside(history: History, *, pause: timedelta, jitter: float) -> RetryDecision:
    """Return what to do with what may be an outage or a trouble of its own."""
    longer = _grow(FIRST_PAUSE_OF_ONE, history.attempts - 1, jitter, most=LONGEST_PAUSE_OF_ALL)
    if history.alone:
        return RetryDecision(again=True, wait=longer, alone_for=longer)
    if history.behind:
        return RetryDecision(again=True, wait=pause, scope=Scope.LANE, alone_for=longer)
    # In an outage what is tried beside the first is in doubt afterwards, so that is done every fourth time only.
    if history.attempts % MOST_IN_LANE:
        return RetryDecision(again=True, wait=pause, scope=Scope.LANE)
    return RetryDecision(again=True, wait=pause, alone_for=pause)


def _is_over(trouble: Trouble, *, history: History, now: datetime) -> bool:
    # Since the first attempt: a delivery that waited behind others in an outage is not older for it.
    if now - history.first_tried_at >= DEAD_AFTER:
        return True
    if trouble is Trouble.NOT_SAID:
        return history.repeats >= MOST_BLIND_REPEATS
    return trouble in _OWN_FAULT and history.attempts >= MOST_REFUSALS


def _grow(first: timedelta, steps: int, jitter: float, *, most: timedelta) -> timedelta:
    """Double the pause for each step, up to the longest, times 0.5 to 1.5."""
    # Without the 16 a long outage would make a product that no timedelta can be.
    doubled: timedelta = min(first * (1 << min(steps, 16)), most)
    return doubled * (0.5 + jitter)
