"""`/cardops`: its declaration, and what its forms do."""

from collections.abc import Sequence
from dataclasses import dataclass

from approvals.policy.people import Member
from bot.doctor import table
from bot.doctor.findings import DoctorRow
from bot.slack.context import SlackContext
from bot.slack.declarations import ReplyForm
from bot.slack.handlers import passkeys, silences, stops
from bot.slack.payloads import Incoming
from commands.cardops import whoami
from commands.reading.arguments import ignore_words, read_nothing
from commands.roles import ADMIN, EVERY_MEMBER
from commands.slash_command import Command, Reply, show_help


@dataclass(frozen=True, kw_only=True)
class DoctorReply(Reply, template="doctor"):
    """What each check found, and how many came out in which state."""

    results: Sequence[DoctorRow]
    ok: int
    warn: int
    wrong: int


def _doctor(context: SlackContext, _incoming: Incoming, member: Member, _read: None) -> Reply:
    results = list(table.examine(context.doctor))
    found = table.count(results)
    context.note("doctor:asked", member=member, subject="installation", **found)
    return DoctorReply(results=results, **found)


DOCTOR = ReplyForm(
    word="doctor",
    usage="",
    does="whether everything is set up and works",
    roles=ADMIN,
    read=read_nothing,
    answer=_doctor,
    asks_paytend=True,
)


def make_command(*others: Command) -> Command:
    """Return `/cardops`, whose help and whoami name the forms of the other commands too."""

    def show_all(_context: SlackContext, _incoming: Incoming, _member: Member, _read: None) -> Reply:
        return show_help(*others, command)

    def who(context: SlackContext, _incoming: Incoming, member: Member, _read: None) -> Reply:
        return whoami.whoami(
            name=member.person.display_name,
            roles=member.roles,
            unreadable=member.unreadable,
            commands=(*others, command),
            evidence_key=context.doctor.evidence_key,
        )

    command = Command(
        name="/cardops",
        does="Help, your role, health check",
        forms=(
            ReplyForm(
                word="help",
                usage="",
                does="all commands",
                roles=EVERY_MEMBER,
                read=ignore_words,
                answer=show_all,
            ),
            ReplyForm(
                word="whoami",
                usage="",
                does="your roles, and what you can do",
                roles=EVERY_MEMBER,
                read=ignore_words,
                answer=who,
            ),
            DOCTOR,
            *passkeys.FORMS,
            *stops.FORMS,
            *silences.FORMS,
        ),
    )
    return command
