"""What `/cardops` does."""

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.policy.people import Member
from bot.doctor import table
from bot.doctor.findings import DoctorRow
from bot.slack.declarations import Typed
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts
from commands.cardops import whoami as cardops
from commands.reading.arguments import no_more
from commands.slash_command import Reply, show_help
from commands.table import COMMANDS


@dataclass(frozen=True, kw_only=True)
class DoctorReply(Reply, template="doctor"):
    """What each check found, and how many came out in which state."""

    results: Sequence[DoctorRow]
    ok: int
    warn: int
    wrong: int


def _help(_parts: Parts, _incoming: Incoming, _standing: Member, _words: Sequence[str]) -> Reply:
    return show_help(*COMMANDS)


def _whoami(_parts: Parts, _incoming: Incoming, member: Member, _words: Sequence[str]) -> Reply:
    return cardops.whoami(
        name=member.person.display_name, roles=member.roles, unreadable=member.unreadable, commands=COMMANDS
    )


def _doctor(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
    no_more(words, form="/cardops doctor")
    with parts.replier.still_working(incoming):
        results = list(table.examine(parts.doctor))
    found = table.count(results)
    parts.note("doctor:asked", member=member, subject="installation", **found)
    return DoctorReply(results=results, **found)


TYPED: dict[str, Typed] = {"help": _help, "whoami": _whoami, "doctor": _doctor}
