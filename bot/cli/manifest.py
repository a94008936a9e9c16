"""`cardops manifest`: prints the manifest of the Slack app."""

import argparse
import sys

from bot.cli.shell import FINE, WRONG, Commands, add_command, complain
from bot.slack.manifest import PLACEHOLDER, write_manifest


def add_to(commands: Commands) -> None:
    """Add the command."""
    manifest = add_command(commands, "manifest", show_manifest, "print the manifest of the Slack app")
    manifest.add_argument("--url", help="the public address of the web edge, such as https://cardops.example.com")
    manifest.add_argument("--socket-mode", action="store_true", help="for Socket Mode instead of HTTP")


def show_manifest(chosen: argparse.Namespace) -> int:
    """Print the manifest."""
    if chosen.url and not chosen.url.startswith("https://"):
        return complain(f"--url {chosen.url}: Slack takes only an address that starts with https://.", [], "")
    sys.stdout.write(write_manifest(url=chosen.url, socket_mode=chosen.socket_mode))
    if not chosen.url and not chosen.socket_mode:
        complain(f"The manifest above still has {PLACEHOLDER} in it.", [], "Give your own address with --url.")
        return WRONG
    return FINE
