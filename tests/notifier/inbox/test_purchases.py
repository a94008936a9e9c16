"""The stages of a purchase become one, whatever their order."""

import json
import random
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.inbox.event_facts import DeclineReason, TransactionChanged, TransactionFacts, TransactionNotice
from notifier.inbox.notice_kinds import STATUS_WORDS
from notifier.inbox.purchase_ledger import MOST_ENTRIES, PurchaseEntry, PurchaseLedger
from notifier.inbox.purchases import join, name_stage
from notifier.inbox.tables import Purchase, PurchaseName
from notifier.outbox.notice_facts import WhyFacts
from notifier.routing.notification import Notification
from notifier.routing.routed_kinds import ALARMING
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


def merged(stages: Iterable[TransactionNotice], *, trade: str = "trade:T1") -> TransactionNotice:
    ledger = PurchaseLedger()
    for each in stages:
        ledger = ledger.add(PurchaseEntry(trade=trade, facts=each))
    return ledger.summary


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
    digests = {"trade": ("d2",), "related": ("d1",), "auth": ("d3", "d4")}
    reversal = stage("reversed", trade_id="T2", related_id="T1", auth_code="004711")

    assert name_stage(reversal, digests).names == [
        ["trade:d2", "trade:T2"],
        ["trade:d1", "trade:T1"],
        ["auth:d3", "auth:d4", "auth:1755902:004711"],
    ]
    refund = name_stage(stage("refunded", trade_id="T3", related_id="T1"), digests)
    assert [same[0] for same in refund.names] == ["trade:d2", "auth:d3"]
    masked = name_stage(stage("settled", trade_id="555555******4444"), {"trade": ("d2",)})
    assert masked.names == [["trade:d2"]]
    assert name_stage(stage("declined", trade_id=None, card_id=None), {}).names == []


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
            session,
            later,
            stage("reversed", 5),
            digests={"trade": world.vault.digest_name("T1")},
            vault=world.vault,
            make_id=world.make_id,
            now=world.clock.now,
        )

    assert isinstance(joined.facts, TransactionNotice)
    assert (joined.facts.status, joined.facts.merchant, joined.subject) == ("reversed", "CAFÉ", "purchase:P1")
    assert joined.facts.why == WhyFacts(value={"event": "E1"})
    assert [(each.word, each.at) for each in joined.facts.stages] == [
        ("authorised", START),
        ("reversed", START + timedelta(minutes=5)),
    ]
    assert isinstance(joined.reply, TransactionChanged)


def euros(text: str) -> Money:
    return Money.parse(text, "EUR")


def test_n2_amounts_are_summed_and_never_written_over() -> None:
    facts = merged(
        (
            stage("authorised", 0, amount=euros("100.00")),
            stage("settled", 1, amount=euros("60.00")),
            stage("settled", 2, amount=euros("40.00")),
            stage("refunded", 3, amount=euros("10.00")),
            stage("refunded", 4, amount=euros("20.00")),
        )
    )
    assert [(each.word, str(each.amount), list(map(str, each.parts))) for each in facts.stages] == [
        ("authorised", "100.00 EUR", ["100.00 EUR"]),
        ("settled", "100.00 EUR", ["60.00 EUR", "40.00 EUR"]),
        ("refunded", "30.00 EUR", ["10.00 EUR", "20.00 EUR"]),
    ]
    assert (facts.status, str(facts.amount)) == ("refunded", "30.00 EUR")


def test_n2_a_purchase_that_was_declined_first_and_then_authorised_shows_both() -> None:
    facts = merged((stage("declined"), stage("authorised", 1)))
    assert (facts.status, [each.word for each in facts.stages]) == ("authorised", ["declined", "authorised"])


def test_n2_captures_of_one_amount_are_each_one_though_the_first_was_found_by_looking() -> None:
    found = stage("settled", 0, found=True, happened_text="22.11.2026")

    facts = merged((found, stage("settled", 1), stage("settled", 2)))

    assert str(facts.amount) == "24.00 EUR"
    assert str(merged((found, stage("settled", 1))).amount) == "12.00 EUR", "and a stage is one in both forms"


def test_n2_of_more_stages_than_are_kept_the_message_says_that_its_sum_is_not_of_all() -> None:
    facts = merged(stage("settled", minute) for minute in range(MOST_ENTRIES + 1))

    assert (len(facts.stages[0].parts), facts.more_stages) == (MOST_ENTRIES, True)
    assert merged([stage("settled")]).more_stages is None


LOST = DeclineReason(kind="lost", at=START + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("minutes", "is_marked"),
    [
        ((2,), True),
        ((0,), False),
        ((2, 0), False),  # settled now, and authorised before the report: nobody could stop it
        ((1, 2), True),
    ],
)
def test_a_success_is_marked_where_its_card_was_reported_lost_before(
    minutes: tuple[int, ...], is_marked: bool
) -> None:
    words = ("settled", "authorised") if minutes[0] == 2 else ("authorised", "settled")
    stages = [stage(word, minute, despite=LOST) for word, minute in zip(words, minutes, strict=False)]

    for order in permutations(stages):
        assert merged(order).despite == (LOST if is_marked else None)
    declined = merged([stage("declined", 2, despite=LOST)])
    assert declined.despite is None, "that is what was to happen"


STAGES = st.builds(
    stage,
    st.sampled_from(STATUS_WORDS),
    st.integers(0, 5),
    amount=st.none() | st.integers(1, 9).map(lambda whole: euros(f"{whole}.00")),
    merchant=st.none() | st.sampled_from(["CAFÉ", "SHOP"]),
    trade_id=st.sampled_from(["T1", "T2"]),
    happened_text=st.none() | st.sampled_from(["10:00", "11:00"]),
    found=st.sampled_from([None, None, True]),
)
SETS = st.lists(STAGES, min_size=1, max_size=8)


@settings(max_examples=300)
@given(SETS, st.randoms(use_true_random=False))
def test_n2_any_order_and_repetition_of_stages_ends_in_the_same_message(
    stages: list[TransactionNotice], chance: random.Random
) -> None:
    check_order(stages, chance)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(SETS, st.randoms(use_true_random=False))
def test_n2_any_order_and_repetition_of_stages_ends_in_the_same_message_ten_thousand_times(
    stages: list[TransactionNotice], chance: random.Random
) -> None:
    check_order(stages, chance)


def check_order(stages: list[TransactionNotice], chance: random.Random) -> None:
    again = [*stages, *chance.choices(stages, k=3)]
    chance.shuffle(again)

    assert merged(again) == merged(stages)


@given(SETS)
def test_a_ledger_is_the_same_after_it_was_stored(stages: list[TransactionNotice]) -> None:
    ledger = PurchaseLedger()
    for each in stages:
        ledger = ledger.add(PurchaseEntry(trade="trade:T1", facts=each))
    assert PurchaseLedger.read(json.loads(json.dumps(ledger.as_json()))) == ledger
