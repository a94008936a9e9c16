"""Socket Mode that hears nothing is noticed within ten seconds and replaced, without tracebacks."""

import logging
import threading
from dataclasses import dataclass

import pytest

from bot.slack.socket_watch import LOOKED_AT, SILENT, SocketWatch, keep_connecting


@dataclass
class Session:
    last_ping_pong_time: float | None = None


class Client:
    """As much of slack_sdk's client as is looked at."""

    def __init__(self) -> None:
        self.current_session = Session()
        self.connected = True
        self.connections = 0

    def is_connected(self) -> bool:
        return self.connected

    def connect_to_new_endpoint(self, *, force: bool) -> None:
        assert force
        self.connections += 1
        self.current_session = Session()


def test_s5_a_connection_whose_pings_were_never_answered_is_dead_within_ten_seconds() -> None:
    client, now, seen = Client(), [100.0], list[bool]()
    watch = SocketWatch(client=client, monotonic=lambda: now[0], observe=seen.append)

    assert watch.is_alive()
    now[0] += SILENT - 0.1
    assert watch.is_alive()
    now[0] += 0.1
    assert not watch.is_alive()
    assert SILENT + LOOKED_AT < 10
    assert seen == [True, True, False]
    watch.reconnect()
    assert watch.is_alive()


def test_s5_answered_pings_keep_it_alive_and_a_closed_one_counts_as_not_connected() -> None:
    client, now, seen = Client(), [100.0], list[bool]()
    watch = SocketWatch(client=client, monotonic=lambda: now[0], observe=seen.append)
    for number in range(5):
        client.current_session.last_ping_pong_time = float(number)
        assert watch.is_alive()
        now[0] += 6

    client.connected = False
    assert watch.is_alive()  # its client may be about to connect again
    assert seen[-1] is False
    now[0] += SILENT
    assert not watch.is_alive()


def test_s5_a_refused_connection_is_tried_again_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    stop, wake, seen, tries = threading.Event(), threading.Event(), list[bool](), list[int]()

    def connect() -> None:
        tries.append(1)
        if len(tries) == 3:
            stop.set()
        raise OSError("503")

    with caplog.at_level(logging.WARNING):
        keep_connecting(connect, stop, wake, observe=seen.append, pause=0.001)

    assert (len(tries), seen) == (3, [False, False, False])
    assert [record.exc_info for record in caplog.records] == [None, None, None]
