"""What can be chosen from Slack's lists, and which of it somebody means. Pure."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SetupOption:
    """A channel, group or person: its id, the names by which it is found, and what is shown beside it."""

    id: str
    names: tuple[str, ...]
    says: str = ""

    @property
    def label(self) -> str:
        """The name that is shown."""
        return self.names[0]


def pick(options: Sequence[SetupOption], text: str) -> SetupOption:
    """Return the option of an id or of a name, with or without # or @; raises ValueError in words."""
    wanted = text.strip()
    for option in options:
        if option.id == wanted:
            return option
    exact = [option for option in options if _plain(wanted) in map(_plain, option.names)]
    if len(exact) == 1:
        return exact[0]
    if exact:
        raise ValueError(f"{wanted} can be {', '.join(option.id for option in exact)}: give the id")
    near = difflib.get_close_matches(_plain(wanted), [_plain(option.label) for option in options], n=1)
    raise ValueError(f"Slack lists nothing called {wanted}{f'; did you mean {near[0]}?' if near else ''}")


def search(options: Sequence[SetupOption], text: str) -> list[SetupOption]:
    """Return the options with this text in a name."""
    return [option for option in options if any(_plain(text) in _plain(name) for name in option.names)]


def _plain(name: str) -> str:
    return name.strip().lstrip("#@").casefold()
