"""Why a purchase was declined, from what is stored and from one look at the card (pure).

Paytend sends no reason. What explains a decline is what was so at that time: a look comes afterwards, so it counts
for a decline of just now and for no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.inbox.event_facts import DeclineReason, TransactionNotice
from paytend import Money
from paytend.models.codes import AuditStatus, CardStatus

LOOK_COUNTS = timedelta(minutes=10)  # between a decline and the look at its card
_CLOCKS_DIFFER = timedelta(minutes=1)  # Paytend's from ours: a report may seem to be after the decline


@dataclass(frozen=True, kw_only=True)
class LossReport:
    """Who reported a card lost here, and when; `account` is their Slack account."""

    account: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class CardLook:
    """A card as Paytend shows it now, with its cardholder's name and review; None is what it did not say."""

    holder_name: str | None
    status: CardStatus | None = None
    review: AuditStatus | None = None
    balances: Sequence[Money] = ()
    last_four: str | None = None
    holder_id: str | None = None


def explain(
    facts: TransactionNotice,
    *,
    now: datetime,
    report: LossReport | None = None,
    reporter: str | None = None,
    look: CardLook | None = None,
) -> DeclineReason | None:
    """Return why a purchase was declined, None where that is not known; `reporter` is the name behind `report`.

    Of one that succeeded although its card was reported lost, that report.
    """
    if facts.despite is not None:
        is_same = report is not None and report.at == facts.despite.at
        return replace(facts.despite, by=reporter) if is_same else facts.despite
    if facts.status != "declined":
        return None
    declined_at = facts.happened or now
    if look is not None and now - declined_at > LOOK_COUNTS:
        look = None
    if report is not None and report.at > declined_at + _CLOCKS_DIFFER:
        report = None
    return (
        _explain_by_card(look, report=report, reporter=reporter)
        or _explain_by_review(look)
        or _explain_by_balance(facts, look)
    )


def _explain_by_card(
    look: CardLook | None, *, report: LossReport | None, reporter: str | None
) -> DeclineReason | None:
    status = look.status if look else None
    if status is None:  # not looked at, or not said: what is stored has to do
        return DeclineReason(kind="lost", by=reporter, at=report.at) if report else None
    if status == CardStatus.LOST:
        return DeclineReason(kind="lost", by=reporter if report else None, at=report.at if report else None)
    if status == CardStatus.ACTIVE or not status.known:
        return None
    return DeclineReason(kind="card", status=status.text)


def _explain_by_review(look: CardLook | None) -> DeclineReason | None:
    review = look.review if look else None
    if review is None or review == AuditStatus.APPROVED:
        return None
    return DeclineReason(kind="kyc", status=review.text)


def _explain_by_balance(facts: TransactionNotice, look: CardLook | None) -> DeclineReason | None:
    asked = facts.amount
    if asked is None:
        return None
    # What the decline itself says is of its moment; the look is of now.
    said = (facts.balance,) if facts.balance else look.balances if look else ()
    size = abs(asked.amount)
    found = next((money for money in said if money.currency == asked.currency), None)
    if found is None or found.amount >= size:
        return None
    return DeclineReason(kind="balance", balance=found, asked=Money(amount=size, currency=asked.currency))
