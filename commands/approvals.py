"""`/approvals`: requests that wait, one's own, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.written_ids import normalize_id
from commands.reading.arguments import TypedWords, misread
from commands.slash_command import ButtonValue, Reply

# Title and what is said of an empty list, by the word of its form.
LISTS = {
    "waiting": ("Needs your approval", "You’re all caught up."),
    "mine": ("Your requests", "No requests yet."),
    "history": ("All requests", "No requests yet."),
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


def read_show(typed: TypedWords) -> str:
    """Return the request id or reference of `/approvals show`; raises Misread."""
    name = normalize_id(" ".join(typed.words))
    if not name or " " in name:
        raise misread("Which request?", form=typed.form)
    return name
