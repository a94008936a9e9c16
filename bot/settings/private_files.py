"""Which files of an installation nobody else on the machine may read, and which of them others can."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import make_url

_BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
_OTHERS = stat.S_IRWXO  # a group may be meant, as with systemd's and Kubernetes' mounted secrets


def list_private_files(database_url: str, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files that hold keys, tokens or stored contents, whether they are there or not.

    `environment` names the files of keys.
    """
    url = make_url(database_url)
    named = [
        environment[name]
        for name in environment
        if name.startswith("PAYTEND_") and name.endswith("_KEY_FILE") and "PUBLIC" not in name
    ]
    private = [*map(Path, named), Path(".env")]
    if url.get_backend_name() == "sqlite" and url.database:
        private += [Path(f"{url.database}{suffix}") for suffix in _BESIDE]
        private += sorted(Path(url.database).parent.glob(f"{Path(url.database).name}.before-*"))
    return tuple(private)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: all of it, or the old one stays as it was."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def find_readable(files: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that anybody on this machine can read or write."""
    for path in files:
        try:
            mode = path.stat().st_mode
        except OSError:  # not there, or in a folder that even we cannot read
            continue
        if stat.S_ISREG(mode) and mode & _OTHERS:
            yield path
