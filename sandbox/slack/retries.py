"""Events that were not acknowledged come again: at once, after a minute, after five more.

docs.slack.dev/apis/events-api: three retries with a number and a reason; `x-slack-no-retry: 1` stops them.
"""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.slack.deliveries import Answer, Envelope

PAUSES = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5))
REASONS = {
    "operation_timeout": "http_timeout",
    "dispatch_failed": "connection_failed",
    "http_client_error": "http_error",
    "http_service_error": "http_error",
}


class Retries:
    """The events that are to come again, by the movable clock; thread-safe."""

    def __init__(self, *, clock: Clock) -> None:
        """Nothing is to come again yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[tuple[datetime, Envelope]] = []

    def consider(self, envelope: Envelope, answer: Answer) -> None:
        """Line an event up again when it was not acknowledged, unless the app does not want that."""
        if answer.is_fine or answer.headers.get("x-slack-no-retry") == "1" or envelope.retry >= len(PAUSES):
            return
        again = replace(envelope, retry=envelope.retry + 1, reason=REASONS[answer.error])
        with self._lock:
            self._waiting.append((self._clock.now() + PAUSES[envelope.retry], again))

    def due(self) -> list[Envelope]:
        """Take and return the deliveries that are due now."""
        now = self._clock.now()
        with self._lock:
            due = [each for at, each in self._waiting if at <= now]
            self._waiting = [(at, each) for at, each in self._waiting if at > now]
        return due
