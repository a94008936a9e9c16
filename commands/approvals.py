"""`/approvals`: requests that wait, one's own, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from commands.reading.arguments import misread
from commands.slash_command import ALL_ROLES, HELP, ButtonValue, Command, Form, Reply

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


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """A request in a list."""

    id: str
    summary: str
    status: str
    requester: str
    created_at: datetime
    phrase: str


@dataclass(frozen=True, kw_only=True)
class RequestListReply(Reply, template="approvals_list"):
    """A list of requests; `nothing` is said when it is empty, `older` is what the button carries."""

    title: str
    nothing: str
    rows: Sequence[RequestRow]
    older: ButtonValue | None


def read_show(words: Sequence[str]) -> str:
    """Return the request id of `/approvals show`; raises Misread."""
    if len(words) != 1:
        raise misread("Which request?", form=SHOW_FORM)
    return words[0]
