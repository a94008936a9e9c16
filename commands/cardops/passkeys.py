"""`/cardops passkey`: what is typed, and what is shown of somebody's passkeys."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from commands.reading.arguments import TypedWords, misread
from commands.slash_command import Reply

_FINGERPRINT = re.compile(r"([0-9a-f]{4}-?){3}[0-9a-f]{4}", re.IGNORECASE)
_ACTS = ("approve", "remove")


@dataclass(frozen=True, kw_only=True)
class TypedPasskey:
    """What somebody wants: a new key where `act` is empty, else to approve or remove the one of a fingerprint."""

    act: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class PageLinkReply(Reply, template="page_link"):
    """A link to one of our pages, for the person who asked alone."""

    headline: str
    says: str
    button: str
    url: str
    rows: Sequence[str] = ()


def read_passkey(typed: TypedWords) -> TypedPasskey:
    """Return what was typed behind `/cardops passkey`; raises Misread."""
    words = list(typed.words)
    if not words:
        return TypedPasskey()
    if len(words) != 2 or words[0].lower() not in _ACTS or not _FINGERPRINT.fullmatch(words[1]):
        raise misread("A passkey is named by its fingerprint, such as 12ab-34cd-56ef-7890.", form=typed.form)
    digits = words[1].lower().replace("-", "")
    fingerprint = "-".join(digits[place : place + 4] for place in range(0, 16, 4))
    return TypedPasskey(act=words[0].lower(), fingerprint=fingerprint)
