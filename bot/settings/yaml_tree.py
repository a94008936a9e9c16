"""Reads the YAML of cardops.yml into texts, lists and names with values, each with its line.

Only what people write in a configuration is taken: no anchors, aliases, merge keys, tags or second documents.
With them a line would not say what it says. Nothing is made of the file but texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

DEEPEST = 12  # levels; cardops.yml needs six
_LONGEST = 1_000_000  # characters


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong: the line (from 1) and what it says there, in words."""

    line: int
    key: str = ""
    says: str


class YamlUnusable(Exception):
    """The text is not YAML that can be used; `faults` says why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(fault.says for fault in faults))
        self.faults = list(faults)


@dataclass(kw_only=True)
class Node:
    """A text, a list or names with values, with its line; `is_plain` is a text without quotation marks."""

    line: int
    text: str | None = None
    is_plain: bool = False
    items: list["Node"] | None = None
    names: dict[str, "Node"] | None = None
    key_lines: dict[str, int] = field(default_factory=dict)

    @property
    def value(self) -> Any:
        """What it says, as texts, lists and dicts."""
        if self.items is not None:
            return [item.value for item in self.items]
        if self.names is not None:
            return {name: node.value for name, node in self.names.items()}
        return self.text


def read_tree(text: str) -> tuple[Node | None, list[Fault]]:
    """Return what the text says, None for an empty one, and what is wrong with it; raises YamlUnusable.

    What is wrong here does not keep the rest from being read: a name that is there twice has its first value.
    """
    if len(text) > _LONGEST:
        raise YamlUnusable([Fault(line=1, says="the file is larger than a megabyte; is it the right one?")])
    reader = _Reader()
    try:
        # The parser keeps its own stack, so that no depth of brackets ends in a recursion.
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            reader.take(event)
            if reader.is_too_deep:
                break
    except yaml.YAMLError as error:
        raise YamlUnusable([*reader.faults, _say_syntax(error, text)]) from error
    if reader.is_too_deep:
        raise YamlUnusable(reader.faults)
    return reader.root, reader.faults


def find_line(node: Node | None, path: Sequence[Any]) -> int:
    """Return the line of the innermost part of a path that exists."""
    line = node.line if node is not None else 1
    for part in path:
        if node is not None and node.names is not None and str(part) in node.names:
            line, node = node.key_lines[str(part)], node.names[str(part)]
        elif node is not None and node.items is not None and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            line = node.line
        else:
            break
    return line


class _Reader:
    """Makes the tree of the parser's events."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.is_too_deep = False
        self._open: list[Node] = []
        self._keys: list[tuple[str, int] | None] = []  # of each open mapping: the name whose value comes next
        self._documents = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents == 2:
                    self._note(line, "a second document begins here (---), which nobody would read; remove it")
            case yaml.AliasEvent():
                self._note(line, f"*{event.anchor} repeats something from elsewhere; write it out here")
                self._add(Node(line=line, text=""))
            case yaml.ScalarEvent():
                self._check(event, line)
                self._add(Node(line=line, text=event.value, is_plain=event.style is None))
            case yaml.SequenceStartEvent():
                self._check(event, line)
                self._begin(Node(line=line, items=[]))
            case yaml.MappingStartEvent():
                self._check(event, line)
                self._begin(Node(line=line, names={}))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()

    def _check(self, event: Any, line: int) -> None:
        if event.anchor:
            self._note(line, f"&{event.anchor} names this for use elsewhere; write it out where it is needed")
        if event.tag not in (None, "!"):
            self._note(
                line, f"{event.tag[:40]} is a tag; remove it: values are texts, lists and names with values"
            )

    def _begin(self, node: Node) -> None:
        self._open.append(node)
        self._keys.append(None)
        if len(self._open) > DEEPEST and not self.is_too_deep:
            self.is_too_deep = True
            self._note(node.line, "this is nested too deeply; is a bracket left open?")

    def _end(self) -> None:
        self._keys.pop()
        self._add(self._open.pop())

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: into the list that is open, or as a name or value."""
        if not self._open:
            self.root = self.root or node
            return
        around = self._open[-1]
        if around.items is not None:
            around.items.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = (self._read_name(node), node.line)
        else:
            name, line = self._keys[-1]
            self._keys[-1] = None
            self._set(around, name, line, node)

    def _read_name(self, node: Node) -> str:
        if node.text == "<<" and node.is_plain:
            self._note(node.line, "<< takes names from elsewhere; write them out here")
        if node.text is None:
            self._note(node.line, "a name is a text, not a list or names with values")
        return node.text or ""

    def _set(self, around: Node, name: str, line: int, node: Node) -> None:
        names = around.names or {}
        if name in names:
            first = around.key_lines[name]
            self._note(line, f"{name[:40]} is here a second time; the first is in line {first}. Keep one", name)
        elif name != "<<":
            around.names = names | {name: node}
            around.key_lines[name] = line

    def _note(self, line: int, says: str, key: str = "") -> None:
        self.faults.append(Fault(line=line, says=says, key=key))


def _say_syntax(error: yaml.YAMLError, text: str) -> Fault:
    """Return in our words why this is not YAML: the library's own help nobody at three in the morning."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if isinstance(error, yaml.reader.ReaderError):
        return Fault(
            line=text[: error.position].count("\n") + 1,
            says=f"there is a character that no text has (number {error.position + 1} of the file); remove it",
        )
    line = mark.line + 1 if mark is not None else 1
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    begun = getattr(error, "context_mark", None)
    if "\t" in shown:
        why = "there is a tab; indent with spaces"
    elif begun is not None and begun.line + 1 != line:
        why = f"what begins in line {begun.line + 1} does not end; look for a missing ] or }} or quotation mark"
    elif shown.lstrip().startswith(("@", "`", "%", "!", "&", "*", "|", ">")) or ": @" in shown:
        why = "a text that begins with a sign needs quotation marks, such as '@name'"
    else:
        why = "look for a missing bracket, quotation mark, comma or “: ”, and at how far the line is indented"
    return Fault(line=line, says=f"this is no YAML: {why}")
