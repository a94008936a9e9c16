"""`make mutants`: makes mistakes in the code that must not be wrong, and says which ones no test notices."""

import argparse
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import IO, Any

from tests.mutants import worker
from tests.mutants.coverage_map import record
from tests.mutants.explained import Explanations
from tests.mutants.mutations import Mutation, changed_lines, mutated_source, mutations_of
from tests.mutants.nearest import NearestTests

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "mutants"
LEAST = 90.0
"""The score below which the run fails, in per cent."""
NO_SURVIVORS = ("approvals/", "paytend/")
"""Where every survivor must be explained."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A mutation and what became of it."""

    mutation: Mutation
    diff: list[str]
    status: str
    tests: int
    seconds: float
    reason: str | None = None


def settings() -> tuple[list[str], list[str]]:
    """The files to make mistakes in, and the files of tests that may be chosen."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())
    ours = found["tool"]["mutants"]
    contracts = found["tool"]["importlinter"]["contracts"]
    deciding = next(contract["source_modules"] for contract in contracts if contract["name"] == ours["contract"])
    code: set[Path] = set()
    for name in [*ours["packages"], *(module.replace(".", "/") for module in deciding)]:
        code.update((ROOT / name).rglob("*.py"))
        code.update(path for path in [ROOT / f"{name}.py"] if path.is_file())
    tests = {path for folder in ours["tests"] for path in (ROOT / folder).rglob("test_*.py")}
    return _relative(code), _relative(tests)


def _relative(paths: Iterable[Path]) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def sample(files: list[str], *, size: int, seed: int) -> list[Mutation]:
    """So many mutations, spread over the files as their mutations are, one of each file at least."""
    chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again
    every = {file: list(mutations_of(ROOT, file)) for file in files}
    total = sum(map(len, every.values()))
    chosen: list[Mutation] = []
    for mutations in every.values():
        share = len(mutations) * size / max(total, 1)
        number = max(1, int(share) + (chance.random() < share % 1))
        chosen += chance.sample(mutations, min(number, len(mutations)))
    print(f"{len(chosen)} of {total} mutants in {len(files)} files, seed {seed}", flush=True)
    chance.shuffle(chosen)
    return chosen


class Bench:
    """Tries mutations on copies of the tree, each with a process of its own."""

    def __init__(self, *, nearest: NearestTests, explanations: Explanations, workers: int) -> None:
        self._nearest, self._explanations = nearest, explanations
        self._waiting: queue.SimpleQueue[Mutation] = queue.SimpleQueue()
        self._workers = workers
        self.tried: list[Tried] = []

    def run(self, mutations: list[Mutation]) -> list[Tried]:
        """Try them all."""
        for mutation in mutations:
            self._waiting.put(mutation)
        threads = [threading.Thread(target=self._work, args=(FOLDER / f"tree-{n}",)) for n in range(self._workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.tried

    def _work(self, tree: Path) -> None:
        copy_tree(tree)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.worker"],
            cwd=tree,
            # What the tests start in other folders is of this tree too, and not of the installed one.
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            self._require_peace(process.stdin, process.stdout)
            while not self._waiting.empty():
                try:
                    mutation = self._waiting.get_nowait()
                except queue.Empty:
                    break
                order, diff = self._order(mutation)
                answer = {"status": worker.NO_TESTS, "seconds": 0.0}
                if order["tests"]:
                    print(json.dumps(order), file=process.stdin, flush=True)
                    answer = json.loads(process.stdout.readline())
                self._note(mutation, diff, len(order["tests"]), answer)
            process.stdin.close()

    def _require_peace(self, orders: IO[str], answers: IO[str]) -> None:
        """Fail when the tests fail without any mistake: nothing they said of a mutant would mean anything."""
        file = next(iter(self._nearest.files()))
        order = {"file": file, "source": (ROOT / file).read_text(), "tests": self._nearest.some(), "seconds": 120}
        print(json.dumps(order), file=orders, flush=True)
        if json.loads(answers.readline())["status"] != worker.SURVIVED:
            raise SystemExit("The tests fail without any mistake; see output.txt in mutants/tree-*.")

    def _order(self, mutation: Mutation) -> tuple[dict[str, Any], list[str]]:
        source = (ROOT / mutation.file).read_text()
        mutated = mutated_source(source, mutation)
        tests = self._nearest.of(mutation)
        seconds = 15 + 8 * self._nearest.seconds(tests)
        order = {"file": mutation.file, "source": mutated, "tests": tests, "seconds": seconds}
        return order, changed_lines(source, mutated)

    def _note(self, mutation: Mutation, diff: list[str], tests: int, answer: dict[str, object]) -> None:
        alive = answer["status"] in (worker.SURVIVED, worker.NO_TESTS)
        tried = Tried(
            mutation=mutation,
            diff=diff,
            tests=tests,
            status=str(answer["status"]),
            seconds=float(str(answer["seconds"])),
            reason=self._explanations.reason(mutation.file, diff) if alive else None,
        )
        self.tried.append(tried)
        if alive:
            print("\n".join(survivor(tried)), flush=True)
        if len(self.tried) % 25 == 0:
            print(f"{len(self.tried)} tried", flush=True)


def keep(tried: list[Tried]) -> None:
    """Keep what was found, so that the survivors can be tried again."""
    (FOLDER / "tried.json").write_text(json.dumps([asdict(one) for one in tried]))


def read_kept() -> list[Tried]:
    """Return what the last run found."""
    rows = json.loads((FOLDER / "tried.json").read_text())
    return [Tried(**{**row, "mutation": Mutation(**row["mutation"])}) for row in rows]


def find_again(alive: list[Tried]) -> list[Mutation]:
    """The mutations that survived, where they are now; one whose lines have changed is not among them."""
    found: list[Mutation] = []
    for one in alive:
        path = ROOT / one.mutation.file
        if path.exists():
            found += _find_one(one, path.read_text())
    return found


def _find_one(one: Tried, source: str) -> list[Mutation]:
    lines = source.splitlines()
    removed = {line[1:] for line in one.diff if line[0] == "-"}
    for mutation in mutations_of(ROOT, one.mutation.file):
        # What costs little comes first: the operator, and whether a removed line is where the mutation is.
        is_near = removed & set(lines[mutation.line - 1 : mutation.last_line])
        if mutation.operator != one.mutation.operator or not is_near:
            continue
        if changed_lines(source, mutated_source(source, mutation)) == one.diff:
            return [mutation]
    return []


def copy_tree(tree: Path) -> None:
    """Make a copy of the code with times kept, so that what is compiled stays valid."""
    shutil.rmtree(tree, ignore_errors=True)
    hidden = shutil.ignore_patterns(
        ".venv", ".git", "mutants", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage*"
    )

    def ignored(folder: str, names: list[str]) -> set[str]:
        return hidden(folder, names) - ({"mutants"} if Path(folder).name == "tests" else set())

    shutil.copytree(ROOT, tree, ignore=ignored)


def survivor(tried: Tried) -> list[str]:
    place = f"{tried.mutation.file}:{tried.mutation.line}"
    lines = [f"{place} ({tried.mutation.operator}; {tried.status}, {tried.tests} tests, {tried.seconds} s)"]
    lines += [f"    {line}" for line in tried.diff]
    return lines + ([f"    explained: {tried.reason}"] if tried.reason else [])


def report(tried: list[Tried], *, seed: int, seconds: float) -> tuple[str, bool]:
    """What is written, and whether it is good enough."""
    groups: dict[str, list[Tried]] = defaultdict(list)
    for one in tried:
        groups[one.mutation.file].append(one)
        groups[one.mutation.file.partition("/")[0] + "/"].append(one)
        groups["all"].append(one)
    lines = [f"{len(tried)} mutants, seed {seed}, {seconds / 60:.1f} minutes", ""]
    lines += [f"{_score(ones):6.1f} %  {len(ones):5}  {name}" for name, ones in sorted(groups.items())]
    alive = sorted(
        (one for one in tried if not _dead(one)),
        key=lambda one: (one.reason is not None, one.mutation.file, one.mutation.line),
    )
    lines += ["", f"Survivors: {len(alive)}", *(line for one in alive for line in survivor(one))]
    unexplained = [one for one in alive if one.reason is None and one.mutation.file.startswith(NO_SURVIVORS)]
    lines += ["", f"Without a reason in {' and '.join(NO_SURVIVORS)}: {len(unexplained)}"]
    return "\n".join(lines) + "\n", _score(tried) >= LEAST and not unexplained


def _dead(one: Tried) -> bool:
    return one.status in (worker.KILLED, worker.TIMEOUT)


def _score(tried: list[Tried]) -> float:
    return 100 * sum(map(_dead, tried)) / max(len(tried), 1)


def main() -> int:
    """Run the sample."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--seed", type=int, default=int(time.strftime("%Y%m%d")))
    parser.add_argument("--sample", type=int, default=800)
    parser.add_argument("--only", default="*", help="a pattern of files")
    parser.add_argument("--tests", default="*", help="a pattern of files of tests to choose from")
    parser.add_argument("--again", action="store_true", help="try the survivors of the last run again")
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    started = time.monotonic()
    FOLDER.mkdir(exist_ok=True)
    code, tests = settings()
    tests = [file for file in tests if fnmatch(file, wanted.tests)]
    files = [file for file in code if fnmatch(file, wanted.only)]
    recorded = record(ROOT, folder=FOLDER, code=files, test_files=tests)
    explanations = Explanations.read()
    bench = Bench(nearest=NearestTests(recorded, ROOT), explanations=explanations, workers=wanted.workers)
    dead = [one for one in read_kept() if _dead(one)] if wanted.again else []
    alive = [one for one in read_kept() if not _dead(one)] if wanted.again else []
    chosen = find_again(alive) if wanted.again else sample(files, size=wanted.sample, seed=wanted.seed)
    tried = bench.run(chosen)
    if len(tried) < len(chosen):
        return 2
    tried += dead
    keep(tried)
    text, good = report(tried, seed=wanted.seed, seconds=time.monotonic() - started)
    (FOLDER / "report.txt").write_text(text)
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
