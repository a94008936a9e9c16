"""`python -m sandbox <command>`: the stand-ins as programs. Each command lives in its own module."""

import argparse
import sys
from collections.abc import Sequence

from sandbox import demo
from sandbox.paytend import launch as paytend
from sandbox.slack import command as slack

COMMANDS = (demo.add_command, paytend.add_command, slack.add_command)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Stand-ins of the outside world")
    commands = parser.add_subparsers(required=True, metavar="command")
    for add_command in COMMANDS:
        add_command(commands)
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
