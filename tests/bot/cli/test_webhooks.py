"""`cardops webhooks` lists what came in, shows one, and has it told again."""

import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from approvals.tables import AuditEvent
from notifier.inbox.inbox import make_row, take_in
from notifier.inbox.tables import InboxEvent
from paytend import AmountUnit
from paytend.webhooks import read_event
from paytend.wire.envelope import Webhook
from paytend.wire.signatures import VerifiedForm
from storage.vault import Vault
from tests.bot.cli.conftest import Operator

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CONTENT = {"tradeId": "T1", "tradeStatus": 1, "tradeSrc": "S", "currency": "EUR", "amount": "100", "cvv": "123"}


@pytest.fixture
def event_id(operator: Operator) -> str:
    """A webhook that was taken in and told."""
    return take(operator, CONTENT, event_id="0" * 26, notify_type="1")


def take(operator: Operator, content: dict[str, Any], *, event_id: str, notify_type: str) -> str:
    text = json.dumps(content)
    webhook = Webhook(notify_type=notify_type, content=content, text=text, form=VerifiedForm.RAW, key=0)
    event = read_event(webhook, unit=AmountUnit.MINOR)
    row = make_row(
        webhook, event, now=NOW, vault=Vault([b"a" * 32], random_bytes=os.urandom), make_id=lambda: event_id
    )
    with operator.database().writing() as session:
        take_in(session, [{**row, "told_at": NOW}])
    return event_id


def test_they_are_listed_and_one_is_shown_without_its_secrets(operator: Operator, event_id: str) -> None:
    status, out, _ = operator.types("webhooks", "list", "--kind", "transaction")

    assert status == 0
    assert out.splitlines()[0].split() == [event_id, "2026-11-22", "10:00:00Z", "transaction", "told"]
    assert operator.types("webhooks", "list", "--untold")[1] == "0 in all.\n"
    assert json.loads(operator.types("webhooks", "list", "--json")[1])["failures"] == 0

    status, out, _ = operator.types("webhooks", "show", event_id)
    assert status == 0
    assert '"tradeId": "T1"' in out
    assert "123" not in out


def test_n16_each_webhook_that_nobody_understands_is_listed_and_shown(operator: Operator) -> None:
    ids = [f"{number:026d}" for number in range(3)]
    for number, event_id in enumerate(ids):
        take(operator, {"novelty": number}, event_id=event_id, notify_type="9")

    status, out, _ = operator.types("webhooks", "list", "--kind", "unrecognised")

    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[:3]] == ids[::-1]
    assert '"novelty": 2' in operator.types("webhooks", "show", ids[2])[1]


def test_a_replay_is_told_by_the_running_bot_and_stands_in_the_trail(operator: Operator, event_id: str) -> None:
    assert operator.types("webhooks", "replay", event_id)[0] == 0

    with operator.database().reading() as session:
        assert session.get_one(InboxEvent, event_id).told_at is None
        assert "webhook:replayed" in [event.event for event in session.exec(select(AuditEvent))]


def test_what_is_not_there_or_no_longer_kept_is_told(operator: Operator, event_id: str) -> None:
    with operator.database().writing() as session:
        session.get_one(InboxEvent, event_id).body = None

    for word in ("show", "replay"):
        status, _, err = operator.types("webhooks", word, event_id)
        assert (status, "content was removed" in err) == (1, True)
        assert operator.types("webhooks", word, "1" * 26)[0] == 1
