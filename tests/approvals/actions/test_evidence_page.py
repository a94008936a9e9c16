"""The table of what an answer proves: it is complete, it errs on the safe side, and its page is current."""

from pathlib import Path

import pytest

from approvals.actions.answer_evidence import EVIDENCE, Asked, Belief, Question, find_evidence, judge_change
from approvals.actions.evidence_page import write_evidence
from approvals.actions.outcomes import Reading, Result, Said

ROOT = Path(__file__).parents[3]


def test_the_page_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    command = "from approvals.actions.evidence_page import write_evidence; print(write_evidence(), end='')"
    assert written == write_evidence(), f'run: python -c "{command}" > docs/evidence.md'


def test_each_answer_has_one_row() -> None:
    rows = [(row.asked, row.said, question) for row in EVIDENCE for question in row.questions]
    assert len(rows) == len(set(rows))
    assert all(row.why.endswith(".") for row in EVIDENCE)


def test_only_these_answers_mean_failed() -> None:
    assert {(row.asked, row.said) for row in EVIDENCE if row.belief in (Belief.FAILED, Belief.ABSENT)} == {
        (Asked.BEFORE, Said.FAILED),
        (Asked.CHANGE, Said.REFUSED_FINALLY),
        (Asked.CHANGE, Said.NOT_SENDABLE),
        (Asked.LATER, Said.FAILED),
        (Asked.LATER, Said.ABSENT),
    }


def test_only_no_such_order_lets_it_be_sent() -> None:
    assert [(row.asked, row.said) for row in EVIDENCE if row.belief is Belief.FREE] == [
        (Asked.BEFORE, Said.ABSENT),
        (Asked.BEFORE, Said.ABSENT_UNSIGNED),
    ]


@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize("said", Said)
def test_what_nobody_foresaw_is_unknown(said: Said, question: Question) -> None:
    row = find_evidence(Asked.CHANGE, said, question=question)
    if row not in EVIDENCE:
        assert judge_change(Reading(said=said, words=""), question=question).result is Result.UNKNOWN
