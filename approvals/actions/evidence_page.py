"""Writes docs/evidence.md from the table of what an answer proves, so that people can read it. Pure."""

from collections.abc import Iterator

from approvals.actions.answer_evidence import EVIDENCE, Asked, Evidence, Question
from approvals.actions.table import ACTIONS

_INTRODUCTION = """# What an answer of Paytend proves

Made from `EVIDENCE` in `approvals/actions/answer_evidence.py` by
`approvals/actions/evidence_page.py`; a test keeps this page current.

Money must not move twice, so *failed* needs evidence that it did not happen: what failed may be asked for again.
A refusal alone is not evidence. It may refuse the repetition of what was done before, it may come before the work,
and its signature covers a code and a text but not our request. `paytend.final_refusals` in `cardops.yml` names the
codes that Paytend has confirmed to be final; `paytend.no_such_order` names those that mean "no such order". Where
the second list is empty, the code that Paytend gives for our new reference just before the send counts, and only
for that request; a refusal whose words say that Paytend was busy, timed out or failed inside never counts so.

What is executed or failed is not always the end: where a row says so, and after people have settled something,
Paytend is asked for 30 days whether it stays that way. When it says the opposite, on-call and managers are
alarmed, no more money moves on the card, and two people settle it again ([runbook](runbook.md)).
"""
_TITLES = {
    Asked.BEFORE: "Before the first send",
    Asked.CHANGE: "The answer to the change",
    Asked.LATER: "The question afterwards",
}
_WORDS = {
    Asked.BEFORE: "Asked just before the send, of actions that Paytend knows by our reference.",
    Asked.CHANGE: "It was sent, once. Nothing here leads to a second send of what may have arrived.",
    Asked.LATER: "Asked with growing pauses while the outcome is unknown.",
}


def write_evidence() -> str:
    """Return docs/evidence.md."""
    return "".join((_INTRODUCTION, *_write_actions(), *(text for asked in Asked for text in _write_table(asked))))


def _write_actions() -> Iterator[str]:
    yield "\n## How Paytend can be asked about each action\n\n| Action | Asked |\n|---|---|\n"
    for action in ACTIONS.values():
        yield f"| `{action.name}` | {action.question} |\n"


def _write_table(asked: Asked) -> Iterator[str]:
    yield f"\n## {_TITLES[asked]}\n\n{_WORDS[asked]}\n\n"
    yield "| Paytend's answer | For what is asked | Believed | Next | Why |\n|---|---|---|---|---|\n"
    for row in EVIDENCE:
        if row.asked is asked:
            yield f"| {row.said} | {_write_questions(row)} | {row.belief} | {row.next} | {row.why} |\n"


def _write_questions(row: Evidence) -> str:
    if row.questions == frozenset(Question):
        return "in any way"
    return " or ".join(question for question in Question if question in row.questions)
