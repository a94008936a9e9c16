"""Which tests are nearest to a line: those that run it, its own folder first, the narrowest first."""

import re
from collections import defaultdict
from pathlib import Path

from tests.mutants.coverage_map import Recorded, names_defined_at
from tests.mutants.mutations import Mutation

MOST_TESTS = 60
MOST_SECONDS = 20.0


class NearestTests:
    """Chooses the tests for a mutation."""

    def __init__(self, recorded: Recorded, root: Path) -> None:
        self._root = root
        self._seconds = recorded.seconds
        self._width = {test: sum(map(len, files.values())) for test, files in recorded.lines.items()}
        self._by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._by_file: dict[str, set[str]] = defaultdict(set)
        for test, files in recorded.lines.items():
            for file, lines in files.items():
                self._by_file[file].add(test)
                for line in lines:
                    self._by_line[file, line].add(test)
        self._by_test_file: dict[str, set[str]] = defaultdict(set)
        for test in recorded.seconds:
            self._by_test_file[test.partition("::")[0]].add(test)
        self._product = {file: (root / file).read_text() for file in self._by_file}
        self._sources = {file: (root / file).read_text() for file in self._by_test_file}

    def of(self, mutation: Mutation) -> list[str]:
        """The tests, the nearest first, bounded in number and time."""
        found = self._that_run(mutation)
        folder, stem = self._mirror(mutation.file)

        def distance(test: str) -> tuple[bool, bool, int, float]:
            return (stem not in test, not test.startswith(folder), self._width.get(test, 0), self._seconds[test])

        chosen: list[str] = []
        spent = 0.0
        for test in sorted(found, key=distance)[:MOST_TESTS]:
            spent += self._seconds[test]
            if chosen and spent > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen

    def some(self) -> list[str]:
        """Some quick tests of many files."""
        quickest = (min(tests, key=lambda test: self._seconds[test]) for tests in self._by_test_file.values())
        return sorted(quickest)

    def files(self) -> list[str]:
        """The product's files that a test runs."""
        return sorted(self._by_file)

    def seconds(self, tests: list[str]) -> float:
        """How long they take without a mistake."""
        return sum(self._seconds[test] for test in tests)

    def _that_run(self, mutation: Mutation) -> set[str]:
        names = names_defined_at((self._root / mutation.file).read_text(), mutation.line)
        # What runs at import has no test of its own: the tests that run, or are, a text with its name have.
        for name in names:
            if found := self._that_name(name):
                return found
        lines = range(mutation.line, mutation.last_line + 1)
        found = (
            set().union(*(self._by_line.get((mutation.file, line), ()) for line in lines)) if not names else set()
        )
        return found or self._by_file[mutation.file] or self._in_folder(Path(mutation.file).parts[0])

    def _that_name(self, name: str) -> set[str]:
        word = re.compile(rf"\b{re.escape(name)}\b")
        found = {
            test
            for file, tests in self._by_test_file.items()
            if word.search(self._sources[file])
            for test in tests
        }
        for file, source in self._product.items():
            if word.search(source):
                for number, text in enumerate(source.splitlines(), 1):
                    if word.search(text):
                        found |= self._by_line.get((file, number), set())
        return found

    def _in_folder(self, package: str) -> set[str]:
        return {test for test in self._seconds if test.startswith(f"tests/{package}/")}

    @staticmethod
    def _mirror(file: str) -> tuple[str, str]:
        path = Path(file)
        return f"tests/{path.parent}/", f"test_{path.stem}.py"
