"""`cardops retention run`: remove contents that are older than CARDOPS_RETENTION_DAYS now, not only daily."""

import argparse

from bot.cli.shell import FINE, Commands, add_group, end_progress, opened, progress, say
from bot.database import retention


def add_to(commands: Commands) -> None:
    """Add the command of retention."""
    words = "remove contents that are older than CARDOPS_RETENTION_DAYS (a job does it daily, too)"
    add_group(commands, "retention", {"run": (run, words)})


def run(_chosen: argparse.Namespace) -> int:
    """Remove what is too old, and say how much it was."""
    done = retention.RemovedCounts()
    with opened() as place:
        days = place.settings.CARDOPS_RETENTION_DAYS
        steps = retention.run(
            place.database, days=days, key=place.audit_key, actor=place.operator, now=place.clock.now
        )
        for done in steps:
            progress(f"{done.total} contents removed")
        end_progress()
    say(
        f"Older than {days} days: {done.webhooks} webhooks, {done.requests} requests and "
        f"{done.deliveries} deliveries were emptied."
    )
    return FINE
