"""Stages of several purchases in any order, repetition and interleaving: the messages end the same (N2, N7).

What belongs together is found here in another way than in the product: by joining all names that ever met.
"""

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from bot.database.engine import SqlDatabase
from notifier.inbox import purchases
from notifier.inbox.event_facts import TransactionNotice
from notifier.inbox.inbox import digest_names
from notifier.inbox.notice_kinds import make_notification
from notifier.inbox.purchase_ledger import PurchaseEntry, PurchaseLedger
from notifier.outbox.outbox import Outbox
from notifier.outbox.tables import Delivery, SlackOperation
from notifier.rendering.facts import make_plain
from notifier.routing.announcer import announce
from notifier.routing.routed_kinds import ALARMING
from notifier.routing.routes import RouteRule, Routes
from paytend.webhooks import TransactionHappened
from storage.vault import Vault
from tests.notifier.conftest import START, Ids
from tests.notifier.stories import make_transaction

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SOAK = settings(max_examples=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROUTES = Routes(
    rules=(RouteRule(kind="transaction", to=("alerts",), budget=500),), channels={"alerts": "C0ALERTS"}
)
_CODES = {
    "authorised": ("A", 1),
    "settled": ("S", 1),
    "reversed": ("S", 2),
    "declined": ("A", 6),
    "cancelled": ("S", 6),
    "voided": ("A", 7),
    "refunded": ("S", 10),
}
OF_THE_COPY = ("why", "mentions", "acknowledge", "update")

Stage = tuple[TransactionNotice, dict[str, Sequence[str]]]


def make_content(
    word: str, purchase: int, trade: int, links: tuple[bool, bool], minute: int, amount: int, found: bool | None
) -> dict[str, Any]:
    """Return what a webhook says: `trade` 0 is the purchase's first id, which others name as related, or not."""
    source, status = _CODES[word]
    by_related, by_code = links
    return {
        "tradeSrc": source,
        "tradeStatus": status,
        "tradeId": f"T{purchase}.{trade}" if trade < 3 else None,
        "relatedId": f"T{purchase}.0" if by_related else None,
        "authCode": f"00471{purchase}" if by_code else None,
        "businessDate": f"2026-11-22 10:0{minute}:00",
        "amount": str(amount * 100),
        "found": found,
    }


contents = st.builds(
    make_content,
    st.sampled_from([*_CODES, "reversed", "declined"]),
    st.integers(1, 2),
    st.integers(0, 3),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(0, 3),
    st.integers(1, 2),
    st.sampled_from([None, None, None, True]),
)
histories = st.tuples(st.lists(contents, min_size=1, max_size=7), st.randoms(use_true_random=False))


class Desk:
    """One session in which stages come; nothing is committed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.vault = Vault([b"k" * 32], random_bytes=lambda count: b"r" * count)
        self.make_id = Ids()
        self.outbox = Outbox(vault=self.vault, make_id=self.make_id)

    def read(self, content: dict[str, Any]) -> Stage:
        event, _ = make_transaction(**{name: value for name, value in content.items() if name != "found"})
        assert isinstance(event, TransactionHappened)
        facts = make_notification(event, timezone=UTC, now=START).facts
        assert isinstance(facts, TransactionNotice)
        return replace(facts, found=content["found"]), {**digest_names(event.names, vault=self.vault)}

    def comes(self, stage: Stage) -> None:
        facts, digests = stage
        notification = replace(make_notification(make_transaction()[0], timezone=UTC, now=START), facts=facts)
        notification = replace(notification, urgent=facts.status in ALARMING)
        joined = purchases.join(
            self.session,
            notification,
            facts,
            digests=digests,
            vault=self.vault,
            make_id=self.make_id,
            now=START + timedelta(minutes=1),
        )
        announce(self.session, joined, routes=ROUTES, outbox=self.outbox, now=START)

    def shown(self) -> dict[str, dict[str, Any]]:
        """What each message shows in the end, by its key."""
        rows = self.session.exec(
            select(Delivery).where(Delivery.kind == "transaction").order_by(col(Delivery.seq))
        )
        return {row.key: self.outbox.read(row) for row in rows}

    def rung(self) -> int:
        rows = self.session.exec(select(Delivery).where(Delivery.operation == SlackOperation.POST)).all()
        return sum(row.urgent for row in rows)


def find_purchases(stages: Iterable[Stage]) -> list[list[Stage]]:
    """Return the stages by purchase: those that share a name, or are linked by others that do."""
    groups: list[tuple[set[str], list[Stage]]] = []
    for facts, digests in stages:
        names = {same[0] for same in purchases.name_stage(facts, digests).names}
        met = [group for group in groups if names & group[0]] if names else []
        groups = [group for group in groups if group not in met]
        joined = [*itertools.chain.from_iterable(group[1] for group in met), (facts, digests)]
        groups.append((names.union(*(group[0] for group in met)), joined))
    return [group[1] for group in groups]


def sum_up(stages: Iterable[Stage]) -> TransactionNotice:
    return make_ledger(stages).summary


def make_ledger(stages: Iterable[Stage]) -> PurchaseLedger:
    ledger = PurchaseLedger()
    for facts, digests in stages:
        trade = purchases.name_stage(facts, digests).own
        ledger = ledger.add(PurchaseEntry(trade=trade, facts=facts))
    return ledger


def plain(facts: dict[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in facts.items() if name not in OF_THE_COPY and value))


def check_history(database: SqlDatabase, history: tuple[list[dict[str, Any]], random.Random]) -> None:
    with database.writing() as session, session.begin_nested() as undone:
        _check(Desk(session), *history)
        undone.rollback()


def _check(desk: Desk, told: list[dict[str, Any]], chance: random.Random) -> None:
    # What has no name is a message each time that it comes, so it comes once.
    stages = [stage for stage in map(desk.read, told) if purchases.name_stage(*stage).names]
    again = [*stages, *chance.choices(stages, k=2)] if stages else []
    chance.shuffle(again)

    for stage in again:
        desk.comes(stage)

    expected = [make_ledger(group) for group in find_purchases(stages)]
    wanted = {plain(make_plain(ledger.summary)) for ledger in expected}
    assert {plain(facts) for facts in desk.shown().values()} == wanted
    alarming = [stage for ledger in expected for stage in ledger.list_stages() if stage.facts.status in ALARMING]
    assert desk.rung() == len(alarming)


@FEW
@given(history=histories)
def test_n2_messages_end_the_same_and_each_urgent_stage_rings_once(
    sqlite: SqlDatabase, history: tuple[list[dict[str, Any]], random.Random]
) -> None:
    check_history(sqlite, history)


@pytest.mark.soak
@SOAK
@given(history=histories)
def test_n2_messages_end_the_same_and_each_urgent_stage_rings_once_ten_thousand_times(
    sqlite: SqlDatabase, history: tuple[list[dict[str, Any]], random.Random]
) -> None:
    check_history(sqlite, history)
