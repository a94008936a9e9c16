"""Who somebody is here: their roles, and what they may do with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commands.slash_command import Command, Reply


@dataclass(frozen=True, kw_only=True)
class WhoamiReply(Reply, template="whoami"):
    """Who somebody is here; `unreadable` are the groups whose members Slack did not name.

    `evidence_key` is the public half of the key that signs evidence, empty where none is set.
    """

    name: str
    roles: Sequence[str]
    unreadable: Sequence[str]
    may: Sequence[str]
    evidence_key: str = ""


def whoami(
    *,
    name: str,
    roles: frozenset[str],
    unreadable: frozenset[str],
    commands: Iterable[Command],
    evidence_key: str = "",
) -> WhoamiReply:
    """Return a person's roles and what they may do with them."""
    may = [
        f"{command.name} {form.word}: {form.does}"
        for command in commands
        for form in command.forms
        if form.roles and roles & set(form.roles)
    ]
    return WhoamiReply(
        name=name, roles=sorted(roles), unreadable=sorted(unreadable), may=may, evidence_key=evidence_key
    )
