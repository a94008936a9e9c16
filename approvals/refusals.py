"""Refusals: why something is not accepted, in the sentence that the person reads."""

from datetime import UTC, datetime
from typing import ClassVar


class Refusal(Exception):
    """That is not possible.

    The docstring of a subclass is its sentence; its named holes are filled from the keyword arguments,
    which stay readable as `facts`. Questions and typing mistakes are not recorded in the trail (`is_recorded`).
    """

    is_recorded: ClassVar[bool] = True
    is_counted = False  # whether it is only counted, with others of the same person (`bot/jobs/refused_people.py`)
    in_trail = False  # whether it is in the trail already, written where more was known about it

    def __init__(self, **facts: str) -> None:
        self.facts = facts
        super().__init__(self.sentence.format(**facts))

    @property
    def sentence(self) -> str:
        """The first paragraph of the docstring on one line, with its holes open."""
        return " ".join((type(self).__doc__ or "").strip().split("\n\n")[0].split())


def write_moment(moment: datetime) -> str:
    """Return a time for a sentence, such as "2026-11-22 14:05 UTC".

    Where Slack shows the sentence, each reader sees their own time (filter `local_times`).
    """
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
