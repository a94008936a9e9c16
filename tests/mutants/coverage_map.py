"""Which tests run which lines: recorded once, and again for the files that changed."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from coverage import CoverageData


@dataclass(kw_only=True)
class Recorded:
    """What the tests run, test by test."""

    product: str
    """The digest of the code: when it changes, all is recorded anew."""
    test_files: dict[str, str] = field(default_factory=dict)
    """The digest of each file of tests."""
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """Test, file, lines."""

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.__dict__))


def digest(root: Path, files: Iterable[str]) -> str:
    """One digest of several files."""
    made = hashlib.sha256()
    for file in sorted(files):
        made.update(file.encode() + b"\0" + (root / file).read_bytes())
    return made.hexdigest()


def record(root: Path, *, folder: Path, code: list[str], test_files: list[str]) -> Recorded:
    """Run the tests that are new or changed under coverage; keep what is known of the others."""
    kept = folder / "coverage.json"
    known = Recorded(product=digest(root, code))
    if kept.exists():
        earlier = Recorded(**json.loads(kept.read_text()))
        if earlier.product == known.product:
            known = earlier
    digests = {file: digest(root, [file]) for file in test_files}
    changed = [file for file in test_files if known.test_files.get(file) != digests[file]]
    if changed:
        _forget(known, changed)
        _run(root, folder, changed, into=known)
        known.test_files.update({file: digests[file] for file in changed})
        known.save(kept)
    return known


def _forget(known: Recorded, files: list[str]) -> None:
    for test in [test for test in known.seconds if test.partition("::")[0] in files]:
        del known.seconds[test]
        known.lines.pop(test, None)


def _run(root: Path, folder: Path, files: list[str], *, into: Recorded) -> None:
    data, durations = folder / ".coverage", folder / "durations.json"
    data.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"),
        *("-m", "not soak and not browser", "-k", "not postgresql", "-p", "tests.mutants.durations"),
        *(
            "--cov",
            "--cov-context=test",
            "--cov-report=",
            "--cov-fail-under=0",
            "--durations=0",
            "--durations-min=99",
        ),
        *files,
    ]
    environment = {**os.environ, "COVERAGE_FILE": str(data), "CARDOPS_DURATIONS": str(durations)}
    subprocess.run(command, cwd=root, check=False, env=environment)
    into.seconds.update(json.loads(durations.read_text()))
    _read(CoverageData(str(data)), root, into)


def _read(data: CoverageData, root: Path, into: Recorded) -> None:
    data.read()
    lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for path in data.measured_files():
        file = str(Path(path).relative_to(root))
        for line, contexts in data.contexts_by_lineno(path).items():
            for context in contexts:
                test = context.rpartition("|")[0]
                if test in into.seconds:
                    lines[test][file].append(line)
    into.lines.update({test: dict(files) for test, files in lines.items()})


def names_defined_at(source: str, line: int) -> list[str]:
    """The names that a line outside functions gives a value to, the innermost first; none inside a function."""
    names: list[str] = []
    nodes: list[ast.stmt] = ast.parse(source).body
    while nodes:
        inside = [node for node in nodes if node.lineno <= line <= (node.end_lineno or node.lineno)]
        nodes = []
        for node in inside:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return [] if line >= node.body[0].lineno else [node.name, *names]
            if isinstance(node, ast.ClassDef):
                names, nodes = [node.name, *names], node.body
            elif isinstance(node, ast.Assign):
                names = [*(target.id for target in node.targets if isinstance(target, ast.Name)), *names]
            elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
                names = [node.target.id, *names]
    return names
