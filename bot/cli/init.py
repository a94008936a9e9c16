"""`cardops init`: from nothing to the first answer, in a terminal or with a file of answers."""

import argparse
import getpass
import sys
from pathlib import Path

from bot.cli import doctor
from bot.cli.shell import WRONG, Commands, add_command, complain, say
from bot.guided_setup.answers import Answers
from bot.guided_setup.desk import SetupDesk
from bot.guided_setup.dialogue import AnswersUnusable, Dialogue, SetupTerminal
from bot.guided_setup.given import read_given
from bot.guided_setup.guide import guide
from bot.guided_setup.hello import Hello
from bot.settings.environment import find_config, read_environment
from bot.slack.manifest import write_manifest
from bot.slack.scopes import REQUIRED
from notifier.rendering.renderer import Renderer

_GREETED = "greeted"
_TEMPLATES = (("bot", "templates"), ("notifier", "templates"))  # all of them would take a second
_INTRODUCTION = """This sets cardops up in {folder}, in 7 steps: Slack, Paytend, amounts, the database, channels,
people, money. Each answer is kept at once: stop with Ctrl-C whenever you like, and `cardops init` goes on
where it was. In [ ] is what Enter takes."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = add_command(commands, "init", init, "set everything up, step by step, and say hello in Slack")
    command.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="answers in YAML, by the names of settings and of keys in cardops.yml; `cardops example answers`",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one answer, such as channels.alerts=card-alerts; not for tokens and keys",
    )


def init(chosen: argparse.Namespace) -> int:
    """Ask, try, write, examine, and post the first message; status 1 when something is left to do."""
    folder = Path.cwd()
    try:
        given = read_given(read_environment(), file=chosen.answers, pairs=chosen.set)
        desk = SetupDesk(
            folder=folder,
            answers=Answers(folder=folder),
            dialogue=Dialogue(given=given, say=say, terminal=_find_terminal()),
            scopes=REQUIRED,
            write_manifest=lambda url, is_socket: write_manifest(url=url, socket_mode=is_socket),
        )
        if desk.dialogue.terminal:
            say(_INTRODUCTION.format(folder=folder))
        left = guide(desk, find_config()[0])
    except AnswersUnusable as error:
        return complain("These answers are missing or cannot be used:", error.problems, "What was found is kept.")
    except EOFError as error:  # Ctrl-D
        raise KeyboardInterrupt from error
    except ValueError as error:  # what Slack says, where it lists channels and people
        complain(f"It cannot go on: {error}.", [], "What was found is kept; run `cardops init` again.")
        return WRONG
    return _finish(desk, left, chosen)


def _finish(desk: SetupDesk, left: list[str], chosen: argparse.Namespace) -> int:
    say("\nThe doctor says:")
    status = doctor.run_doctor(chosen)
    channel = desk.find("channels.approvals")
    if desk.answers.find(_GREETED) != channel:
        try:
            is_new = desk.slack.greet(
                channel, renderer=Renderer(_TEMPLATES), facts=Hello(approvers=desk.find("approvers"))
            )
        except ValueError as error:
            left = [*left, f"The first message could not be posted: {error}. Run `cardops init` again."]
        else:
            desk.answers.keep(_GREETED, channel)
            say(f"\nIn {desk.labels.get(channel, channel)} is a first message." if is_new else "")
    for words in left:
        say(f"\nLeft to do: {words}")
    say("\nStart the bot with `cardops run`, then type /cardops help in Slack. The first top-up should be 1 unit.")
    return WRONG if left else status


def _find_terminal() -> SetupTerminal | None:
    """Return the person at the terminal, None where there is none."""
    if not sys.stdin.isatty():
        return None
    return SetupTerminal(read=input, read_secret=getpass.getpass)
