"""The stages of a purchase become one, whatever their order."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from notifier.inbox.event_facts import TransactionChanged, TransactionFacts, TransactionNotice
from notifier.inbox.notice_kinds import ALARMING, STATUS_WORDS
from notifier.inbox.purchases import join, merge, name_stage
from notifier.inbox.tables import Purchase, PurchaseName
from notifier.outbox.notice_facts import WhyFacts
from notifier.routing.notification import Notification
from paytend import Money
from tests.notifier.conftest import NotifierWorld

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def stage(word: str, minute: int = 0, **more: Any) -> TransactionNotice:
    facts: dict[str, Any] = dict.fromkeys(field.name for field in fields(TransactionFacts)) | {
        "mentions": (),
        "stages": (),
        "late": False,
        "status": word,
        "happened": START + timedelta(minutes=minute),
        "amount": Money.parse("12.00", "EUR"),
        "other_amount": None,
        "merchant": None,
        "trade_id": "T1",
        "related_id": None,
        "card_id": "1755902",
        "auth_code": None,
    }
    return TransactionNotice(**facts | more)


def merged(stages: tuple[TransactionNotice, ...]) -> TransactionNotice:
    facts: TransactionNotice | None = None
    for each in stages:
        facts = merge(facts, each)
    assert facts is not None
    return facts


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_purchase_is_as_far_as_it_has_come_in_whatever_order_it_was_told(order: tuple[int, ...]) -> None:
    stages = [stage("authorised", merchant="CAFÉ"), stage("settled", 2), stage("reversed", 5)]

    facts = merged(tuple(stages[place] for place in order))

    assert facts.status == "reversed"
    assert facts.merchant == "CAFÉ"
    assert [each.word for each in facts.stages] == ["authorised", "settled", "reversed"]


def test_a_stage_that_is_told_again_stands_there_once() -> None:
    facts = merged((stage("authorised"), stage("settled", 2), stage("authorised")))

    assert (facts.status, len(facts.stages)) == ("settled", 2)


@pytest.mark.parametrize("word", sorted(ALARMING))
def test_what_ended_badly_stays_so(word: str) -> None:
    before = {"declined": "authorised", "cancelled": "authorised"}.get(word, "settled")

    assert merged((stage(word, 1), stage(before))).status == word


@pytest.mark.parametrize("word", STATUS_WORDS)
def test_every_status_can_stand_alone(word: str) -> None:
    assert merged((stage(word),)).status == word


def test_a_reversal_names_what_it_reverses_and_a_refund_stands_by_itself() -> None:
    reversal = stage("reversed", trade_id="T2", related_id="T1", auth_code="004711")

    assert name_stage(reversal) == ["trade:T2", "trade:T1", "auth:1755902:004711"]
    assert name_stage(stage("refunded", trade_id="T3", related_id="T1")) == ["trade:T3"]
    assert name_stage(stage("declined", trade_id=None, card_id=None)) == []


def test_a_purchase_that_an_older_version_kept_is_continued(world: NotifierWorld) -> None:
    """Its row lacks facts that came later, has one that is no longer used, and has times and money as texts."""
    stored = {
        "status": "authorised",
        "amount": "12.00 EUR",
        "merchant": "CAFÉ",
        "trade_id": "T1",
        "happened": START.isoformat(),
        "gone": "by now",
        "why": {"value": {"event": "E1"}},
        "stages": [{"word": "authorised", "at": START.isoformat(), "amount": "12.00 EUR"}],
    }
    sealed = world.vault.seal(json.dumps(stored).encode(), table="purchase", row="P1", column="facts")
    later = Notification(kind="transaction", facts=stage("reversed", 5))
    with world.database.writing() as session:
        session.add(Purchase(id="P1", begun_at=START, facts=sealed))
        session.add(PurchaseName(name="trade:T1", purchase_id="P1"))

    with world.database.writing() as session:
        joined = join(
            session, later, stage("reversed", 5), vault=world.vault, make_id=world.make_id, now=world.clock.now
        )

    assert isinstance(joined.facts, TransactionNotice)
    assert (joined.facts.status, joined.facts.merchant, joined.subject) == ("reversed", "CAFÉ", "purchase:P1")
    assert joined.facts.why == WhyFacts(value={"event": "E1"})
    assert [(each.word, each.at) for each in joined.facts.stages] == [
        ("authorised", START),
        ("reversed", START + timedelta(minutes=5)),
    ]
    assert isinstance(joined.reply, TransactionChanged)
