"""Which test files are nearest to a change, by their names and by what they import; nothing is run for it."""

import ast
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PACKAGES = ("approvals", "benchmarks", "bot", "commands", "notifier", "paytend", "sandbox", "storage", "tests")
FARTHEST = 2  # imports between a changed module and a test file: from three on it is nearly all of them


@dataclass(frozen=True, kw_only=True)
class SourceTree:
    """Every Python file of the project by its path, and which paths each one imports; paths are POSIX texts."""

    imports: Mapping[str, frozenset[str]]
    texts: Mapping[str, str]

    @property
    def test_files(self) -> list[str]:
        """The files that pytest collects."""
        return [path for path in self.imports if PurePosixPath(path).name.startswith("test_")]


def read_tree(root: Path) -> SourceTree:
    """Read the packages below a folder."""
    files = sorted(file for package in PACKAGES for file in (root / package).rglob("*.py"))
    texts = {file.relative_to(root).as_posix(): file.read_text() for file in files}
    modules = {_module_name(path): path for path in texts}
    imports = {path: frozenset(_find_imports(path, text, modules)) - {path} for path, text in texts.items()}
    return SourceTree(imports=imports, texts=texts)


def rank_tests(changed: Collection[str], tree: SourceTree) -> list[str]:
    """Return the test files that a change of these paths concerns, the nearest first.

    First come the test files that changed themselves; then those named after a changed file; then those that
    import it, are in its room or mention it (a template, a manifest); then those that are one import farther away.
    """
    distances = _measure_distances([path for path in changed if path in tree.imports], tree)
    ranks: dict[str, tuple[int, str]] = {}
    for test in tree.test_files:
        if (rank := _rank(test, changed, distances, tree)) is not None:
            ranks[test] = (rank, test)
    return sorted(ranks, key=ranks.__getitem__)


def _rank(test: str, changed: Collection[str], distances: Mapping[str, int], tree: SourceTree) -> int | None:
    if test in changed:
        return 0
    if any(_is_named_after(test, path) for path in changed):
        return 1
    if distances.get(test) == 1 or any(_is_in_room_of(test, path) for path in changed):
        return 2
    if any(PurePosixPath(path).name in tree.texts[test] for path in changed if not path.endswith(".py")):
        return 2
    return distances.get(test)


def _measure_distances(changed: Iterable[str], tree: SourceTree) -> dict[str, int]:
    """Return how many imports away from a changed file each file is, up to the farthest that counts."""
    importers: dict[str, list[str]] = {}
    for path, imported in tree.imports.items():
        for other in imported:
            importers.setdefault(other, []).append(path)
    distances = dict.fromkeys(changed, 0)
    waiting = deque(distances)
    while waiting:
        path = waiting.popleft()
        if distances[path] == FARTHEST:
            continue
        for importer in importers.get(path, ()):
            if importer not in distances:
                distances[importer] = distances[path] + 1
                waiting.append(importer)
    return distances


def _is_named_after(test: str, path: str) -> bool:
    """Whether a test file has the name and the room of a changed file."""
    return PurePosixPath(test).stem == f"test_{PurePosixPath(path).stem}" and _is_in_room_of(test, path)


def _is_in_room_of(test: str, path: str) -> bool:
    """Whether a test file is where the tests of a changed file's folder are: tests/bot/slack for bot/slack."""
    room = PurePosixPath(path).parent
    if room.parts[:1] == ("tests",):
        return PurePosixPath(test).parent == room  # a conftest, or what the tests of the room share
    return bool(room.parts) and PurePosixPath(test).parent == PurePosixPath("tests") / room


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _find_imports(path: str, text: str, modules: Mapping[str, str]) -> Iterator[str]:
    """Yield the files that a file imports, and the conftests that pytest gives it unasked."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (modules[alias.name] for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found = names & modules.keys()
            yield from (modules[name] for name in found)
            if found != names and node.module in modules:
                yield modules[node.module]
    if PurePosixPath(path).name.startswith("test_"):
        yield from (
            conftest
            for folder in PurePosixPath(path).parents
            if (conftest := f"{folder}/conftest.py") in modules.values()
        )
