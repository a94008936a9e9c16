"""What a slash command is: the forms that can be typed, who may, and the private answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from commands.reading.arguments import guess, misread
from commands.reading.card_words import CardWords
from commands.roles import EVERY_MEMBER
from notifier.rendering.facts import TemplateFacts
from paytend import Call
from paytend.models import Answer

T = TypeVar("T", bound=Answer)


class CallSender(Protocol):
    """Sends a call to Paytend and returns its answer (`paytend.Client.send`)."""

    def __call__(self, call: Call[T]) -> T:
        """Return the answer; raises PaytendError."""
        ...


# What a button or an option carries as JSON, and gets back when it is clicked.
ButtonValue = Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Reply(TemplateFacts):
    """What only the person who typed or clicked sees: the base of the facts of such templates."""


@dataclass(frozen=True, kw_only=True)
class View(TemplateFacts):
    """What a modal shows: the base of the facts of such templates."""


@dataclass(frozen=True, kw_only=True)
class ProblemReply(Reply, template="problem"):
    """Why something was not done, and what to do next."""

    headline: str
    says: str
    next: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An option of a select; a `value` that is not a text becomes JSON."""

    value: str | ButtonValue
    text: str


def list_choices(texts: Mapping[str, str]) -> Sequence[Choice]:
    """Return an option for each value and its text."""
    return [Choice(value=value, text=text) for value, text in texts.items()]


@dataclass(frozen=True, kw_only=True)
class Form:
    """One thing that can be typed; `word` is empty for the command's own form.

    `correction` is what somebody is told to write, where that is not the line of command, word and usage; `cards`
    says which of the words may name a card as people know it.
    """

    word: str
    usage: str
    does: str
    roles: tuple[str, ...]
    correction: str = ""
    cards: CardWords = CardWords.NONE


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command. `alone` is the form of the command with nothing typed behind it; without one, its help."""

    name: str
    does: str
    forms: tuple[Form, ...]
    alone: Form | None = None

    @property
    def usage_hint(self) -> str:
        """The hint that Slack shows while typing."""
        return " | ".join(f"{form.word} {form.usage}".strip() for form in self.forms if form.word or form.usage)

    def line(self, form: Form) -> str:
        """Return a form as it is typed, with the names of its arguments."""
        return " ".join(part for part in (self.name, form.word, form.usage) if part)

    def find(self, text: str) -> tuple[Form, Sequence[str]]:
        """Return the form of what was typed and the words behind its own; raises Misread with a near guess."""
        words = text.split()
        if not words:
            return self.alone or self.form("help"), []
        by_word = {form.word: form for form in self.forms}
        if words[0].lower() in by_word:
            return by_word[words[0].lower()], words[1:]
        # `/topup` has a form without a word: whatever follows is its first argument, not a misspelled word.
        return (by_word[""], words) if "" in by_word else (self.form(words[0]), words[1:])

    def form(self, word: str) -> Form:
        """Return the form of a word; raises Misread with a near guess."""
        for form in self.forms:
            if form.word == word.lower():
                return form
        words = [form.word for form in self.forms if form.word]
        raise misread(
            # Cut: a long paste, repeated whole, would not fit into the answer.
            f"Unknown command “{word[:40]}”.",
            form=f"{self.name} help",
            guess=guess(word, words),
        )


HELP = Form(word="help", usage="", does="this help", roles=EVERY_MEMBER)


@dataclass(frozen=True, kw_only=True)
class HelpLine:
    """One form of a command, as it is typed, and what it does."""

    line: str
    does: str


@dataclass(frozen=True, kw_only=True)
class CommandHelp:
    """A command with all its forms."""

    name: str
    does: str
    forms: Sequence[HelpLine]


@dataclass(frozen=True, kw_only=True)
class HelpReply(Reply, template="help"):
    """What can be typed."""

    commands: Sequence[CommandHelp]


def show_help(*commands: Command) -> HelpReply:
    """Return what can be typed behind these commands."""
    return HelpReply(commands=[_help_of(command) for command in commands])


def _help_of(command: Command) -> CommandHelp:
    forms = [HelpLine(line=command.line(form), does=form.does) for form in command.forms]
    return CommandHelp(name=command.name, does=command.does, forms=forms)
