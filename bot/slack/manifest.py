"""The app's manifest, made from the commands: what Slack is asked for, and nothing that no call needs."""

from typing import Any

import yaml

from bot.slack.handlers.table import COMMANDS
from bot.slack.scopes import SCOPES

PLACEHOLDER = "https://cardops.example.com"

LONG_DESCRIPTION = (
    "cardops runs a card programme on Paytend from Slack. Support looks at cards and cardholders, reports cards "
    "lost and asks for top-ups; managers approve money in a thread; on-call hears of transactions, KYC results "
    "and a low partner balance. Money moves only after a second person has agreed to exactly that, exactly once."
)


def make_manifest(*, url: str | None, socket_mode: bool) -> dict[str, Any]:
    """Return the manifest; `url` is the public address of the web edge (HTTP mode)."""
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
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            # Only the event that is handled: each other one would bring what people write in channels.
            "event_subscriptions": {**events, "bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True, **interactivity},
            "org_deploy_enabled": False,  # one installation serves one workspace
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,  # a rotated token expires, and ours is read once at start
        },
    }


def write_manifest(*, url: str | None = None, socket_mode: bool = False) -> str:
    """Return the manifest as YAML."""
    manifest = make_manifest(url=url, socket_mode=socket_mode)
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=100)
