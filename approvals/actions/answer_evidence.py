"""What an answer proves: for each question and each answer, what is believed and what is asked next. Pure.

The one table of it. docs/evidence.md is made from it, and a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum

from approvals.actions.outcomes import LookupResult, LookupStatus, Outcome, Reading, Result, Said


class Question(StrEnum):
    """How Paytend can be asked later what became of a change."""

    REFERENCE = "by our reference"
    STATE = "by what the change leaves behind"
    NONE = "not at all"


class Asked(StrEnum):
    """What an answer belongs to."""

    BEFORE = "the question before the first send"
    CHANGE = "the change"
    LATER = "the question afterwards"


class Belief(StrEnum):
    """What is believed after an answer."""

    EXECUTED = "executed"
    FAILED = "failed"
    IN_PROGRESS = "unknown, in progress"
    UNKNOWN = "unknown"
    ABSENT = "unknown, or failed the second time"
    NOT_SENT = "not sent"
    FREE = "not sent yet"


class Next(StrEnum):
    """What happens next."""

    NOTHING = "nothing"
    CONFIRM = "Paytend is asked for 30 days whether it stays that way"
    ASK = "Paytend is asked again, or two people settle it where it cannot be asked"
    ALARM = "on-call and managers are alarmed; Paytend is asked again"
    SEND = "it is sent, once"
    LATER = "tried again after a pause; nothing is sent before"
    PEOPLE = "two people settle it"
    TWICE = "asked again after a pause: if the change was refused with a signature, the same answer means failed"


_ALL, _ASKED = frozenset(Question), frozenset({Question.REFERENCE, Question.STATE})
_ORDER, _NAMELESS = frozenset({Question.REFERENCE}), frozenset({Question.NONE})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One row of the table: for actions with one of these `questions`, what this answer is worth, and why."""

    asked: Asked
    said: Said
    questions: frozenset[Question]
    belief: Belief
    next: Next
    why: str


