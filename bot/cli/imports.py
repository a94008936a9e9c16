"""`cardops import cards FILE.csv`: has cards found by name before they have passed here."""

import argparse
from pathlib import Path

from bot.cards import card_file
from bot.cards.known_cards import KnownCards
from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_group, complain, finish_progress, say, show_progress
from notifier.routing.locks import lock_announcing

_BATCH = 200  # cards in one transaction: on SQLite webhooks wait for it


def add_to(commands: Commands) -> None:
    """Add the command."""
    words = "remember the cards of a CSV file with the columns card_id, last_four, holder_id, name"
    parsers = add_group(commands, "import", {"cards": (import_cards, words)})
    parsers["cards"].add_argument("file", type=Path, help="the file, in UTF-8, with a head")


def import_cards(chosen: argparse.Namespace) -> int:
    """Read the whole file first: with a fault in any row nothing of it is taken."""
    try:
        with chosen.file.open(encoding="utf-8-sig", newline="") as lines:
            found = card_file.read_cards(lines)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        return complain(f"{chosen.file} cannot be read: {reason}.", [], "Give another file.")
    if found.faults:
        complain("Nothing was taken. These rows cannot be:", found.faults, "Correct them and run this again.")
        return WRONG
    with open_installation(writes=True) as installation:
        _write(installation, found)
    say(f"{len(found.cards)} cards are known now.")
    return FINE


def _write(installation: Installation, found: card_file.CardFile) -> None:
    database, clock = installation.database, installation.clock
    known = KnownCards(database=database, vault=installation.vault, now_in=clock.now_in)
    done = 0
    for part in card_file.split(found.cards, size=_BATCH):
        with database.writing() as session:
            lock_announcing(session)  # webhooks write several cards in one transaction, too
            known.note_in(session, part)
        done += len(part)
        show_progress(f"{done} of {len(found.cards)} cards")
    finish_progress()
    with database.writing() as session:
        installation.note(session, "cards:imported", subject="cards", facts={"cards": len(found.cards)})
