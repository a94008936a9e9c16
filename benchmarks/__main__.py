"""Run the benchmarks: `python -m benchmarks [name ...]`."""

import importlib
import sys

BENCHMARKS = (
    "acknowledging",
    "books",
    "edits",
    "finding",
    "intake",
    "notices",
    "junk",
    "requests",
    "sealing",
    "trail",
)  # `structure` measures the sources instead


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; return 0, or 2 for an unknown name."""
    if unknown := set(names) - set(BENCHMARKS):
        print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"== {name}", flush=True)
        for line in importlib.import_module(f"benchmarks.{name}").run():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
