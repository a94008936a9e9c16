"""The webhook edge of a whole bot, and a Paytend that seals whatever a test wants, with the keys of both sides."""

import json
from typing import Any

from sqlmodel import select

from notifier.inbox.tables import InboxEvent
from tests import once
from tests.journeys.world import JourneyWorld
from tests.paytend.peer import Peer

REFUSED = (401, {"status": "01", "msg": "refused"})
TAKEN = (200, {"status": "00", "msg": "success"})
LATER = (503, {"status": "99", "msg": "try again"})
CONTENT: dict[str, Any] = {
    "cardId": "1755902",
    "cardNo": "533333******4242",
    "currency": "EUR",
    "amount": "1250",
    "currencyTxn": "USD",
    "txnAmount": "1340",
    "fee": "0",
    "businessDate": "2026-11-22 09:30:00",
    "tradeId": "T20261122",
    "tradeType": 151,
    "tradeSrc": "A",
    "tradeStatus": 6,
    "remark": "SHOP",
}


def make_peer() -> Peer:
    """Paytend as the bots of `tests.journeys.world` know it."""
    pairs = once.pairs()
    return Peer(ours=pairs.partner, theirs=pairs.own)


def write(**changes: Any) -> str:
    """The text of a declined purchase, with changes."""
    return json.dumps({**CONTENT, **changes}, ensure_ascii=False)


def kept(world: JourneyWorld) -> list[InboxEvent]:
    with world.bot.database.reading() as session:
        return list(session.exec(select(InboxEvent)).all())


def counted(world: JourneyWorld, outcome: str, reason: str = "") -> float:
    """How many webhooks the bot counts so."""
    labels = {"outcome": outcome, "reason": reason}
    return world.bot.web.registry.get_sample_value("cardops_webhooks_total", labels) or 0.0
