"""Why a purchase was declined: only what was so at that time, and what is nearest to the truth first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifier.inbox.decline_reasons import CardLook, LossReport, explain
from notifier.inbox.event_facts import DeclineReason, TransactionNotice
from notifier.inbox.notice_kinds import make_notification
from paytend import Money
from paytend.models.codes import AuditStatus, CardStatus
from tests.notifier.stories import make_transaction

NOW = datetime(2026, 11, 22, 10, 31, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)
REPORT = LossReport(account="U0SAM", at=BEFORE)
LOST = DeclineReason(kind="lost", by="Sam", at=BEFORE)


def declined(**changes: Any) -> TransactionNotice:
    """A purchase of 12.50 EUR that was declined a minute ago."""
    event, _ = make_transaction(businessDate="2026-11-22 10:30:00")
    facts = make_notification(event, timezone=UTC, now=NOW).facts
    assert isinstance(facts, TransactionNotice)
    return replace(facts, **changes)


def shows(status: str | None = "5", review: str | None = "2", balance: str | None = "50.00 EUR") -> CardLook:
    return CardLook(
        holder_name="Maria Kuusk",
        status=CardStatus(status) if status else None,
        review=AuditStatus(review) if review else None,
        balances=(Money.read(balance),) if balance else (),
    )


@pytest.mark.parametrize(
    ("look", "report", "reason"),
    [
        (shows(), None, None),
        (None, None, None),
        (None, REPORT, LOST),
        (shows("6"), REPORT, LOST),
        (shows("6"), None, DeclineReason(kind="lost")),
        (shows("5"), REPORT, None),  # it was found again at Paytend's portal
        (shows("8"), None, DeclineReason(kind="card", status="frozen")),
        (shows("7"), REPORT, DeclineReason(kind="card", status="closed")),
        (shows("99"), None, None),
        (shows(None, None, None), REPORT, LOST),
        (shows(review="3"), None, DeclineReason(kind="kyc", status="rejected")),
        (
            shows(balance="4.10 EUR"),
            None,
            DeclineReason(kind="balance", balance=Money.read("4.10 EUR"), asked=Money.read("12.50 EUR")),
        ),
        (shows(balance="4.10 USD"), None, None),
        (shows("8", "3", "4.10 EUR"), None, DeclineReason(kind="card", status="frozen")),
    ],
)
def test_what_is_nearest_to_the_truth_comes_first(
    look: CardLook | None, report: LossReport | None, reason: DeclineReason | None
) -> None:
    assert explain(declined(), now=NOW, look=look, report=report, reporter="Sam") == reason


def test_a_look_says_nothing_about_a_decline_of_long_ago() -> None:
    late = NOW + timedelta(minutes=11)

    assert explain(declined(), now=late, look=shows("8"), report=None) is None
    assert explain(declined(), now=late, look=shows("8"), report=REPORT, reporter="Sam") == LOST


def test_a_report_after_the_decline_does_not_explain_it() -> None:
    later = LossReport(account="U0SAM", at=NOW + timedelta(minutes=5))

    assert explain(declined(), now=NOW + timedelta(minutes=6), report=later) is None


def test_the_balance_of_the_decline_itself_counts_before_that_of_the_look() -> None:
    said = declined(balance=Money.read("4.10 EUR"))

    reason = explain(said, now=NOW, look=shows(balance="900.00 EUR"))

    assert reason is not None
    assert reason.balance == Money.read("4.10 EUR")


def test_what_was_not_declined_needs_no_reason() -> None:
    assert explain(declined(status="settled"), now=NOW, look=shows("6"), report=REPORT) is None
