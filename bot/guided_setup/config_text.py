"""Changes single sections in the text of cardops.yml and leaves everything else as it is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from bot.settings.example_files import write_config, write_section


@dataclass(frozen=True, kw_only=True)
class ChangedConfig:
    """A new text, and the sections that were written by hand and stay: what was answered of them is not in it."""

    text: str
    by_hand: tuple[str, ...] = ()


def change_sections(text: str | None, bodies: Mapping[str, str], *, before: Mapping[str, str]) -> ChangedConfig:
    """Return the text with these sections; without a text, a commented one with all of them.

    `before` are the sections as the answers in the old text would make them: one that says something else was
    written by hand, and stays.
    """
    if text is None:
        return ChangedConfig(text=write_config(bodies))
    by_hand = []
    for name, body in bodies.items():
        if name in before and yaml.safe_load(body) == yaml.safe_load(before[name]):
            continue  # nothing else was answered
        found = _find(text, name)
        if found is None:
            text = f"{text.rstrip()}\n\n{write_section(name, body)}"
            continue
        start, end, value = found
        if value == yaml.safe_load(body):
            continue
        if name in before and value == yaml.safe_load(before[name]):
            lines = text.splitlines(keepends=True)
            text = "".join([*lines[:start], write_section(name, body), *lines[end:]])
        else:
            by_hand.append(name)
    return ChangedConfig(text=text, by_hand=tuple(by_hand))


def _find(text: str, name: str) -> tuple[int, int, object] | None:
    """Return the first line of a section, the one after its last, and what it says."""
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(tree, yaml.MappingNode):
        return None
    lines = text.splitlines(keepends=True)
    for key, value in tree.value:
        if key.value != name:
            continue
        start, end = key.start_mark.line, max(value.end_mark.line, key.start_mark.line + 1)
        end = end + 1 if value.end_mark.column and value.end_mark.line >= end else end
        # What comes between two sections belongs to the next one.
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
            end -= 1
        return start, end, yaml.safe_load("".join(lines[start:end]))[name]
    return None