_BEFORE = (
    (Said.ABSENT, Belief.FREE, Next.SEND, "Paytend has nothing under our reference."),
    (
        Said.ABSENT_UNSIGNED,
        Belief.FREE,
        Next.SEND,
        "Paytend leaves some refusals unsigned; none of them moves money.",
    ),
    (
        Said.DONE,
        Belief.EXECUTED,
        Next.CONFIRM,
        "An earlier life of this request has sent it; again would be twice.",
    ),
    (Said.FAILED, Belief.FAILED, Next.CONFIRM, "Paytend has this order, and says that it failed."),
    (Said.IN_PROGRESS, Belief.IN_PROGRESS, Next.ASK, "Paytend has this order already."),
    (Said.UNDER_WAY, Belief.IN_PROGRESS, Next.ASK, "Paytend has this order already."),
    (Said.NO_STATUS, Belief.UNKNOWN, Next.ASK, "Paytend has an order with our reference, whatever its state."),
    (Said.ANOTHER_CONTENT, Belief.UNKNOWN, Next.ALARM, "Our reference stands for something else at Paytend."),
    (Said.CONTRADICTORY, Belief.UNKNOWN, Next.ALARM, "Paytend may have an order with our reference."),
    (Said.UNNAMED, Belief.NOT_SENT, Next.LATER, "It may be about any order."),
    (Said.ANOTHER_ORDER, Belief.NOT_SENT, Next.LATER, "It is about another order."),
    (Said.REFUSED, Belief.NOT_SENT, Next.LATER, "It refuses to say; `no_such_order` names the codes that do say."),
    (Said.REFUSED_UNSIGNED, Belief.NOT_SENT, Next.LATER, "Anybody on the way may have written it."),
    (Said.UNTRUSTED, Belief.NOT_SENT, Next.LATER, "Anybody on the way may have written it."),
    (Said.NOT_REACHED, Belief.NOT_SENT, Next.LATER, "Whether it was sent before is not known."),
)
_CHANGE = (
    (Said.DONE, _ALL, Belief.EXECUTED, Next.NOTHING, "Paytend signed that it did what was asked."),
    (Said.DONE_UNNAMED, _ORDER, Belief.EXECUTED, Next.CONFIRM, "It answers our call and contradicts nothing."),
    (Said.IN_PROGRESS, _ALL, Belief.IN_PROGRESS, Next.ASK, "It may still end either way."),
    (Said.UNDER_WAY, _ALL, Belief.IN_PROGRESS, Next.ASK, "It may still end either way."),
    (
        Said.FAILED,
        _ALL,
        Belief.UNKNOWN,
        Next.ASK,
        "Said before the end, it may still happen: the order is asked for.",
    ),
    (Said.REFUSED, _ALL, Belief.UNKNOWN, Next.ASK, "It may refuse the repetition of what was done before."),
    (Said.REFUSED_FINALLY, _ALL, Belief.FAILED, Next.CONFIRM, "The operator knows that this code is final."),
    (Said.REFUSED_UNSIGNED, _ALL, Belief.UNKNOWN, Next.ASK, "Anybody on the way may have written it."),
    (Said.NO_STATUS, _ALL, Belief.UNKNOWN, Next.ASK, "A status that we do not know says nothing."),
    (Said.ANOTHER_ORDER, _ORDER, Belief.UNKNOWN, Next.ASK, "It says nothing about ours."),
    (Said.ANOTHER_CONTENT, _ALL, Belief.UNKNOWN, Next.ALARM, "Something else was done than what was approved."),
    (Said.CONTRADICTORY, _ALL, Belief.UNKNOWN, Next.ALARM, "Which of the two is true, it does not say."),
    (Said.UNTRUSTED, _ALL, Belief.UNKNOWN, Next.ASK, "It was sent, and what came back proves nothing."),
    (Said.NO_ANSWER, _ALL, Belief.UNKNOWN, Next.ASK, "It was sent, and may have happened."),
    (Said.NOT_REACHED, _ALL, Belief.NOT_SENT, Next.LATER, "No connection was made, so nothing can have happened."),
    (Said.NOT_SENDABLE, _ALL, Belief.FAILED, Next.NOTHING, "Nothing was sent, and another try would fail alike."),
)
_LATER = (
    (Said.DONE, _ASKED, Belief.EXECUTED, Next.NOTHING, "Paytend says so of our order, or the card shows it."),
    (Said.FAILED, _ORDER, Belief.FAILED, Next.CONFIRM, "Paytend says so of our order, after the end."),
    (
        Said.IN_PROGRESS,
        _ORDER,
        Belief.IN_PROGRESS,
        Next.ASK,
        "Nobody can settle meanwhile that it did not happen.",
    ),
    (Said.UNDER_WAY, _ASKED, Belief.IN_PROGRESS, Next.ASK, "Nobody can settle meanwhile that it did not happen."),
    (
        Said.ABSENT,
        _ASKED,
        Belief.ABSENT,
        Next.TWICE,
        "What is sent may arrive late: its absence alone proves nothing.",
    ),
    (Said.UNNAMED, _ASKED, Belief.UNKNOWN, Next.ASK, "It may be about any order."),
    (Said.ANOTHER_ORDER, _ORDER, Belief.UNKNOWN, Next.ASK, "It says nothing about ours."),
    (Said.ANOTHER_CONTENT, _ASKED, Belief.UNKNOWN, Next.ALARM, "Something else was done than what was approved."),
    (Said.CONTRADICTORY, _ASKED, Belief.UNKNOWN, Next.ALARM, "Which of the two is true, it does not say."),
    (Said.NO_STATUS, _ASKED, Belief.UNKNOWN, Next.ASK, "A status that we do not know says nothing."),
    (
        Said.REFUSED,
        _ASKED,
        Belief.UNKNOWN,
        Next.ASK,
        "It refuses to say, which is not that there is no such order.",
    ),
    (Said.REFUSED_UNSIGNED, _ASKED, Belief.UNKNOWN, Next.ASK, "Anybody on the way may have written it."),
    (Said.UNTRUSTED, _ASKED, Belief.UNKNOWN, Next.ASK, "Anybody on the way may have written it."),
    (Said.NOT_REACHED, _ASKED, Belief.UNKNOWN, Next.ASK, "Nothing was said."),
    (Said.CANNOT_BE_ASKED, _NAMELESS, Belief.UNKNOWN, Next.PEOPLE, "There is no question for it at Paytend."),
)
_ROWS_BY_ASKED = (
    *((Asked.BEFORE, said, _ORDER, belief, then, why) for said, belief, then, why in _BEFORE),
    *((Asked.CHANGE, *row) for row in _CHANGE),
    *((Asked.LATER, *row) for row in _LATER),
)
EVIDENCE: tuple[Evidence, ...] = tuple(
    Evidence(asked=asked, said=said, questions=questions, belief=belief, next=then, why=why)
    for asked, said, questions, belief, then, why in _ROWS_BY_ASKED
)
_ROWS = {(row.asked, row.said, question): row for row in EVIDENCE for question in row.questions}

