"""`cardops configuration`: prints docs/configuration.md, generated from the models of the settings."""

import argparse
import sys

from bot.cli.shell import FINE, Commands, add_command
from bot.settings.reference import write_configuration


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "configuration", show, "print what can be set, as docs/configuration.md")


def show(_chosen: argparse.Namespace) -> int:
    """Print the document."""
    sys.stdout.write(write_configuration())
    return FINE
