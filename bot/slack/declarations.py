"""What is declared of a form, a button and a modal: who may use it, how it is read, what it does and shows.

The router reads these declarations; handlers are only reached through them. A modal can be opened only by a
declaration that says so (`ModalForm`, `ModalClick`): its handler returns the view, and the router opens it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Generic, TypeVar

from approvals.policy.people import Member
from approvals.refusals import Refusal
from bot.slack.context import SlackContext
from bot.slack.payloads import Incoming, SentValue, SlackView
from commands.holder.document import AttachedFile
from commands.reading.arguments import TypedWords
from commands.slash_command import ButtonValue, Form, Reply
from notifier.rendering.facts import TemplateFacts

T = TypeVar("T")

# The inputs of a modal by block id, as texts.
Fields = Mapping[str, str]
# The files of a modal by input.
Files = Mapping[str, Sequence[AttachedFile]]


class RoleExemption(Enum):
    """Why the router asks for no role, and lets guests and strangers through as well."""

    HARMLESS = "it changes and reveals nothing"
    REQUEST_DECIDES = "who may depends on the request: its rule, or its requester"


# Roles of which one is enough (none: every member); or a function of a button's value, where that decides.
Roles = tuple[str, ...] | RoleExemption | Callable[[SentValue], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Replies:
    """Replies that are shown in a modal of their own, or in the one that was clicked in."""

    title: str
    replies: Sequence[TemplateFacts]


class ShowOutcome(StrEnum):
    """What is known of a view after Slack was asked to show it."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    UNKNOWN = "unknown"  # no answer came


@dataclass(frozen=True, kw_only=True)
class OnceView:
    """A view that may be seen once; `settle` is called with what Slack said."""

    view: TemplateFacts
    settle: Callable[[ShowOutcome], None]


@dataclass(frozen=True, kw_only=True)
class Dismissal:
    """The private message goes away; in a modal, where nothing can go away, `words` take its place."""

    words: Reply


@dataclass(frozen=True, kw_only=True)
class ReplyForm(Form, Generic[T]):
    """A form that is answered by a private message.

    With `asks_paytend` a slow answer announces itself. `suggest` answers when nothing was typed behind the word;
    with None from it, nothing is read like any other words. One that `changes` something is on the disk before it
    is acknowledged, so that a restart in the middle is told to the person. One `at_once` waits behind no slow
    Paytend, and is acknowledged only when its effect is on the disk: people rely on a stop that Slack accepted.
    """

    read: Callable[[TypedWords], T]
    answer: Callable[[SlackContext, Incoming, Member, T], Reply]
    asks_paytend: bool = False
    changes: bool = False
    at_once: bool = False
    suggest: Callable[[SlackContext, Member], Reply | None] | None = None


@dataclass(frozen=True, kw_only=True)
class ModalForm(Form, Generic[T]):
    """A form that is answered by a modal, within the three seconds for which Slack lets one be opened."""

    read: Callable[[TypedWords], T]
    opens: Callable[[SlackContext, Incoming, Member, T], TemplateFacts]


@dataclass(frozen=True, kw_only=True)
class Click:
    """A button or a select. `read` takes what the handler needs out of its value; raises OldButton.

    One that `changes` something is on the disk before it is acknowledged, so that a restart in the middle is told
    to the person. One that `decides` is acknowledged only when its effect is on the disk, so that no accepted
    decision is lost.
    """

    action: str
    roles: Roles
    changes: bool = False
    decides: bool = False


@dataclass(frozen=True, kw_only=True)
class ReplyClick(Click, Generic[T]):
    """A button that is answered by a private message, or by nothing where the message itself is edited.

    With `replaces` the answer takes the place of the private message with the button. What `asks_paytend` waits
    on the threads for that, and a slow answer announces itself.
    """

    read: Callable[[SentValue], T]
    answer: Callable[[SlackContext, Incoming, Member, T], Reply | Dismissal | None]
    asks_paytend: bool = False
    replaces: bool = False


@dataclass(frozen=True, kw_only=True)
class ModalClick(Click, Generic[T]):
    """A button that opens a modal, or brings the one up to date in which it was clicked."""

    read: Callable[[SentValue], T]
    opens: Callable[[SlackContext, Incoming, Member, T], TemplateFacts | Replies | OnceView | None]
    keeps_place: bool = False  # it opens nothing where it is clicked in a message


@dataclass(frozen=True, kw_only=True)
class Modal:
    """A modal that can be submitted; `name` is its callback id.

    `check` returns what is wrong under each input, without asking anybody; `check_files` what is wrong with its
    files. `submit` does it afterwards, while the modal says `working`. With `view`, which makes the modal for a
    channel and what was typed before, nothing is lost when it is closed or refused. `fill` adds what Paytend says
    once it is open; `refused` cleans up after a person without the role.
    """

    name: str
    roles: Roles
    title: str
    working: str
    check: Callable[[Fields], dict[str, str]]
    submit: Callable[[SlackContext, Incoming, Member], Reply]
    check_files: Callable[[Fields, Files], dict[str, str]] | None = None
    view: Callable[[SlackContext, str, Fields], TemplateFacts] | None = None
    fill: Callable[[SlackContext, Incoming, SlackView], None] | None = None
    refused: Callable[[SlackContext, Incoming, Member], None] | None = None


def opens(modal: Modal) -> Callable[[SlackContext, Incoming, Member, Fields], TemplateFacts]:
    """Return the handler of a form or button that opens a modal with the inputs that were read."""
    view = modal.view
    if view is None:
        raise TypeError(f"The modal {modal.name} has no view to open")
    return lambda context, incoming, _member, fields: view(context, incoming.channel, fields)


class OldButton(Refusal):
    """This button has expired. Start again."""

    is_recorded = False


def read_text(name: str) -> Callable[[SentValue], str]:
    """Return what reads one text out of a button's value; it raises OldButton."""
    return lambda value: take_text(value, name)


def read_nothing(_value: SentValue) -> None:
    """Read nothing out of a button's value."""


def take_text(value: SentValue, name: str) -> str:
    """Return a text of a button's value; raises OldButton for a value that is not of ours."""
    found = value.get(name)
    if not isinstance(found, str):
        raise OldButton
    return found


def take_start(value: SentValue) -> int:
    """Return the row at which a page begins; raises OldButton."""
    start = value.get("start")
    if not isinstance(start, int) or start < 0:
        raise OldButton
    return start


@dataclass(frozen=True, kw_only=True)
class ToldReply(Reply, template="told"):
    """A few words; where `back` is an action id, a button with `back_text` that carries `metadata`."""

    headline: str
    says: str
    next: str = ""
    back: str = ""
    back_text: str = ""
    metadata: ButtonValue = field(default_factory=dict)


def told(headline: str, says: str, *, next: str = "") -> ToldReply:  # noqa: A002 - the name of the fact
    """Return a few words."""
    return ToldReply(headline=headline, says=says, next=next)
