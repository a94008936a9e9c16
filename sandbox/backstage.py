"""What the demo page shows besides Slack: the panel's offers, the traffic, and the guided first minute."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox import guide, traffic
from sandbox.paytend.exchanges import Exchange
from sandbox.paytend.records import CardStatus
from sandbox.paytend.standin import PaytendStandIn
from sandbox.paytend.webhooks import Attempt, Webhook
from sandbox.slack.deliveries import Delivery
from sandbox.slack.web_api import ApiCall
from sandbox.slack.workspace import SlackWorkspace


class Backstage:
    """Follows both stand-ins; safe from any thread."""

    def __init__(self, *, offers: list[dict[str, Any]], now: Callable[[], datetime]) -> None:
        """Offer these; nothing is seen before `follow`."""
        self._offers = offers
        self._traffic = traffic.Traffic(now)
        self._seen = guide.Seen()
        self._lock = threading.Lock()
        self._slack: SlackWorkspace | None = None
        self._paytend: PaytendStandIn | None = None

    def follow(self, *, slack: SlackWorkspace, paytend: PaytendStandIn) -> None:
        """Watch both, and let the page know when something passes that Slack does not see."""
        self._slack, self._paytend = slack, paytend
        slack.watch(calls=self._api_call, deliveries=self._delivery)
        paytend.watch(calls=self._exchange, webhooks=self._webhook)

    def offers(self) -> list[dict[str, Any]]:
        """Return what can be made to happen."""
        return self._offers

    def passed(self, after: int) -> list[dict[str, Any]]:
        """Return what passed since that number, oldest first."""
        return self._traffic.rows(after)

    def passed_in_full(self, number: int) -> dict[str, Any] | None:
        """Return one of them with its contents."""
        return self._traffic.in_full(number)

    def stories(self) -> list[dict[str, Any]]:
        """Return how far the stories are."""
        with self._lock:
            seen = self._seen
        return guide.told(seen, has_read_storm=self._has_read(guide.ALERTS, since=seen.storm_told_at))

    def start_again(self) -> None:
        """Forget what the stories have seen; the lost card is found, so that it can be lost again."""
        if self._paytend is not None:
            self._paytend.events.set_card_status(guide.LOST_CARD, CardStatus.ACTIVE)
        with self._lock:
            self._seen = guide.Seen()
        self._touch()

    def _places(self) -> dict[str, str]:
        if self._slack is None:
            return {}
        channels = tuple(self._slack.state.channels.values())
        return {each.id: each.name for each in channels if each.im_of is None}

    def _has_read(self, channel: str, *, since: float) -> bool:
        """Whether somebody has looked there since; a storm that goes on is edited in place, so moments count."""
        if self._slack is None or not since:
            return False
        state = self._slack.state
        with state.lock:
            return any(place == channel and at >= since for (_, place), at in state.read_at.items())

    def _delivery(self, delivery: Delivery) -> None:
        self._traffic.add(traffic.of_delivery(delivery))
        with self._lock:
            self._seen = guide.saw_delivery(self._seen, delivery)

    def _api_call(self, call: ApiCall) -> None:
        self._traffic.add(traffic.of_api_call(call, places=self._places()))
        with self._lock:
            self._seen = guide.saw_api_call(self._seen, call)

    def _exchange(self, exchange: Exchange) -> None:
        self._traffic.add(traffic.of_exchange(exchange))
        with self._lock:
            self._seen = guide.saw_exchange(self._seen, exchange)
        self._touch()

    def _webhook(self, webhook: Webhook, attempt: Attempt) -> None:
        self._traffic.add(traffic.of_webhook(webhook, attempt))
        with self._lock:
            self._seen = guide.saw_webhook(self._seen, webhook, attempt)
        self._touch()

    def _touch(self) -> None:
        if self._slack is not None:
            self._slack.state.touch()
