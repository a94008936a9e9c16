"""The order of the steps, what an earlier run has done of them, and the cardops.yml that comes of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.guided_setup import config_answers, steps
from bot.guided_setup.config_text import ChangedConfig, change_sections
from bot.guided_setup.desk import SetupDesk
from bot.guided_setup.dialogue import AnswersUnusable
from bot.guided_setup.questions import find_question
from bot.settings.cardops_yml import ROLES, Config, examine_text


@dataclass(frozen=True, kw_only=True)
class SetupStep:
    """A step: what it is about, what does it, and the answers that it needs."""

    title: str
    do: Callable[[SetupDesk], None]
    needs: tuple[str, ...]

    def find_missing(self, desk: SetupDesk) -> list[str]:
        """Return the names of the answers that are not known yet."""
        names = self.needs
        if self.title == "Slack":
            names = (*names, "SLACK_APP_TOKEN") if _uses_socket(desk) else (*names, "url", "SLACK_SIGNING_SECRET")
        return [
            name
            for name in names
            if desk.answers.find(name) is None and not desk.has_key(name.removesuffix("_FILE"))
        ]


STEPS = (
    SetupStep(title="Slack", do=steps.set_up_slack, needs=("mode", "SLACK_BOT_TOKEN")),
    SetupStep(
        title="Paytend",
        do=steps.set_up_paytend,
        needs=("PAYTEND_BASE_URL", "PAYTEND_PARTNER_ID", "PAYTEND_PRIVATE_KEY_FILE", "PAYTEND_PUBLIC_KEY_FILE"),
    ),
    SetupStep(
        title="Amounts", do=steps.set_up_amounts, needs=("PAYTEND_AMOUNT_UNIT", "PAYTEND_WEBHOOK_AMOUNT_UNIT")
    ),
    SetupStep(title="Database", do=steps.set_up_database, needs=("DATABASE_URL", "CARDOPS_SECRET_KEYS")),
    SetupStep(
        title="Channels",
        do=steps.choose_channels,
        needs=tuple(f"channels.{name}" for name in config_answers.CHANNELS),
    ),
    SetupStep(title="People", do=steps.choose_people, needs=(*(f"roles.{role}" for role in ROLES), "approvers")),
    SetupStep(
        title="Money",
        do=steps.set_up_money,
        needs=("currencies", "tiers", *(f"limits.{per}" for per in config_answers.LIMITS)),
    ),
)


def guide(desk: SetupDesk, config_path: Path) -> list[str]:
    """Go through the steps, and write cardops.yml; return what is left to do by hand.

    Raises AnswersUnusable for answers that are missing or wrong, where nobody can be asked.
    """
    old = config_path.read_text(encoding="utf-8") if config_path.exists() else None
    before = _read_config(old, config_path)
    desk.answers.written = config_answers.read_answers(before) if before else {}
    _know_mode(desk)
    chosen = _choose_steps(desk)
    _require_answers(desk)
    for place, step in enumerate(STEPS, start=1):
        desk.dialogue.is_asked = step.title in chosen
        if desk.dialogue.terminal and (desk.dialogue.is_asked or step.find_missing(desk)):
            desk.dialogue.say(f"\n== {place} of {len(STEPS)}: {step.title} ==")
        step.do(desk)
    desk.dialogue.is_asked = False
    return _write_config(desk, config_path, old)


def _uses_socket(desk: SetupDesk) -> bool:
    return (desk.dialogue.given.get("mode") or desk.answers.find("mode") or "socket") == "socket"


def _know_mode(desk: SetupDesk) -> None:
    """Take the mode of settings that were written by hand."""
    if desk.answers.find("mode") is None and desk.answers.find("SLACK_BOT_TOKEN") is not None:
        desk.answers.keep("mode", "socket" if desk.answers.find("SLACK_APP_TOKEN") else "http")


def _choose_steps(desk: SetupDesk) -> list[str]:
    """Return the titles of the steps that are asked again: none unless all of them are done."""
    if desk.dialogue.terminal is None or any(step.find_missing(desk) for step in STEPS):
        return []
    if any(find_question(name) for name in desk.dialogue.given):
        return []
    desk.dialogue.say("Everything is set. What do you want to change?")
    for place, step in enumerate(STEPS, start=1):
        desk.dialogue.say(f"  {place}  {step.title}")
    text = desk.dialogue.terminal.read("Numbers with commas, or Enter for nothing: ")
    numbers = {part.strip() for part in text.split(",")}
    return [step.title for place, step in enumerate(STEPS, start=1) if str(place) in numbers]


def _require_answers(desk: SetupDesk) -> None:
    """Check, where nobody can be asked, that every answer is there; raises AnswersUnusable with all that miss."""
    if desk.dialogue.terminal is not None:
        return
    missing = [name for step in STEPS for name in step.find_missing(desk) if name not in desk.dialogue.given]
    questions = filter(None, map(find_question, missing))
    problems = [
        f"{question.name}: is missing. {question.asks}"
        for question in questions
        if not question.default and not question.is_optional
    ]
    if problems:
        raise AnswersUnusable(problems)


def _read_config(text: str | None, path: Path) -> Config | None:
    if text is None:
        return None
    report = examine_text(text, name=path.name)
    if report.config is None:
        raise AnswersUnusable(list(report.problems))
    return report.config


def _write_config(desk: SetupDesk, path: Path, old: str | None) -> list[str]:
    """Write the sections that the answers change; return words for those that stay as somebody wrote them."""
    made = _change(desk, old)
    if made.text == old:
        return _say_by_hand(desk, made.by_hand)
    desk.learn_names()  # for the comments beside ids
    made = _change(desk, old)
    report = examine_text(made.text, name=path.name)
    if report.config is None:
        raise AnswersUnusable(list(report.problems))
    if old is not None:
        path.with_name(f"{path.name}.before").write_text(old, encoding="utf-8")
        desk.dialogue.say(f"What {path.name} was before is in {path.name}.before.")
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(made.text, encoding="utf-8")
    fresh.replace(path)
    desk.dialogue.say(f"{path} is written.")
    left = _say_by_hand(desk, made.by_hand)
    if not left:
        desk.answers.written = config_answers.read_answers(report.config)
        desk.answers.forget_written(config_answers.list_names(desk.find("currencies").split(",")))
    return left


def _change(desk: SetupDesk, old: str | None) -> ChangedConfig:
    bodies = config_answers.write_bodies(desk.find, labels=desk.labels)
    written = desk.answers.written
    before = config_answers.write_bodies(lambda name: written.get(name, ""), labels={}) if written else {}
    return change_sections(old, bodies, before=before)


def _say_by_hand(desk: SetupDesk, names: Iterable[str]) -> list[str]:
    bodies = config_answers.write_bodies(desk.find, labels=desk.labels)
    return [
        f"{name} in cardops.yml was written by hand and stays. Your answers would make it:\n{bodies[name]}"
        for name in names
    ]
