"""`cardops retention run`: removes contents older than CARDOPS_RETENTION_DAYS now, as the daily job does."""

import argparse

from bot.cli.installation import open_installation
from bot.cli.shell import FINE, Commands, add_group, finish_progress, say, show_progress
from bot.database import retention


def add_to(commands: Commands) -> None:
    """Add the command of retention."""
    words = "remove contents that are older than CARDOPS_RETENTION_DAYS (a job does it daily, too)"
    add_group(commands, "retention", {"run": (run, words)})


def run(_chosen: argparse.Namespace) -> int:
    """Remove what is too old, and print how much it was."""
    done = retention.RemovedCounts()
    with open_installation(writes=True) as installation:
        days = installation.settings.CARDOPS_RETENTION_DAYS
        steps = retention.run(
            installation.database,
            days=days,
            key=installation.audit_key,
            actor=installation.operator,
            now=installation.clock.now,
        )
        for done in steps:
            show_progress(f"{done.total} contents removed")
        finish_progress()
    say(
        f"Older than {days} days: {done.webhooks} webhooks, {done.requests} requests and "
        f"{done.deliveries} deliveries were emptied, and {done.cards} cards forgotten."
    )
    return FINE
