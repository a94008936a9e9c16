"""How much a template can make of its facts, read from its syntax tree; no sandbox stops one too many.

Each value that may be written counts one, in a loop as often as the list is long, in a text that is set as often
as that text is used. What cannot be counted (macros of one's own, loops over anything but a list of the facts,
other files) is refused, so a template that was accepted is done quickly whatever the facts are.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

PARTS = "_parts.j2"
MOST_VALUES = 4_000  # ours come to a few hundred
_COUNTS_ONE = 100  # characters of text
_LONGEST_SEPARATOR = 20  # characters
_OF_A_MACRO = 20  # values that a macro of ours writes
_KEEP_LENGTH = frozenset({"list", "sort"})
_PLAIN = (
    nodes.And,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Const,
    nodes.Dict,
    nodes.Filter,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.Import,
    nodes.Keyword,
    nodes.List,
    nodes.Neg,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Pair,
    nodes.Pos,
    nodes.Slice,
    nodes.TemplateData,
    nodes.Template,
    nodes.Test,
    nodes.Tuple,
)


def check_bounds(tree: nodes.Template, *, name: str, lists: Mapping[str, int]) -> None:
    """Raise TemplateSyntaxError for a template that may make too much.

    `lists` are the facts that can be looped over, each with its most items.
    """
    values = _Counter(name=name, lists=lists).count(tree)
    if values > MOST_VALUES:
        raise TemplateSyntaxError(
            f"this may write {values:,} values; {MOST_VALUES:,} are the most", tree.lineno, name, name
        )


def _is_no_longer(node: Any) -> bool:
    """Whether this is a list made of another (`node.node`) that is at least as long."""
    match node:
        case nodes.Filter():
            return node.name in _KEEP_LENGTH and node.node is not None
        case nodes.Getitem():
            return isinstance(node.arg, nodes.Slice)
        case _:
            return False


class _Counter:
    """Counts in the order of the text, so that what is set is known where it is used."""

    def __init__(self, *, name: str, lists: Mapping[str, int]) -> None:
        self._name = name
        self._lists = lists
        self._set: dict[str, int] = {}
        self._imported: set[str] = set()

    def count(self, node: nodes.Node) -> int:
        """Return how many values the node may write, at most."""
        match node:
            case nodes.Name():
                return self._read_name(node)
            case nodes.TemplateData(data=text) | nodes.Const(value=str(text)):
                return len(text) // _COUNTS_ONE
            case nodes.For():
                return self._count_loop(node)
            case nodes.Call():
                return self._count_call(node)
            case nodes.Filter(name="join" | "list" | "sort"):
                return self._count_list(node)
        self._check(node)
        values = sum(self.count(child) for child in node.iter_child_nodes())
        if isinstance(node, nodes.Assign | nodes.AssignBlock):
            self._remember(node.target, values)
        return values

    def _check(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Import):
            self._take_in(node)
        elif not isinstance(node, _PLAIN):
            raise self._refuse(node, f"{type(node).__name__} is not allowed in a template of one's own")

    def _remember(self, target: nodes.Node, values: int) -> None:
        """Remember how much the names that are set can expand to."""
        names = [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name)
        for name in names:
            self._set[name.name] = max(values, self._set.get(name.name, 1))

    def _count_loop(self, loop: nodes.For) -> int:
        if loop.recursive:
            raise self._refuse(loop, "a loop is not recursive in a template of one's own")
        inner = [*loop.body, *loop.else_, *([loop.test] if loop.test else [])]
        self.count(loop.target)
        times = self._length(loop.iter, what="a loop goes over")
        return times * (1 + sum(self.count(child) for child in inner))

    def _read_name(self, name: nodes.Name) -> int:
        if name.ctx != "load" and name.name in self._lists:
            raise self._refuse(name, f"{name.name} is a list of the facts and stays it")
        return self._set.get(name.name, 1)

    def _count_list(self, made: nodes.Filter) -> int:
        """Count what is made of a list; of a text each of its letters could become a text again."""
        given = [*made.args, *(keyword.value for keyword in made.kwargs)]
        is_short = all(
            isinstance(each, nodes.Const) and len(str(each.value)) <= _LONGEST_SEPARATOR for each in given
        )
        if made.dyn_args or made.dyn_kwargs or not is_short:
            raise self._refuse(made, f"what {made.name} is given is written out and short")
        return self._length(made.node, what=f"{made.name} takes")

    def _length(self, over: Any, *, what: str) -> int:
        """Return the most items of a list of the facts."""
        while _is_no_longer(over):
            over = over.node
        if not isinstance(over, nodes.Name) or over.name not in self._lists:
            known = ", ".join(sorted(self._lists)) or "none"
            raise self._refuse(over, f"{what} a list of the facts; this notice has: {known}")
        return self._lists[over.name]

    def _count_call(self, call: nodes.Call) -> int:
        called = call.node
        is_ours = (
            isinstance(called, nodes.Getattr)
            and isinstance(called.node, nodes.Name)
            and called.node.name in self._imported
        )
        if not is_ours:
            raise self._refuse(call, f"only what {PARTS} offers can be called")
        given = [*call.args, *(keyword.value for keyword in call.kwargs)]
        return _OF_A_MACRO + sum(self.count(argument) for argument in given)

    def _take_in(self, node: nodes.Import) -> None:
        if not isinstance(node.template, nodes.Const) or node.template.value != PARTS:
            raise self._refuse(node, f"only {PARTS} can be imported")
        self._imported.add(node.target)

    def _refuse(self, node: nodes.Node, reason: str) -> TemplateSyntaxError:
        return TemplateSyntaxError(reason, node.lineno, self._name, self._name)
