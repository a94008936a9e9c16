"""How answers are found: as they were given, else as they are, else from the person at the terminal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.guided_setup.options import SetupOption, pick, search
from bot.guided_setup.questions import SetupQuestion

SHOWN = 20  # options at once
_NOTHING = "-"


class AnswersUnusable(Exception):
    """Answers are missing or cannot be used, and nobody is there to be asked; each line says which and why."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, kw_only=True)
class SetupTerminal:
    """The person at the terminal: `read` shows a prompt and returns a line, `read_secret` echoes nothing."""

    read: Callable[[str], str]
    read_secret: Callable[[str], str]


@dataclass(kw_only=True)
class Dialogue:
    """Finds answers. `given` has those of this run; without a `terminal`, what is missing cannot be asked.

    `is_asked` says whether a question is put again although it has an answer.
    """

    given: Mapping[str, str]
    say: Callable[[str], None]
    terminal: SetupTerminal | None = None
    is_asked: bool = False

    def ask(
        self, question: SetupQuestion, *, current: str | None = None, check: Callable[[str], str] = str
    ) -> str:
        """Return the answer; `check` tries it after the question's own check, and raises ValueError in words."""
        if self.is_known(question.name, current):
            return current or ""
        if question.name in self.given:
            return self._take(question, self.given[question.name], check)
        if self.terminal is None:
            return self._take_default(question, check)
        return self._put(question, self.terminal, current, check)

    def choose(
        self,
        question: SetupQuestion,
        list_options: Callable[[], Sequence[SetupOption]],
        *,
        current: str | None = None,
    ) -> str:
        """Return the ids of what is chosen, with commas between them; the list is read only where it is needed."""
        if self.is_known(question.name, current):
            return current or ""
        options = list_options()
        if self.terminal and question.name not in self.given:
            self._show(options)
        return self.ask(question, current=current, check=lambda text: self._pick(question, options, text))

    def is_known(self, name: str, current: str | None) -> bool:
        """Whether an answer is there, and neither another one is given nor the person asked again."""
        return name not in self.given and current is not None and not (self.is_asked and self.terminal)

    def confirm(self, words: str) -> bool:
        """Ask whether to go on, where somebody can be asked; without a terminal it is not confirmed."""
        return self.terminal is not None and self.terminal.read(f"{words} [y/N] ").strip().lower() in {"y", "yes"}

    def wait(self, words: str) -> None:
        """Wait until the person at the terminal has done something."""
        if self.terminal is not None:
            self.terminal.read(f"{words} ")

    def _take(self, question: SetupQuestion, text: str, check: Callable[[str], str]) -> str:
        try:
            return _read(question, text, check)
        except ValueError as error:
            raise AnswersUnusable([f"{question.name}: {error}"]) from error

    def _take_default(self, question: SetupQuestion, check: Callable[[str], str]) -> str:
        if question.default or question.is_optional:
            return self._take(question, question.default, check)
        raise AnswersUnusable([f"{question.name}: is missing. {question.asks}"])

    def _put(
        self, question: SetupQuestion, terminal: SetupTerminal, current: str | None, check: Callable[[str], str]
    ) -> str:
        self.say("")
        if question.explains:
            self.say(question.explains)
        default = question.default if current is None else current
        shown = "as it is" if question.is_secret and current else default if not question.is_secret else ""
        nothing = f"; {_NOTHING} for none" if question.is_optional and default else ""
        shown = "not shown" if question.is_secret and not shown else shown
        prompt = f"{question.asks}{f' [{shown}{nothing}]' if shown else ''}: "
        while True:
            text = (terminal.read_secret if question.is_secret else terminal.read)(prompt).strip()
            if not text and current is not None:
                return current
            try:
                return _read(question, text or question.default, check)
            except ValueError as error:
                self.say(f"  {error}. Once more, please.")

    def _show(self, options: Sequence[SetupOption]) -> None:
        self.say("")
        for place, option in enumerate(options[:SHOWN], start=1):
            self.say(f"  {place:>3}  {option.label}{f'  ({option.says})' if option.says else ''}")
        if len(options) > SHOWN:
            self.say(f"       … and {len(options) - SHOWN} more; a part of a name finds them")

    def _pick(self, question: SetupQuestion, options: Sequence[SetupOption], text: str) -> str:
        found = [self._pick_one(options, part) for part in text.split(",") if part.strip()]
        if len(found) > 1 and not question.is_list:
            raise ValueError("one is needed, not several")
        return ",".join(dict.fromkeys(option.id for option in found))

    def _pick_one(self, options: Sequence[SetupOption], part: str) -> SetupOption:
        word = part.strip()
        if self.terminal and word.isdecimal() and 1 <= int(word) <= min(len(options), SHOWN):
            return options[int(word) - 1]
        try:
            return pick(options, word)
        except ValueError:
            near = search(options, word)
            if len(near) == 1 and self.terminal:
                return near[0]
            if near and self.terminal:
                names = ", ".join(option.label for option in near[:SHOWN])
                raise ValueError(f"{word} is in several names: {names}") from None
            raise


def _read(question: SetupQuestion, text: str, check: Callable[[str], str]) -> str:
    """Return an answer as it is kept; raises ValueError in words."""
    if text == _NOTHING and question.is_optional:
        text = ""
    parts = [part for part in text.split(",") if part.strip()] if question.is_list else [text]
    if not text.strip():
        if question.is_optional:
            return ""
        raise ValueError("an answer is needed")
    return check(",".join(question.check(part.strip()) for part in parts))
