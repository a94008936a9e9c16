"""Which mistakes are made: mutmut's operators, less those that only make noise, and three of our own.

Left out, with the reason:

- replacing a value or an argument by `None`: mypy refuses such code, so the tests would only count easy deaths;
- removing a positional argument, except of a condition (`where`, `and_` …), for the same reason;
- the upper and lower case of a text: `XX…XX` shows as much;
- texts for people: whatever has a space in it, docstrings, messages of exceptions, names and fields of log events;
- annotations, decorators, `__repr__`, type parameters and `if TYPE_CHECKING`.

Ours are the mistakes that mutmut does not make: a call, a guard, or one of several conditions is forgotten.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

_CONDITIONS = m.Name("where") | m.Name("and_") | m.Name("or_") | m.Name("all") | m.Name("any")
_LOGGERS = m.Attribute(value=m.Name("_log") | m.Name("log") | m.Name("logger"))
_LEAVING = m.Return() | m.Raise() | m.Continue() | m.Break()
_TYPING = m.Name("TypeVar") | m.Name("NewType") | m.Name("cast") | m.Name("ParamSpec")


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One mistake in one file: `line` is where it begins, `operator` names its sort."""

    file: str
    line: int
    last_line: int
    operator: str
    nth: int
    """Which of the file's mutations this is, counted from 0."""


def _other_text(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
    """Change a text that a program reads."""
    if " " not in node.value.strip():
        yield from list(mutators.operator_string(node))[:1]


def _without_argument(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Remove each named argument, and each condition of a query."""
    conditions = len(node.args) > 1 and m.matches(node.func, _CONDITIONS | m.Attribute(attr=_CONDITIONS))
    for i, argument in enumerate(node.args):
        if argument.keyword is not None or conditions:
            rest = [*node.args[:i], *node.args[i + 1 :]]
            if rest and i == len(rest):  # the last one is gone, so the one before it ends as it did
                rest[-1] = rest[-1].with_changes(comma=argument.comma)
            yield node.with_changes(args=rest)


def _without_call(node: cst.SimpleStatementLine) -> Iterable[cst.CSTNode]:
    """Forget a call that is made for its effect."""
    if m.matches(node, m.SimpleStatementLine(body=[m.Expr(value=m.Call())])) and not _is_logging(node):
        yield node.with_changes(body=[cst.Pass()])


def _without_guard(node: cst.If) -> Iterable[cst.CSTNode]:
    """Forget an `if` that leaves early."""
    body = node.body.body
    last = body[-1] if body else None
    leaves = m.matches(last, m.SimpleStatementLine(body=[m.ZeroOrMore(), _LEAVING])) if last else False
    if leaves and node.orelse is None:
        yield node.with_changes(test=cst.Name("False"), body=node.body)


def _is_logging(node: cst.SimpleStatementLine) -> bool:
    return m.matches(node, m.SimpleStatementLine(body=[m.Expr(value=m.Call(func=_LOGGERS))]))


_OPERATORS: dict[str, tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]] = {
    "number": (cst.BaseNumber, mutators.operator_number),
    "text": (cst.SimpleString, _other_text),
    "constant": (cst.Name, mutators.operator_name),
    "augmented": (cst.AugAssign, mutators.operator_augmented_assignment),
    "not": (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    "method": (cst.Call, mutators.operator_symmetric_string_methods_swap),
    "split": (cst.Call, mutators.operator_unsymmetrical_string_methods_swap),
    "keyword": (cst.CSTNode, mutators.operator_keywords),
    "operator": (cst.CSTNode, mutators.operator_swap_op),
    "case": (cst.Match, mutators.operator_match),
    "ternary": (cst.IfExp, mutators.operator_if_exp),
    "argument": (cst.Call, _without_argument),
    "call": (cst.SimpleStatementLine, _without_call),
    "guard": (cst.If, _without_guard),
}


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, str, int, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_noise(node):
            return False
        for name, (kind, operator) in _OPERATORS.items():
            if isinstance(node, kind):
                for mutated in operator(node):
                    place = self.get_metadata(PositionProvider, node)
                    self.found.append((node, mutated, name, place.start.line, place.end.line))
        return True


def _is_noise(node: cst.CSTNode) -> bool:
    return m.matches(
        node,
        m.Annotation()
        | m.Decorator()
        | m.Import()
        | m.ImportFrom()
        | m.Raise(exc=m.Call(args=[m.Arg(value=m.SimpleString() | m.FormattedString() | m.ConcatenatedString())]))
        | m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString() | m.ConcatenatedString())])
        | m.SimpleStatementLine(body=[m.Expr(value=m.Call(func=_LOGGERS))])
        | m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])])
        | m.Call(func=_TYPING)
        | m.FunctionDef(name=m.Name("__repr__"))
        | m.If(test=m.Name("TYPE_CHECKING"))
        | m.TypeAlias(),
    ) or m.matches(node, m.Assign(value=m.BinaryOperation(operator=m.BitOr(), left=m.Name() | m.Subscript())))


def _found(source: str) -> tuple[cst.Module, list[tuple[cst.CSTNode, cst.CSTNode, str, int, int]]]:
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    visitor = _Visitor()
    wrapper.visit(visitor)
    return wrapper.module, visitor.found


def mutations_of(root: Path, file: str) -> Iterator[Mutation]:
    """Every mutation of one file, in the order of the text."""
    _, found = _found((root / file).read_text())
    for nth, (_, _, operator, line, last_line) in enumerate(found):
        yield Mutation(file=file, line=line, last_line=last_line, operator=operator, nth=nth)


def mutated_source(source: str, mutation: Mutation) -> str:
    """The text of the file with the mistake in it."""
    module, found = _found(source)
    original, mutated, *_ = found[mutation.nth]
    changed = module.deep_replace(original, mutated)
    assert isinstance(changed, cst.Module)
    return changed.code


def changed_lines(source: str, mutated: str) -> list[str]:
    """What the mutation changed, as the `-` and `+` lines of a diff."""
    lines = difflib.unified_diff(source.splitlines(), mutated.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "-+" and line[:3] not in ("---", "+++")]
