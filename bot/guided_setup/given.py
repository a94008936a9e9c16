"""The answers that were given beforehand: by the environment, a file of answers, and `--set`."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.guided_setup.dialogue import AnswersUnusable
from bot.guided_setup.questions import LEVELS, QUESTIONS, find_question
from bot.settings.environment import Settings
from bot.settings.private_files import find_readable

_EXAMPLE = """# Answers for `cardops init --answers FILE`; tokens are in here: chmod 600, and delete it afterwards.
# Channels, groups and people are given by their names in Slack or by their ids. Lists of YAML are taken too.
"""


def read_given(environment: Mapping[str, str], *, file: Path | None, pairs: Iterable[str]) -> dict[str, str]:
    """Return the answers by name: `--set` before the file, the file before the environment.

    Raises AnswersUnusable with everything that is wrong.
    """
    known = {name for name in Settings.model_fields if name.isupper()} | set(QUESTIONS)
    found = {name: value for name, value in environment.items() if name in known and value.strip()}
    problems: list[str] = []
    if file is not None:
        found |= dict(_read_file(file, problems))
    for pair in pairs:
        name, sign, value = pair.partition("=")
        question = find_question(name)
        if not sign or question is None:
            problems.append(f"--set {name}: {_say_unknown(name) if sign else 'write --set NAME=VALUE'}")
        elif question.is_secret:
            problems.append(
                f"--set {name}: everybody on this machine can read the arguments of a command. Put it into the "
                "environment or the file of answers."
            )
        else:
            found[name] = value
    if problems:
        raise AnswersUnusable(problems)
    return found


def write_example() -> str:
    """Return a file of answers without any, with what each question asks."""
    lines = [_EXAMPLE]
    levels = [find_question(f"balance.EUR.{level}") for level in LEVELS]
    for question in filter(None, [*QUESTIONS.values(), *levels]):
        kind = "none with -" if question.is_optional else ""
        default = f"by itself {question.default}" if question.default else ""
        more = "; ".join(filter(None, (default, "several with commas" if question.is_list else "", kind)))
        lines.append(f"\n# {question.asks}{f' ({more})' if more else ''}\n{question.name}:\n")
    return "".join(lines)


def _read_file(file: Path, problems: list[str]) -> Iterator[tuple[str, str]]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{file}: it cannot be read ({type(error).__name__})")
        return
    except yaml.YAMLError:  # its text would quote the line, which may have a secret in it
        problems.append(f"{file}: this is not YAML")
        return
    for name, value in _flatten(tree if isinstance(tree, dict) else {}):
        question = find_question(name)
        if question is None:
            problems.append(f"{file}: {_say_unknown(name)}")
        else:
            yield name, value
            if question.is_secret and next(find_readable([file]), None):
                problems.append(
                    f"{file}: others on this machine can read it, and {name} is in it. chmod 600 {file}"
                )


def _flatten(tree: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield each answer with its name: `channels: {alerts: …}` is `channels.alerts`, a list has commas."""
    for key, value in tree.items():
        name = f"{before}{key}"
        if name == "open_channels" and isinstance(value, dict):
            yield name, ",".join(f"{channel}:{kind}" for channel, kinds in value.items() for kind in kinds)
        elif isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, list):
            yield name, ",".join(_say_item(item) for item in value)
        elif value is not None:  # a name with nothing beside it gives no answer
            yield name, str(value)


def _say_item(item: Any) -> str:
    if isinstance(item, dict):  # YAML reads "500.00 EUR: 2" as one
        return ", ".join(f"{key}: {value}" for key, value in item.items())
    return str(item)


def _say_unknown(name: str) -> str:
    near = difflib.get_close_matches(name, [*QUESTIONS, *(f"balance.EUR.{level}" for level in LEVELS)], n=1)
    return f"{name[:40]}: there is no such question.{f' Did you mean {near[0]}?' if near else ''}"
