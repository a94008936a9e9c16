"""What every step of `cardops init` works with: the answers, the person, and Slack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bot.guided_setup.answers import Answers
from bot.guided_setup.dialogue import Dialogue
from bot.guided_setup.options import SetupOption
from bot.guided_setup.questions import QUESTIONS, find_question
from bot.guided_setup.slack_trials import SlackTrial, make_trial
from bot.settings.environment import SLACK_API


@dataclass(kw_only=True)
class SetupDesk:
    """What every step works with. `scopes` are those that the bot needs, `write_manifest` makes the manifest."""

    folder: Path
    answers: Answers
    dialogue: Dialogue
    scopes: Mapping[str, Sequence[str]]
    write_manifest: Callable[[str | None, bool], str]
    labels: dict[str, str] = field(default_factory=dict)  # names by id, as Slack has them

    def ask(self, name: str, check: Callable[[str], str] = str) -> str:
        """Ask one question, and keep the answer."""
        question = find_question(name)
        if question is None:
            raise KeyError(name)
        answer = self.dialogue.ask(question, current=self.answers.find(name), check=check)
        self.answers.keep(name, answer)
        return answer

    def choose(self, name: str, list_options: Callable[[], Sequence[SetupOption]]) -> str:
        """Have something chosen of a list, and keep the ids."""
        answer = self.dialogue.choose(QUESTIONS[name], list_options, current=self.answers.find(name))
        self.answers.keep(name, answer)
        return answer

    def find(self, name: str) -> str:
        """Return an answer, "" without one."""
        return self.answers.find(name) or ""

    def has_key(self, name: str) -> bool:
        """Whether a key is in a setting itself, so that no file of it is asked for."""
        return bool(self.find(name) or self.dialogue.given.get(name))

    @property
    def slack(self) -> SlackTrial:
        """Slack as the bot's token sees it."""
        return make_trial(
            token=self.find("SLACK_BOT_TOKEN"), base_url=self.find("SLACK_API_BASE_URL") or SLACK_API
        )

    @cached_property
    def channels(self) -> list[SetupOption]:
        """The channels that Slack lists."""
        return self._learn(self.slack.list_channels())

    @cached_property
    def groups_and_people(self) -> list[SetupOption]:
        """The groups and the people that Slack lists."""
        return self._learn([*self.slack.list_groups(), *self.slack.list_people()])

    def learn_names(self) -> None:
        """Read the names of all channels, groups and people."""
        _ = self.channels, self.groups_and_people

    def _learn(self, options: list[SetupOption]) -> list[SetupOption]:
        self.labels |= {option.id: option.label for option in options}
        return options
