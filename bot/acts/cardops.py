"""What `/cardops` does."""

from collections.abc import Sequence

from approvals.people import Standing
from bot import doctor
from bot.acts.kinds import Typed
from bot.incoming import Incoming
from bot.parts import Parts
from commands import cardops
from commands.arguments import no_more
from commands.surface import Reply, show_help
from commands.table import COMMANDS


def _help(_parts: Parts, _incoming: Incoming, _standing: Standing, _words: Sequence[str]) -> Reply:
    return show_help(*COMMANDS)


def _whoami(_parts: Parts, _incoming: Incoming, standing: Standing, _words: Sequence[str]) -> Reply:
    return cardops.whoami(
        name=standing.person.called, roles=standing.roles, unreadable=standing.unreadable, commands=COMMANDS
    )


def _doctor(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    no_more(words, form="/cardops doctor")
    with parts.replier.still_working(incoming):
        results = list(doctor.examine(doctor.patient_of(parts)))
    found = doctor.count(results)
    parts.note("doctor:asked", standing=standing, subject="installation", **found)
    return Reply(template="doctor", facts={"results": results, **found})


TYPED: dict[str, Typed] = {"help": _help, "whoami": _whoami, "doctor": _doctor}
