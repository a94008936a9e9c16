"""The kinds of things that people do in Slack, and what is behind each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals.people import Standing
from approvals.refusals import Refusal
from bot.incoming import Incoming
from bot.parts import Parts
from commands.surface import Reply

# What was typed behind a command's word; returns the private answer, or None when a modal is the answer.
Typed = Callable[[Parts, Incoming, Standing, Sequence[str]], Reply | None]


@dataclass(frozen=True, kw_only=True)
class Click:
    """A button. `quick` ones ask Paytend nothing, or open a modal within Slack's three seconds."""

    act: Callable[[Parts, Incoming, Standing], None]
    quick: bool = True


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A modal that can be submitted.

    `check` says what is wrong under each input, purely and at once; `act` does it afterwards. `back` names the
    button that brings the form back with what was typed, when something went wrong.
    """

    title: str
    working: str
    check: Callable[[Mapping[str, str]], dict[str, str]]
    act: Callable[[Parts, Incoming, Standing], Reply]
    back: str = ""


class OldButton(Refusal):
    """This button is from an older message and does nothing any more. Please start again."""

    is_recorded = False


def take_text(value: Mapping[str, Any], name: str) -> str:
    """Return a text of a button's value; raises OldButton for a value that is not of ours."""
    found = value.get(name)
    if not isinstance(found, str):
        raise OldButton
    return found


def told(headline: str, says: str, **more: Any) -> Reply:
    """Return a few words, with a button where `back` names one."""
    facts = {"headline": headline, "says": says, "next": "", "back": "", "back_text": "", "metadata": {}}
    return Reply(template="told", facts=facts | more)
