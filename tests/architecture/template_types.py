"""Follows the facts through a template's syntax tree and names each use of a fact that its class does not have.

Types come from the dataclass's annotations. A mapping, and the result of most filters, is not followed further.
Macros are followed with the types that they are called with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from jinja2 import Environment, nodes

_BUILT_IN = {"loop", "range", "dict", "caller", "true", "false", "none"}
_SAME_TYPE = {"default", "d", "list", "sort", "unique", "reverse", "trim", "lower", "upper"}
_ITEM_TYPE = {"first", "last"}

Scope = dict[str, Any]


class TemplateTypes:
    """Reads the templates of some folders; `check` follows one class through its template."""

    def __init__(self, folders: Sequence[Path]) -> None:
        environment = Environment(autoescape=True)
        self.trees = {
            path.name: environment.parse(path.read_text(encoding="utf-8"))
            for folder in folders
            for path in sorted(folder.rglob("*.j2"))
        }

    @property
    def names(self) -> set[str]:
        """The templates that are rendered, without their suffix; those with an underscore are only imported."""
        return {name.removesuffix(".json.j2") for name in self.trees if name.endswith(".json.j2")}

    def check(self, facts: type[Any], template: str) -> list[str]:
        """Return each use of a fact that the class does not have, with its line."""
        name = f"{template}.json.j2"
        if name not in self.trees:
            return [f"{facts.__name__}: there is no template {name}"]
        walk = _Walk(self.trees)
        walk.body(self.trees[name].body, dict(_hints(facts)), name)
        return list(dict.fromkeys(walk.problems))


class _Walk:
    """One class followed through one template and the macros that it calls."""

    def __init__(self, trees: Mapping[str, nodes.Template]) -> None:
        self.problems: list[str] = []
        self._trees = trees
        self._seen: set[str] = set()
        self._statements: dict[type[nodes.Node], Callable[[Any, Scope, str], None]] = {
            nodes.FromImport: self._from_import,
            nodes.Import: self._import,
            nodes.Macro: self._define,
            nodes.For: self._for,
            nodes.Assign: self._set,
            nodes.AssignBlock: self._set_block,
            nodes.If: self._if,
        }
        self._expressions: dict[type[nodes.Node], Callable[[Any, Scope, str], Any]] = {
            nodes.Name: self._name,
            nodes.Getattr: self._get,
            nodes.Getitem: self._get,
            nodes.Call: self._call,
            nodes.Filter: self._filter,
            nodes.CondExpr: self._condition,
            nodes.Or: self._either,
            nodes.And: self._either,
        }

    def body(self, body: Sequence[nodes.Node], scope: Scope, name: str) -> None:
        for node in body:
            self._node(node, scope, name)

    def _node(self, node: nodes.Node, scope: Scope, name: str) -> None:
        if statement := self._statements.get(type(node)):
            statement(node, scope, name)
        elif isinstance(node, nodes.Expr):
            self._expression(node, scope, name)
        else:
            self.body(list(node.iter_child_nodes()), scope, name)

    def _from_import(self, node: nodes.FromImport, scope: Scope, _name: str) -> None:
        for item in node.names:
            old, new = item if isinstance(item, tuple) else (item, item)
            scope[new] = _Macro(self._find_macro(_text(node.template), old), _text(node.template))

    def _import(self, node: nodes.Import, scope: Scope, _name: str) -> None:
        scope[node.target] = _Library(_text(node.template))

    def _define(self, node: nodes.Macro, scope: Scope, name: str) -> None:
        scope[node.name] = _Macro(node, name)

    def _for(self, node: nodes.For, scope: Scope, name: str) -> None:
        inner = dict(scope)
        _assign(node.target, _item(self._expression(node.iter, scope, name)), inner)
        if node.test is not None:
            self._expression(node.test, inner, name)
        self.body([*node.body, *node.else_], inner, name)

    def _set(self, node: nodes.Assign, scope: Scope, name: str) -> None:
        _assign(node.target, self._expression(node.node, scope, name), scope)

    def _set_block(self, node: nodes.AssignBlock, scope: Scope, name: str) -> None:
        self.body(node.body, dict(scope), name)
        _assign(node.target, str, scope)

    def _if(self, node: nodes.If, scope: Scope, name: str) -> None:
        self._expression(node.test, scope, name)
        for part in (node.body, node.elif_, node.else_):
            self.body(part, scope, name)

    def _expression(self, node: nodes.Node, scope: Scope, name: str) -> Any:
        """Note what is wrong inside, and return the type (None where it is not followed)."""
        if expression := self._expressions.get(type(node)):
            return expression(node, scope, name)
        for child in node.iter_child_nodes():
            self._expression(child, scope, name)
        return None

    def _name(self, node: nodes.Name, scope: Scope, name: str) -> Any:
        if node.name not in scope and node.name not in _BUILT_IN:
            self.problems.append(f"{name}:{node.lineno}: {node.name}")
        return scope.get(node.name)

    def _get(self, node: nodes.Getattr | nodes.Getitem, scope: Scope, name: str) -> Any:
        base = self._expression(node.node, scope, name)
        key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if isinstance(node, nodes.Getitem):
            self._expression(node.arg, scope, name)
        if isinstance(base, _Library):
            return _Macro(self._find_macro(base.template, str(key)), base.template)
        classes = [part for part in _parts(base) if is_dataclass(part)]
        if not classes or not isinstance(key, str):
            return _item(base) if isinstance(key, int) else None
        known = [_hints(part)[key] for part in classes if key in _hints(part)]
        if not known:
            called = " | ".join(str(getattr(part, "__name__", part)) for part in classes)
            self.problems.append(f"{name}:{node.lineno}: {called}.{key}")
        return known[0] if known else None

    def _filter(self, node: nodes.Filter, scope: Scope, name: str) -> Any:
        given = None if node.node is None else self._expression(node.node, scope, name)
        for argument in [*node.args, *node.kwargs]:
            self._expression(argument, scope, name)
        return given if node.name in _SAME_TYPE else _item(given) if node.name in _ITEM_TYPE else None

    def _condition(self, node: nodes.CondExpr, scope: Scope, name: str) -> Any:
        self._expression(node.test, scope, name)
        if node.expr2 is not None:
            self._expression(node.expr2, scope, name)
        return self._expression(node.expr1, scope, name)

    def _either(self, node: nodes.Or | nodes.And, scope: Scope, name: str) -> Any:
        left, right = (self._expression(part, scope, name) for part in (node.left, node.right))
        return left if left is not None else right

    def _call(self, node: nodes.Call, scope: Scope, name: str) -> None:
        called = self._expression(node.node, scope, name)
        given = [self._expression(argument, scope, name) for argument in node.args]
        named = {keyword.key: self._expression(keyword.value, scope, name) for keyword in node.kwargs}
        if not isinstance(called, _Macro) or called.macro is None:
            return
        names = [argument.name for argument in called.macro.args]
        arguments = dict.fromkeys(names) | dict(zip(names, given, strict=False)) | named
        if (seen := f"{called}{arguments}") in self._seen:
            return
        self._seen.add(seen)
        outer: Scope = {}
        top = (nodes.Macro, nodes.FromImport, nodes.Import, nodes.Assign)
        self.body(
            [each for each in self._trees[called.template].body if isinstance(each, top)], outer, called.template
        )
        self.body(called.macro.body, {**outer, **arguments}, called.template)

    def _find_macro(self, template: str, name: str) -> nodes.Macro | None:
        macros = self._trees[template].find_all(nodes.Macro)
        return next((macro for macro in macros if macro.name == name), None)


class _Library:
    """What `import … as` names: another template's macros."""

    def __init__(self, template: str) -> None:
        self.template = template


class _Macro:
    """A macro, and the template in which it is."""

    def __init__(self, macro: nodes.Macro | None, template: str) -> None:
        self.macro, self.template = macro, template

    def __repr__(self) -> str:
        return f"{self.template}:{self.macro.name if self.macro else ''}"


def _hints(facts: Any) -> dict[str, Any]:
    hints = get_type_hints(facts)
    return {field.name: hints[field.name] for field in fields(facts)}


def _parts(annotation: Any) -> list[Any]:
    """Return the types of a union without None; of anything else, itself."""
    if get_origin(annotation) in {Union, UnionType}:
        return [part for part in get_args(annotation) if part is not NoneType]
    return [annotation]


def _item(annotation: Any) -> Any:
    """Return the type of a sequence's items; None where that is not known."""
    for part in _parts(annotation):
        origin = get_origin(part)
        if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
            return get_args(part)[0]
    return None


def _assign(target: nodes.Node, found: Any, scope: dict[str, Any]) -> None:
    if isinstance(target, nodes.Name):
        scope[target.name] = found
    elif isinstance(target, nodes.Tuple):
        for inner in target.items:
            _assign(inner, None, scope)


def _text(node: nodes.Node) -> str:
    return str(getattr(node, "value", ""))
