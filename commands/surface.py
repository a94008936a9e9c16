"""Every slash command and what can be typed behind it: for help, for guesses and for the manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from commands.arguments import guess, misread
from paytend import Call
from paytend.models import Answer

T = TypeVar("T", bound=Answer)


class Ask(Protocol):
    """Sends a call to Paytend and returns its answer (`paytend.Client.send`)."""

    def __call__(self, call: Call[T]) -> T:
        """Return the answer; raises what the client raises."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What only the person who typed sees: a template and its facts."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One thing that can be typed; `word` is empty for the command's own form."""

    word: str
    usage: str
    does: str
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command."""

    name: str
    does: str
    forms: tuple[Form, ...]

    @property
    def usage_hint(self) -> str:
        """The hint that Slack shows while typing."""
        return " | ".join(f"{form.word} {form.usage}".strip() for form in self.forms if form.word or form.usage)

    def form(self, word: str) -> Form:
        """Return the form of a word; raises Misread with a near guess."""
        for form in self.forms:
            if form.word == word.lower():
                return form
        words = [form.word for form in self.forms if form.word]
        raise misread(
            f"`{self.name}` does not know “{word[:40]}”.",
            form=f"{self.name} help",
            guess=guess(word, words),
        )


ALL_ROLES = ("support", "manager", "oncall", "admin")
SUPPORT = ("support",)

CARD = Command(
    name="/card",
    does="Look at a card, report it lost",
    forms=(
        Form(word="info", usage="<card>", does="the card, its state, cardholder and balance", roles=SUPPORT),
        Form(word="lost", usage="<card>", does="report it lost: it is blocked at once", roles=SUPPORT),
        Form(word="help", usage="", does="what can be typed here", roles=()),
    ),
)
TOP_UP = Command(
    name="/topup",
    does="Move money to a card, with a second person's approval",
    forms=(
        Form(word="", usage="<card> <amount> [currency] [reason]", does="ask for a top-up", roles=SUPPORT),
        Form(word="status", usage="<reference>", does="what became of a top-up at Paytend", roles=SUPPORT),
        Form(word="help", usage="", does="what can be typed here", roles=()),
    ),
)
HOLDER = Command(
    name="/holder",
    does="Look up a cardholder",
    forms=(
        Form(
            word="status",
            usage="<holder> or <passport|id> <number>",
            does="the cardholder and the KYC state",
            roles=SUPPORT,
        ),
        Form(word="help", usage="", does="what can be typed here", roles=()),
    ),
)
APPROVALS = Command(
    name="/approvals",
    does="Requests that wait, yours, and what became of the others",
    forms=(
        Form(word="waiting", usage="", does="what waits for you", roles=ALL_ROLES),
        Form(word="mine", usage="", does="what you asked for", roles=ALL_ROLES),
        Form(word="history", usage="", does="what has ended, newest first", roles=ALL_ROLES),
        Form(word="show", usage="<request>", does="one request with all that was done", roles=ALL_ROLES),
        Form(word="help", usage="", does="what can be typed here", roles=()),
    ),
)
CARDOPS = Command(
    name="/cardops",
    does="Help, and who you are here",
    forms=(
        Form(word="help", usage="", does="all commands", roles=()),
        Form(word="whoami", usage="", does="your roles, and what you may do", roles=()),
    ),
)
COMMANDS: tuple[Command, ...] = (CARD, TOP_UP, HOLDER, APPROVALS, CARDOPS)


def show_help(command: Command) -> Reply:
    """Return what can be typed behind a command."""
    return Reply(template="help", facts={"commands": [_facts(command)]})


def show_all_help() -> Reply:
    """Return what can be typed behind all commands."""
    return Reply(template="help", facts={"commands": [_facts(command) for command in COMMANDS]})


def _facts(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "does": command.does,
        "forms": [
            {"line": " ".join(part for part in (command.name, form.word, form.usage) if part), "does": form.does}
            for form in command.forms
        ],
    }
