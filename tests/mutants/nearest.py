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
        for test, files in recorded.lines.items():
            for file, lines in files.items():
                for line in lines:
                    self._by_line[file, line].add(test)
        self._sources = {file: (root / file).read_text() for file in {file for file, _ in self._by_line}}

    def of(self, mutation: Mutation) -> list[str]:
        """The tests, the nearest first, bounded in number and time."""
        found = self._that_run(mutation)
        folder, stem = self._mirror(mutation.file)

        def distance(test: str) -> tuple[bool, bool, int, float]:
            return (stem not in test, not test.startswith(folder), self._width[test], self._seconds[test])

        chosen: list[str] = []
        spent = 0.0
        for test in sorted(found, key=distance)[:MOST_TESTS]:
            spent += self._seconds[test]
            if chosen and spent > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen

    def seconds(self, tests: list[str]) -> float:
        """How long they take without a mistake."""
        return sum(self._seconds[test] for test in tests)

    def _that_run(self, mutation: Mutation) -> set[str]:
        found: set[str] = set()
        names = names_defined_at((self._root / mutation.file).read_text(), mutation.line)
        if not names:
            for line in range(mutation.line, mutation.last_line + 1):
                found |= self._by_line.get((mutation.file, line), set())
        # What runs at import has no test of its own: the tests that run a line which says its name have.
        for name in names:
            found |= self._that_run_a_line_with(name)
            if found:
                break
        return found or {
            test for (file, _), tests in self._by_line.items() if file == mutation.file for test in tests
        }

    def _that_run_a_line_with(self, name: str) -> set[str]:
        word = re.compile(rf"\b{re.escape(name)}\b")
        return {
            test
            for file, source in self._sources.items()
            for number, text in enumerate(source.splitlines(), 1)
            if word.search(text)
            for test in self._by_line.get((file, number), ())
        }

    @staticmethod
    def _mirror(file: str) -> tuple[str, str]:
        path = Path(file)
        return f"tests/{path.parent}/", f"test_{path.stem}.py"
