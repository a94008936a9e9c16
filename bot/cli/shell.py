"""What the commands share: parsers, exit statuses, output and progress."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from bot.logs import is_json

_log = logging.getLogger(__name__)

FINE, WRONG, UNUSABLE = 0, 1, 2

CommandFunction: TypeAlias = Callable[[argparse.Namespace], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - has no public name


def add_command(commands: Commands, name: str, act: CommandFunction, words: str) -> argparse.ArgumentParser:
    """Add one command and return its parser, which takes the arguments."""
    command = commands.add_parser(name, help=words, description=words)
    command.set_defaults(act=act)
    return command


def add_group(
    commands: Commands, name: str, members: Mapping[str, tuple[CommandFunction, str]]
) -> dict[str, argparse.ArgumentParser]:
    """Add a noun with its commands, and return their parsers."""
    words = "; ".join(f"{member}: {does}" for member, (_, does) in members.items())
    group = commands.add_parser(name, help=words).add_subparsers(required=True, metavar="<command>")
    return {member: add_command(group, member, act, does) for member, (act, does) in members.items()}


def complain(headline: str, problems: Sequence[str] = (), hint: str = "") -> int:
    """Write to stderr what is wrong and what to do, and return the status for usage and settings."""
    if is_json():  # `run` with a log that a program reads
        more = {"problems": list(problems) or None, "next": hint or None}
        _log.error("%s", headline, extra=more)
        return UNUSABLE
    lines = [headline, *(f"  - {problem}" for problem in problems), *([hint] if hint else [])]
    sys.stderr.write("\n".join(lines) + "\n")
    return UNUSABLE


def mention(line: str) -> None:
    """Tell the person who started the bot something on stderr, as a line of the log where that is JSON."""
    if is_json():
        _log.info("%s", line)
    else:
        sys.stderr.write(line + "\n")


def say(line: str) -> None:
    """Write one line to stdout."""
    sys.stdout.write(line + "\n")


def show_progress(words: str) -> None:
    """Write to stderr how far the work is; a terminal shows it on one line."""
    sys.stderr.write(f"\r{words}\033[K" if sys.stderr.isatty() else words + "\n")
    sys.stderr.flush()


def finish_progress() -> None:
    """Leave the line on which a terminal showed progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")
