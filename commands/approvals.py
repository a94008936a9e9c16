"""`/approvals`: requests that wait, one's own, and what became of the others."""

from collections.abc import Sequence

from commands.reading.arguments import misread
from commands.slash_command import ALL_ROLES, HELP, Command, Form

SHOW_FORM = "/approvals show <reference>"

COMMAND = Command(
    name="/approvals",
    does="Requests that wait, yours, and what became of the others",
    forms=(
        Form(word="waiting", usage="", does="what waits for you", roles=ALL_ROLES),
        Form(word="mine", usage="", does="what you asked for", roles=ALL_ROLES),
        Form(word="history", usage="", does="what has ended, newest first", roles=ALL_ROLES),
        Form(word="show", usage="<reference>", does="one request with all that was done", roles=ALL_ROLES),
        HELP,
    ),
)
# Title and what is said of an empty list, by the word of its form.
LISTS = {
    "waiting": ("Waiting for you", "Nothing waits for you."),
    "mine": ("Your requests", "You have asked for nothing yet."),
    "history": ("All requests", "Nothing was asked for yet."),
}


def read_show(words: Sequence[str]) -> str:
    """Return the request id of `/approvals show`; raises Misread."""
    if len(words) != 1:
        raise misread("Which request?", form=SHOW_FORM)
    return words[0]
