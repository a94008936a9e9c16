"""What a day's comparison comes to, in one sentence; what could not be compared never reads as agreement."""

from datetime import date

import pytest

from approvals.books.classification import Finding, FindingKind
from approvals.books.entries import OwnTopUp
from approvals.books.rules import BookRule
from approvals.books.tally import Tally, say_result, sum_up
from approvals.statuses import Status
from paytend.money import Money

DAY = date(2026, 11, 20)


def finding(kind: FindingKind, money: str = "40.00 EUR", words: str = "why") -> Finding:
    own = OwnTopUp(
        request_id="r1",
        reference="ref",
        money=Money.read(money),
        card_id="1755902",
        status=Status.EXECUTED,
        day=DAY,
        at=None,
    )
    return Finding(kind=kind, words=words, day=DAY, own=own)


def said(*findings: Finding, troubles: tuple[str, ...] = ()) -> str:
    tally = Tally()
    for each in findings:
        tally.add(each)
    return say_result(sum_up(tally, rows=len(findings), troubles=troubles))


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([FindingKind.AGREED] * 31, "31 of 31 agree, 1,240.00 EUR; nothing else moved"),
        ([], "0 of 0 agree; nothing else moved"),
        ([FindingKind.AGREED, FindingKind.ABSENT], "1 of 2 agree, 40.00 EUR; 1 differs"),
        ([FindingKind.TWICE, FindingKind.NO_REQUEST], "0 of 2 agree; 2 differ"),
        ([FindingKind.NOT_OURS] * 2, "0 of 0 agree; 2 not ours, 80.00 EUR"),
        ([FindingKind.AGREED, FindingKind.UNCLEAR], "1 of 2 agree, 40.00 EUR; 1 cannot be told"),
        ([FindingKind.EARLY], "0 of 0 agree; nothing else moved; 1 too new to compare"),
    ],
)
def test_a_day_is_one_sentence(findings: list[FindingKind], sentence: str) -> None:
    assert said(*map(finding, findings)) == sentence


def test_a_list_that_is_not_whole_never_reads_as_nothing_else_moved() -> None:
    assert said(finding(FindingKind.AGREED), troubles=("a page failed",)) == "1 of 1 agree, 40.00 EUR"


def test_sums_are_by_currency() -> None:
    both = [finding(FindingKind.AGREED), finding(FindingKind.AGREED, "5.000001 USDT")]

    assert said(*both) == "2 of 2 agree, 40.00 EUR, 5.000001 USDT; nothing else moved"


def test_reasons_are_counted() -> None:
    tally = Tally()
    for words in ("a", "a", "b"):
        tally.add(finding(FindingKind.UNCLEAR, words=words))

    assert sum_up(tally, rows=3, troubles=["the list is cut"]).troubles == ["the list is cut", "2: a", "1: b"]


def test_what_is_not_agreed_does_not_agree() -> None:
    assert sum_up(Tally(), rows=0, troubles=()).agrees
    for kind in (FindingKind.UNCLEAR, FindingKind.ABSENT):
        tally = Tally()
        tally.add(finding(kind))
        assert not sum_up(tally, rows=0, troubles=()).agrees
    assert not sum_up(Tally(), rows=0, troubles=("why",)).agrees


@pytest.mark.parametrize(
    "wrong", [{"others": "ignore"}, {"prefix": "a-b"}, {"prefix": "toolong"}, {"currencies": ["Eur"]}]
)
def test_a_section_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"others|prefix|currency"):
        BookRule.model_validate(wrong)
