"""`/cardops`: help with all commands, who one is here, and whether everything works."""

from collections.abc import Iterable, Sequence

from commands.cardops import silences
from commands.slash_command import Command, Form, Reply

COMMAND = Command(
    name="/cardops",
    does="Help, who you are here, and whether everything works",
    forms=(
        Form(word="help", usage="", does="all commands", roles=()),
        Form(word="whoami", usage="", does="your roles, and what you may do", roles=()),
        Form(word="doctor", usage="", does="whether everything is set up and works", roles=("admin",)),
        *silences.FORMS,
    ),
)


def whoami(*, name: str, roles: frozenset[str], unreadable: frozenset[str], commands: Iterable[Command]) -> Reply:
    """Return a person's roles and what they may do with them."""
    may: Sequence[str] = [
        f"{command.name} {form.word}: {form.does}"
        for command in commands
        for form in command.forms
        if form.roles and roles & set(form.roles)
    ]
    facts = {"name": name, "roles": sorted(roles), "unreadable": sorted(unreadable), "may": may}
    return Reply(template="whoami", facts=facts)
