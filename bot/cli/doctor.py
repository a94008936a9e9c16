"""`cardops doctor`: checks whether everything is set up and works, beside a running bot or without one."""

import argparse
import sys

from bot.cli.shell import FINE, WRONG, Commands, add_command
from bot.clock import make_clock
from bot.database.engine import SqlDatabase
from bot.doctor import table
from bot.settings.setup import read_setup
from bot.wiring.doctor import open_doctor_context


def add_to(commands: Commands) -> None:
    """Add the command."""
    add_command(commands, "doctor", run_doctor, "say whether everything is set up and works")


def run_doctor(_chosen: argparse.Namespace) -> int:
    """Run the checks and print each result as it comes; status 1 when one of them failed."""
    setup = read_setup()
    settings, config = setup.settings, setup.config
    database = SqlDatabase(settings.DATABASE_URL)
    wrong = False
    try:
        with open_doctor_context(settings, config, clock=make_clock(), database=database) as doctor_context:
            for row in table.examine(doctor_context):
                sys.stdout.write(f"{row.state:<6}{row.name:<10}{row.says}\n")
                sys.stdout.write(f"{'':<16}-> {row.next}\n" if row.next else "")
                sys.stdout.flush()
                wrong = wrong or row.state is table.CheckState.WRONG
    finally:
        database.close()
    return WRONG if wrong else FINE
