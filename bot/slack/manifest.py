"""The app's manifest, made from the commands: what Slack is asked for, and nothing that no call needs."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Any

import yaml

from bot.slack.handlers.table import COMMANDS
from bot.slack.scopes import OPTIONAL, SCOPES

MOST_IPS = 10  # the manifest itself would take fifty, an app ten
PLACEHOLDER = "https://cardops.example.com"

LONG_DESCRIPTION = (
    "cardops runs a card programme on Paytend from Slack. Support looks at cards and cardholders, reports cards "
    "lost and asks for top-ups; managers approve money in a thread; on-call hears of transactions, KYC results "
    "and a low partner balance. Money moves only after a second person has agreed to exactly that, exactly once."
)


class IpsUnusable(Exception):
    """Slack would not take these addresses; the message says why."""


def make_manifest(*, url: str | None, socket_mode: bool, ips: Sequence[str] = ()) -> dict[str, Any]:
    """Return the manifest; `url` is the public address of the web edge (HTTP mode).

    With `ips`, Slack takes the app's tokens from these addresses and networks only.
    """
    address = f"{(url or PLACEHOLDER).rstrip('/')}/slack/events"
    request = {} if socket_mode else {"url": address}
    interactivity = {} if socket_mode else {"request_url": address, "message_menu_options_url": address}
    events = {} if socket_mode else {"request_url": address}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "cardops",
            "description": "Cards, top-ups and approvals on Paytend",
            "long_description": LONG_DESCRIPTION,
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,  # nobody would read what people write there
            },
            "bot_user": {"display_name": "cardops", "always_online": True},
            "slash_commands": [
                {
                    "command": command.name,
                    "description": command.does,
                    "usage_hint": command.usage_hint,
                    "should_escape": False,  # else a name or a link that is typed arrives as Slack's markup
                    **request,
                }
                for command in COMMANDS
            ],
        },
        # An optional scope is in both lists.
        "oauth_config": {"scopes": {"bot": sorted(SCOPES), "bot_optional": sorted(OPTIONAL)}},
        "settings": {
            # Only the event that is handled: each other one would bring what people write in channels.
            "event_subscriptions": {**events, "bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True, **interactivity},
            "org_deploy_enabled": False,  # one installation serves one workspace
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,  # a rotated token expires, and ours is read once at start
            **({"allowed_ip_address_ranges": read_ips(ips)} if ips else {}),
        },
    }


def read_ips(texts: Sequence[str]) -> list[str]:
    """Return addresses and networks as Slack takes them, each once; raises IpsUnusable."""
    found: dict[str, None] = {}
    for text in texts:
        try:
            network = IPv4Network(text)
        except ValueError as error:
            raise IpsUnusable(
                f"{text} is not an IPv4 address or network, such as 203.0.113.7 or 203.0.113.0/24"
            ) from error
        found[str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)] = None
    if len(found) > MOST_IPS:
        raise IpsUnusable(f"Slack takes {MOST_IPS} addresses and networks, and these are {len(found)}")
    return list(found)


def write_manifest(*, url: str | None = None, socket_mode: bool = False, ips: Sequence[str] = ()) -> str:
    """Return the manifest as YAML; raises IpsUnusable."""
    manifest = make_manifest(url=url, socket_mode=socket_mode, ips=ips)
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=100)
