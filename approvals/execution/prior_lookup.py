"""Asks Paytend before the first send whether it has our reference already.

The database may not know what was sent: it may be a replica that was behind when the first one died, or a backup.
"""

from dataclasses import replace

from approvals.actions.answer_evidence import Asked, Question, is_free, judge_change
from approvals.actions.outcomes import Outcome, Reading, Said
from approvals.actions.refusal_readers import RefusalContext, read_failure
from approvals.actions.table import find_action
from approvals.execution.execution import ClaimedExecution
from paytend import Sender
from paytend.errors import PaytendError

NOT_ASKED = (
    "Nothing was sent, because Paytend could not say whether it was sent before. It is asked again. {words}"
)


def ask_before(work: ClaimedExecution, client: Sender) -> ClaimedExecution | Outcome:
    """Return the claim if it may be sent, else the outcome: Paytend has it already, or cannot say."""
    action = find_action(work.action)
    if action.question is not Question.REFERENCE or action.lookup is None or action.read_lookup is None:
        return work
    try:
        answer = client.send(action.lookup(work.payload, work.reference))
    except PaytendError as error:
        reading = read_failure(error, context=RefusalContext(asked=Asked.BEFORE, codes=work.codes))
    else:
        reading = action.read_lookup(answer, work.payload, work.reference)
    if is_free(reading):
        # Only a signed one says with which code Paytend means it.
        return replace(work, absent_code=reading.code if reading.said is Said.ABSENT else "")
    return _put_into_words(judge_change(reading, question=Question.REFERENCE, asked=Asked.BEFORE), reading)


def _put_into_words(outcome: Outcome, reading: Reading) -> Outcome:
    if outcome.result == "never_sent":
        return replace(outcome, words=NOT_ASKED.format(words=reading.words).strip())
    words = f"Paytend has this reference already, so nothing was sent now. {reading.words}"
    return replace(outcome, words=words)
