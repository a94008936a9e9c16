"""The kinds of things that people do in Slack, and what is behind each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from approvals.policy.people import Member
from approvals.refusals import Refusal
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts
from commands.slash_command import ButtonValue, Reply

# What was typed behind a command's word; returns the private answer, or None when a modal is the answer.
Typed = Callable[[Parts, Incoming, Member, Sequence[str]], Reply | None]

# The files of a modal by input, as Slack describes them.
Files = Mapping[str, Sequence[Mapping[str, Any]]]
# Shows a form with what was typed into it before.
Reopen = Callable[[Parts, Incoming, Mapping[str, str]], None]
# Completes an open form: the delivery that showed it, and the view as Slack has it.
Fill = Callable[[Parts, Incoming, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Click:
    """A button. `quick` ones ask Paytend nothing, or open a modal within Slack's three seconds.

    What `decides` is acknowledged when it is on the disk: a click that seems taken is not lost with the process.
    """

    act: Callable[[Parts, Incoming, Member], None]
    quick: bool = True
    decides: bool = False


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A modal that can be submitted.

    `check` says what is wrong under each input, purely and at once (`check_files` what is wrong with its files);
    `act` does it afterwards. `reopen` shows the form again with what was typed, when something went wrong or it
    was closed; `fill` completes an open form with what Paytend says.
    """

    title: str
    working: str
    check: Callable[[Mapping[str, str]], dict[str, str]]
    act: Callable[[Parts, Incoming, Member], Reply]
    check_files: Callable[[Mapping[str, str], Files], dict[str, str]] | None = None
    reopen: Reopen | None = None
    fill: Fill | None = None


class OldButton(Refusal):
    """This button is from an older message and does nothing any more. Please start again."""

    is_recorded = False


def take_text(value: Mapping[str, Any], name: str) -> str:
    """Return a text of a button's value; raises OldButton for a value that is not of ours."""
    found = value.get(name)
    if not isinstance(found, str):
        raise OldButton
    return found


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