_RESULTS = {
    Belief.EXECUTED: Result.EXECUTED,
    Belief.FAILED: Result.FAILED,
    Belief.NOT_SENT: Result.NEVER_SENT,
}
_STATUSES = {
    Belief.EXECUTED: LookupStatus.EXECUTED,
    Belief.FAILED: LookupStatus.FAILED,
    Belief.IN_PROGRESS: LookupStatus.IN_PROGRESS,
    Belief.ABSENT: LookupStatus.NOT_FOUND,
}


def find_evidence(asked: Asked, said: Said, *, question: Question) -> Evidence:
    """Return the row for an answer; what the table does not foresee proves nothing."""
    unforeseen = Evidence(
        asked=asked,
        said=said,
        questions=frozenset({question}),
        belief=Belief.UNKNOWN,
        next=Next.ASK,
        why="Nobody foresaw this answer.",
    )
    return _ROWS.get((asked, said, question), unforeseen)


def judge_change(reading: Reading, *, question: Question, asked: Asked = Asked.CHANGE) -> Outcome:
    """Return what may be believed after a change was sent, or after the question before it."""
    row = find_evidence(asked, reading.said, question=question)
    return Outcome(
        result=_RESULTS.get(row.belief, Result.UNKNOWN),
        words=reading.words,
        provider_reference=reading.provider_reference,
        answer=reading.answer,
        followed=reading.followed,
        said=reading.said,
        code=reading.code,
        secret=reading.secret,
        # Kept for the lookups: a code that refused the change cannot mean "no such order" as well (A1).
        refused_code=reading.code if asked is Asked.CHANGE and reading.said is Said.REFUSED else "",
        in_progress=row.belief is Belief.IN_PROGRESS,
        confirm=row.next is Next.CONFIRM,
        alarm=row.next is Next.ALARM,
    )


def judge_lookup(reading: Reading, *, question: Question) -> LookupResult:
    """Return what may be believed after the question afterwards."""
    row = find_evidence(Asked.LATER, reading.said, question=question)
    return LookupResult(
        status=_STATUSES.get(row.belief, LookupStatus.UNREADABLE),
        words=reading.words,
        provider_reference=reading.provider_reference,
        answer=reading.answer,
        followed=reading.followed,
        said=reading.said,
        code=reading.code,
        confirm=row.next is Next.CONFIRM,
        alarm=row.next is Next.ALARM,
    )


def is_free(reading: Reading) -> bool:
    """Whether Paytend has no such order yet, so that it may be sent."""
    row = find_evidence(Asked.BEFORE, reading.said, question=Question.REFERENCE)
    return row.belief is Belief.FREE
