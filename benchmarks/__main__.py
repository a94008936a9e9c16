"""Run the benchmarks: `python -m benchmarks [name ...]`."""

import importlib
import pkgutil
import sys

import benchmarks

NOT_A_BENCHMARK = {"__main__", "measure", "rig"}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 0, or 2 for an unknown name."""
    known = sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - NOT_A_BENCHMARK)
    if unknown := set(names) - set(known):
        print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        print(f"== {name}", flush=True)
        for line in importlib.import_module(f"benchmarks.{name}").run():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
