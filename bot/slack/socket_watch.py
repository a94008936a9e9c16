"""Whether Socket Mode hears: a connection that is closed or silent is replaced, as often as it takes."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.slack.access import FIRST_PAUSE, LONGEST_PAUSE
from notifier.outbox.slack_errors import read_error_code

SILENT = 8.0  # seconds without an answer to our pings: more than two of them
LOOKED_AT = 1.0  # seconds between two looks

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class SocketWatch:
    """Knows whether Slack answered a ping lately; `client` is slack_sdk's client of Socket Mode.

    The client itself misses a connection whose pings were never answered, and one that Slack refuses to renew.
    """

    client: Any
    monotonic: Callable[[], float]
    observe: Callable[[bool], None]
    _session: object = None
    _ping: float | None = None
    _heard: float = field(default=0.0)

    def is_alive(self) -> bool:
        """Return whether the connection is young, or has answered within SILENT."""
        now, session = self.monotonic(), self.client.current_session
        ping = getattr(session, "last_ping_pong_time", None)
        if session is not self._session or ping != self._ping:
            self._session, self._ping, self._heard = session, ping, now
        # One that was closed a moment ago is not replaced here: its client may be about to connect again.
        is_alive = now - self._heard < SILENT
        self.observe(is_alive and bool(self.client.is_connected()))
        return is_alive

    def reconnect(self) -> None:
        """Connect by a new address; raises what Slack refuses it with."""
        self.client.connect_to_new_endpoint(force=True)


def keep_connecting(
    connect: Callable[[], None],
    stop: threading.Event,
    wake: threading.Event,
    *,
    is_alive: Callable[[], bool] = lambda: True,
    observe: Callable[[bool], None] = lambda _connected: None,
    pause: float = FIRST_PAUSE,
) -> None:
    """Connect Socket Mode, and again when it is not alive any more, until `stop` is set (then set `wake` too).

    Between two tries that failed there is a `pause`, then twice as long, and so on up to LONGEST_PAUSE.
    """
    first = pause
    while not stop.is_set():
        try:
            connect()
        except Exception as error:  # noqa: BLE001 - the edge of this thread: whatever fails, it is tried again
            is_connected = False
            observe(is_connected)
            _log.warning("slack.not_connected", extra={"reason": read_error_code(error)})
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause = first
            while not stop.is_set() and is_alive():
                wake.wait(LOOKED_AT)
                wake.clear()
