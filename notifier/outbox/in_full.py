"""What a message was too short for, in full: replies in its thread, through the outbox like everything else."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from notifier.rendering.escaping import unescape
from notifier.rendering.facts import TemplateFacts
from notifier.rendering.slack_limits import split

MOST_PAGES = 5  # of a notice; a webhook may be a megabyte long, which nobody reads in a channel
_PART = 2_900  # UTF-16 units of one block
_PARTS_ON_A_PAGE = 3  # all texts of a message together may have 10,000
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")

_STYLE = re.compile(r"(?<![\w*_])([*_])(?!\s)([^*_\n]+)(?<!\s)\1(?![\w*_])")


@dataclass(frozen=True, kw_only=True)
class InFullFacts(TemplateFacts, template="in_full"):
    """One reply: its parts of the text, which page of how many, and whether there is more than all pages show."""

    parts: Sequence[str]
    page: int
    pages: int
    cut: bool


KIND = InFullFacts.template


def lay_out(texts: Sequence[str]) -> Iterator[InFullFacts]:
    """Yield the facts of each reply for these texts (mrkdwn); they are shown as plain text, without markup."""
    # Split while it is escaped, as it is posted: that is what Slack counts.
    split_up = (unescape(part) for text in texts for part in split(_without_markup(text), _PART))
    parts = list(islice(split_up, MOST_PAGES * _PARTS_ON_A_PAGE))
    is_cut = next(split_up, None) is not None
    pages = [parts[at : at + _PARTS_ON_A_PAGE] for at in range(0, len(parts), _PARTS_ON_A_PAGE)]
    for number, page in enumerate(pages, start=1):
        yield InFullFacts(parts=page, page=number, pages=len(pages), cut=is_cut and number == len(pages))


def _without_markup(text: str) -> str:
    """Return what a reader would see of a text with mentions, links, dates, bold and italic words."""
    return _STYLE.sub(r"\2", _MARKUP.sub(lambda markup: markup.group(2) or markup.group(1), text))
