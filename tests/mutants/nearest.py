"""Which tests are nearest to a line: of those that run it, the narrowest and those that share rare words."""

import ast
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from tests.mutants.coverage_map import Recorded, names_defined_at
from tests.mutants.mutations import Mutation

MOST_TESTS = 300
MOST_SECONDS = 25.0
_AROUND = 3  # lines above and below, which say what a line is about
_WORD = re.compile(r"[A-Za-z]\w{2,}")


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
        self._words = _read_words(self._sources)
        known = Counter(chain.from_iterable(self._words.values()))
        self._rarity = defaultdict(
            float, {word: math.log(len(self._words) / count) for word, count in known.items()}
        )

    def of(self, mutation: Mutation) -> list[str]:
        """The tests, the nearest first, bounded in number and time."""
        found = self._that_run(mutation)
        nearest = _in_turn(self._narrowest(found, mutation.file), self._akin(found, mutation))
        chosen: list[str] = []
        spent = 0.0
        for test in nearest:
            # One slow test near by must not take the place of all the quick ones after it.
            if spent + self._seconds[test] <= MOST_SECONDS and len(chosen) < MOST_TESTS:
                spent += self._seconds[test]
                chosen.append(test)
        return chosen or nearest[:1]

    def _narrowest(self, tests: Iterable[str], file: str) -> list[str]:
        """The tests of the file itself first, then those of its folder, then those that run the least."""
        folder, stem = self._mirror(file)

        def distance(test: str) -> tuple[bool, bool, int, float]:
            return (stem not in test, not test.startswith(folder), self._width.get(test, 0), self._seconds[test])

        return sorted(tests, key=distance)

    def _akin(self, tests: Iterable[str], mutation: Mutation) -> list[str]:
        """The tests that share most rare words with the lines around the mutation first."""
        lines = (self._root / mutation.file).read_text().splitlines()
        around = lines[max(mutation.line - 1 - _AROUND, 0) : mutation.last_line + _AROUND]
        words = _words_of("\n".join(around))

        def kinship(test: str) -> float:
            places = (self._words[test.partition("::")[0]], self._words[test.partition("[")[0]], _words_of(test))
            return sum(self._rarity[word] * sum(word in place for place in places) for word in words)

        return sorted(tests, key=lambda test: (-kinship(test), self._width.get(test, 0)))

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


def _words_of(text: str) -> set[str]:
    return set(_WORD.findall(text.replace("-", " ")))


def _in_turn(*lists: Sequence[str]) -> list[str]:
    """One of each list after the other, each once."""
    return list(dict.fromkeys(test for tests in zip_longest(*lists) for test in tests if test is not None))


def _read_words(sources: dict[str, str]) -> dict[str, set[str]]:
    """The words of each file of tests, and of each test in it."""
    words: dict[str, set[str]] = defaultdict(set)
    for file, source in sources.items():
        words[file] = _words_of(source)
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                words[f"{file}::{node.name}"] = _words_of(ast.get_source_segment(source, node) or "")
    return words
