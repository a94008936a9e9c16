"""`cardops example`: prints commented templates of cardops.yml and `.env`, made from the models that read them."""

import argparse
import base64
import secrets
import sys

from bot.cli.shell import FINE, Commands, add_group
from bot.guided_setup.given import write_example
from bot.settings.example_files import write_config, write_example_env
from storage.vault import KEY_BYTES


def add_to(commands: Commands) -> None:
    """Add the commands of the templates."""
    add_group(
        commands,
        "example",
        {
            "config": (show_config, "print a commented template of cardops.yml"),
            "answers": (show_answers, "print a template of the answers that `cardops init --answers` takes"),
            "env": (show_env, "print a commented template of .env, with a new key in it"),
        },
    )


def show_config(_chosen: argparse.Namespace) -> int:
    """Print the template of cardops.yml."""
    sys.stdout.write(write_config())
    return FINE


def show_answers(_chosen: argparse.Namespace) -> int:
    """Print the template of the answers."""
    sys.stdout.write(write_example())
    return FINE


def show_env(_chosen: argparse.Namespace) -> int:
    """Print the template of `.env`."""
    sys.stdout.write(write_example_env(secret_key=base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()))
    return FINE
