"""What is configured, as flat names and texts for the trail, without secrets, and how two of them differ. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

SET, NOT_SET = "(set)", "(not set)"
_CREDENTIALS = re.compile(r"//[^/@]*@|\?.*")  # of an address: who signs in, and what may be a password behind it


def flatten(settings: BaseModel, config: BaseModel) -> dict[str, str]:
    """Return every setting and every key of cardops.yml with its value; of secrets only whether there is one."""
    found = {name: _show(getattr(settings, name)) for name in type(settings).model_fields}
    return dict(sorted({**found, **dict(_walk("cardops.yml", config.model_dump(mode="json")))}.items()))


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str | None]]:
    """Return what differs: the name with its old and its new value; None is what was not there."""
    names = sorted(before.keys() | after.keys())
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _show(value: object) -> str:
    match value:
        case None | "" | ():
            return NOT_SET
        # Only whether there is one: the trail is kept for ever, and exported.
        case SecretStr() | bytes():
            return SET
        case tuple() if any(isinstance(part, bytes | SecretStr) for part in value):
            return SET
        case _:
            return _CREDENTIALS.sub(lambda found: "//" if found.group().startswith("//") else "", str(value))


def _walk(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _walk(f"{name}.{key}", inner)
        case list():
            for place, inner in enumerate(value, start=1):
                yield from _walk(f"{name}[{place}]", inner)
        case _:
            yield name, json.dumps(value, ensure_ascii=False)
