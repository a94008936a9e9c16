"""The client of Socket Mode: slack_sdk's, whose connections stay over once they are over."""

from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import ConnectionState


class SocketState(ConnectionState):
    """Whether a connection is over, which is never taken back."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set it, unless it says that what is over goes on."""
        if name == "terminated" and not value and getattr(self, "terminated", False):
            return
        super().__setattr__(name, value)


class SocketClient(SocketModeClient):
    """Ends, and replaces its connection, in any instant.

    In slack_sdk the thread that reads marks a connection as going on when it begins. If it was closed or replaced
    a moment before, that thread reads a closed socket for ever: `close` waits for it, and nobody reads the
    connection that came in its place.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep a state that is never taken back."""
        state = SocketState() if name == "current_session_state" else value  # type: ignore[no-untyped-call] # of slack_sdk
        super().__setattr__(name, state)


class SocketEdge(SocketModeHandler):
    """Hands what Slack sends over the socket to Bolt."""

    def __init__(self, app: App, app_token: str, *, web_client: WebClient, ping_interval: float) -> None:
        """Prepare; nothing is connected yet. The interval is in seconds."""
        # Not slack_bolt's own: it would make a client of slack_sdk's class.
        self.app, self.app_token = app, app_token
        self.client = SocketClient(
            app_token=app_token,
            logger=app.logger,
            web_client=web_client,
            proxy=app.client.proxy,
            ping_interval=ping_interval,
        )
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type] # as slack_bolt does
