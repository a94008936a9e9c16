"""Where answers go: to Slack and to nobody else, and to the person all the same."""

import socket
from collections.abc import Iterator

import pytest

from bot.slack.slack_urls import belongs_to_slack
from tests.journeys.world import CARD, SUPPORT, JourneyWorld, text_of

HOSTS = ("hooks.slack.com",)
BASE = "https://slack.com/api/"


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """A server of somebody else."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        yield server


def asks_with(world: JourneyWorld, url: str, **changes: str) -> int | None:
    """Ask for a card, with another response URL in the signed payload."""
    payload = world.types(SUPPORT, "/cardops help", channel="C0ALERTS").payload
    world.slack.ephemerals(SUPPORT).clear()
    changed = payload | {
        "command": "/card",
        "text": f"info {CARD}",
        "trigger_id": f"t{hash(url)}",
        "response_url": url,
    }
    delivery = world.slack.sends("slash_commands", changed | changes)
    world.settles()
    return delivery.status


def test_x11_an_answer_goes_to_no_other_host_and_is_not_lost(
    sqlite_world: JourneyWorld, elsewhere: socket.socket
) -> None:
    before = len(sqlite_world.slack.ephemerals(SUPPORT))

    asks_with(sqlite_world, f"http://127.0.0.1:{elsewhere.getsockname()[1]}/commands/1")

    with pytest.raises(TimeoutError):
        elsewhere.accept()
    shown = sqlite_world.slack.ephemerals(SUPPORT)
    assert len(shown) > before
    assert CARD in text_of(shown[-1])


@pytest.mark.parametrize(
    "url",
    [
        "https://[",
        "://",
        "https://hooks.slack.com:99999/x",
        "https://hooks.slack.com\x00/",
        "nothing",
        "https://" + "a" * 5000,
    ],
)
def test_x11_a_malformed_response_url_loses_nothing(sqlite_world: JourneyWorld, url: str) -> None:
    before = len(sqlite_world.slack.ephemerals(SUPPORT))

    asks_with(sqlite_world, url)

    shown = sqlite_world.slack.ephemerals(SUPPORT)
    assert len(shown) > before
    assert CARD in text_of(shown[-1])


def test_x11_a_delivery_for_another_app_is_refused(sqlite_world: JourneyWorld) -> None:
    sqlite_world.bot.base.clients.access.learn_app()
    assert sqlite_world.bot.base.clients.access.identity.app_id == sqlite_world.slack.state.team.app_id
    calls = len(sqlite_world.paytend.calls)

    assert asks_with(sqlite_world, "", api_app_id="A0ANOTHER") == 401
    assert len(sqlite_world.paytend.calls) == calls


@pytest.mark.parametrize(
    ("url", "base", "ours"),
    [
        ("https://hooks.slack.com/commands/T0/1/x", BASE, True),
        ("https://hooks.slack.com:443/commands/T0/1/x", BASE, True),
        ("https://HOOKS.slack.com/x", BASE, True),
        ("http://hooks.slack.com/commands/T0/1/x", BASE, False),
        ("https://hooks.slack.com.example.org/x", BASE, False),
        ("https://hooks.slack.com@example.org/x", BASE, False),
        ("https://me@hooks.slack.com/x", BASE, False),
        ("https://hooks.slack.com:8443/x", BASE, False),
        ("https://example.org/hooks.slack.com", BASE, False),
        ("https://example.org\\@hooks.slack.com/x", BASE, False),
        ("https://hooks.slack.com\r\nX: y", BASE, False),
        ("https://hooks.\u0455lack.com/x", BASE, False),
        ("http://127.0.0.1:4000/x", BASE, False),
        ("http://127.0.0.1:4000/x", "http://127.0.0.1:4000/api/", True),
        ("http://127.0.0.1:4001/x", "http://127.0.0.1:4000/api/", False),
        ("", BASE, False),
    ],
)
def test_x11_what_belongs_to_slack(url: str, base: str, ours: bool) -> None:
    assert belongs_to_slack(url, hosts=HOSTS, base_url=base) is ours
