"""A connection that ends in the very instant in which its reading begins stays over."""

import threading
from typing import Any, cast

import pytest
from slack_sdk import WebClient

from bot.slack.socket_client import SocketClient

PATIENCE = 5.0


class Session:
    """A connection that is closed between the last look at it and the first read."""

    session_id = "1"

    def __init__(self) -> None:
        self.begins = threading.Event()
        self.closed = threading.Event()
        self.read = 0

    def is_active(self) -> bool:
        self.begins.set()
        self.closed.wait(PATIENCE)
        return True

    def run_until_completion(self, state: Any) -> None:
        while not state.terminated and self.read < 50:
            self.read += 1
            threading.Event().wait(0.01)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def client() -> SocketClient:
    return SocketClient(app_token="xapp-1", web_client=WebClient(), ping_interval=1)


def test_s5_a_close_in_that_instant_ends(client: SocketClient) -> None:
    session = Session()
    client.current_session = cast("Any", session)
    assert session.begins.wait(PATIENCE)

    client.close()

    assert session.read == 0


def test_s5_a_new_connection_in_that_instant_is_read(client: SocketClient) -> None:
    session = Session()
    client.current_session = cast("Any", session)
    assert session.begins.wait(PATIENCE)
    old = client.current_session_state

    # As its `connect` replaces one.
    old.terminated = True
    client.current_session_state = cast("Any", object())
    session.close()
    old.terminated = False

    assert old.terminated
    assert not client.current_session_state.terminated
    client.close()
