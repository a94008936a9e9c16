"""`cardops manifest`: prints the manifest of the Slack app."""

import argparse
import sys

from bot.cli.shell import FINE, WRONG, Commands, add_command, complain
from bot.slack.manifest import PLACEHOLDER, IpsUnusable, write_manifest


def add_to(commands: Commands) -> None:
    """Add the command."""
    manifest = add_command(commands, "manifest", show_manifest, "print the manifest of the Slack app")
    manifest.add_argument("--url", help="the public address of the web edge, such as https://cardops.example.com")
    manifest.add_argument(
        "--ip",
        action="extend",
        nargs="+",
        default=[],
        help="the addresses or networks (IPv4, at most ten) from which alone Slack takes the app's tokens",
    )
    manifest.add_argument("--socket-mode", action="store_true", help="for Socket Mode instead of HTTP")


def show_manifest(chosen: argparse.Namespace) -> int:
    """Print the manifest."""
    if chosen.url and not chosen.url.startswith("https://"):
        return complain(f"--url {chosen.url}: Slack takes only an address that starts with https://.", [], "")
    try:
        sys.stdout.write(write_manifest(url=chosen.url, socket_mode=chosen.socket_mode, ips=chosen.ip))
    except IpsUnusable as error:
        return complain(f"--ip: {error}.", [], "Name the addresses from which the bot reaches the internet.")
    if not chosen.url and not chosen.socket_mode:
        complain(f"The manifest above still has {PLACEHOLDER} in it.", [], "Give your own address with --url.")
        return WRONG
    return FINE
