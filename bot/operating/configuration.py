"""`cardops configuration`: docs/configuration.md, made from the models."""

import argparse
import sys

from bot.configuration import write_configuration
from bot.operating.shell import FINE, Commands, add_command


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "configuration", show, "print what can be set, as docs/configuration.md")


def show(_chosen: argparse.Namespace) -> int:
    """Print it."""
    sys.stdout.write(write_configuration())
    return FINE
