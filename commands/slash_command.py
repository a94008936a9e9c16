"""What a slash command is: the forms that can be typed, who may, and the private answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from commands.reading.arguments import guess, misread
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
HELP = Form(word="help", usage="", does="what can be typed here", roles=())


def show_help(*commands: Command) -> Reply:
    """Return what can be typed behind these commands."""
    return Reply(template="help", facts={"commands": [_facts(command) for command in commands]})


def _facts(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "does": command.does,
        "forms": [
            {"line": " ".join(part for part in (command.name, form.word, form.usage) if part), "does": form.does}
            for form in command.forms
        ],
    }
