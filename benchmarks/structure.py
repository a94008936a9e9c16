"""Measures the map of the code: rooms and arrows, lengths, names. `python -m benchmarks.structure [FOLDER]`.

A room is a folder of a package, or a file directly in the package; an arrow is an import from one room to another
of the same package. Read from the sources alone, so that another checkout can be measured beside this one.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeGuard

PACKAGES = ("approvals", "bot", "commands", "notifier", "paytend", "storage")
LONG_FILE, LONG_FUNCTION = 300, 50  # lines, as the house rules have it

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Module:
    """One source file: its dotted name, its text, its syntax tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0]

    @property
    def room(self) -> str:
        """The room that the module is in."""
        return ".".join(self.name.split(".")[:2])

    @property
    def lines(self) -> int:
        """How many lines the file has."""
        return self.text.count("\n")


def read_modules(root: Path) -> list[Module]:
    """Return the modules of the product below a checkout; migrations are generated and left out."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    modules = []
    for path in paths:
        parts = path.relative_to(root).with_suffix("").parts
        if "versions" in parts:
            continue
        text = path.read_text(encoding="utf-8")
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name=name, text=text, tree=ast.parse(text)))
    return modules


def find_imports(module: Module) -> Iterator[str]:
    """Return the dotted names that a module imports from our packages."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in PACKAGES)


def functions(module: Module) -> list[_Function]:
    """Return all functions of a module, those inside of classes and functions too."""
    return [node for node in ast.walk(module.tree) if isinstance(node, _Function)]


def count_arrows(modules: list[Module], package: str) -> int:
    """Return how many pairs of different rooms of a package have an import between them."""
    rooms = {module.room for module in modules if module.package == package}
    arrows = set()
    for module in (module for module in modules if module.package == package):
        for name in find_imports(module):
            room = ".".join(name.split(".")[:2])
            if room in rooms and room != module.room:
                arrows.add((module.room, room))
    return len(arrows)


def reused_class_names(modules: list[Module]) -> dict[str, int]:
    """Return the public class names that more than one class has."""
    names = Counter(
        node.name
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return {name: count for name, count in sorted(names.items()) if count > 1}


def _has_base(node: ast.AST, names: set[str]) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) in names for base in node.bases)


def largest_constructor(modules: list[Module]) -> str:
    """Return the class that takes the most to be made, by fields of a dataclass or parameters of `__init__`.

    Tables and the facts of templates do not count: they list what a row or a message shows.
    """
    found = []
    facts = {"TemplateFacts"}
    for _ in range(3):  # subclasses of subclasses
        facts |= {node.name for module in modules for node in ast.walk(module.tree) if _has_base(node, facts)}
    for module in modules:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ClassDef) or any(keyword.arg == "table" for keyword in node.keywords):
                continue
            if _has_base(node, facts):
                continue
            is_dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
            made = [item for item in node.body if isinstance(item, _Function) and item.name == "__init__"]
            if is_dataclass:
                found.append((sum(isinstance(item, ast.AnnAssign) for item in node.body), node.name, module.name))
            elif made:
                arguments = made[0].args
                count = len(arguments.args) - 1 + len(arguments.kwonlyargs)
                found.append((count, node.name, module.name))
    count, name, where = max(found)
    return f"{count} ({where}.{name})"


def describe(root: Path) -> Iterator[tuple[str, str]]:
    """Return each measure with its value."""
    modules = read_modules(root)
    for package in PACKAGES:
        rooms = {module.room for module in modules if module.package == package} - {package}
        if rooms:
            yield f"rooms and arrows, {package}", f"{len(rooms)} and {count_arrows(modules, package)}"
    lengths = sorted(module.lines for module in modules)
    yield "files", f"{len(modules)}, {sum(lengths):,} lines"
    yield "lines of a file: median, p90, longest", _spread(lengths)
    yield f"files over {LONG_FILE} lines", str(sum(length > LONG_FILE for length in lengths))
    spans = sorted(_span(function) for module in modules for function in functions(module))
    yield "lines of a function: median, p90, longest", _spread(spans)
    yield f"functions over {LONG_FUNCTION} lines", str(sum(span > LONG_FUNCTION for span in spans))
    ing = [module.name for module in modules if module.name.rpartition(".")[2].endswith("ing")]
    yield "modules that end in -ing", f"{len(ing)}" + (f": {', '.join(ing)}" if ing else "")
    reused = reused_class_names(modules)
    yield "public class names used more than once", f"{len(reused)}" + (f": {', '.join(reused)}" if reused else "")
    lines = [line for module in modules for line in module.text.splitlines()]
    yield "lines with Any", str(sum("Any" in line and "import" not in line for line in lines))
    yield "lines with Mapping[str, Any]", str(sum("Mapping[str, Any]" in line for line in lines))
    comments = sum(line.strip().startswith("#") or "  # " in line for line in lines)
    yield "lines with a comment", f"{comments / len(lines):.1%}"
    yield "largest constructor", largest_constructor(modules)
    imports = max((len({name.rpartition(".")[0] for name in find_imports(m)}), m.name) for m in modules)
    yield "most modules of ours imported by one", f"{imports[0]} ({imports[1]})"


def _span(function: _Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _spread(values: list[int]) -> str:
    return f"{median(values):.0f}, {values[int(len(values) * 0.9)]}, {values[-1]}"


if __name__ == "__main__":
    for measure, value in describe(Path(sys.argv[1] if sys.argv[1:] else ".")):
        print(f"{measure:45} {value}")
