"""Reads `.env` strictly: a name that is set twice, or a line that says nothing, is told instead of passed over."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream


@dataclass(frozen=True, kw_only=True)
class EnvFile:
    """What a file sets, where it does (by name, the line), and what is wrong with it, without values."""

    values: Mapping[str, str]
    lines: Mapping[str, int]
    problems: tuple[str, ...] = ()


def read_env_file(path: Path) -> EnvFile:
    """Return the settings of a file; one that is not there sets nothing."""
    if not path.exists():
        return EnvFile(values={}, lines={})
    problems: list[str] = []
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8") as stream:
            for binding in parse_stream(stream):
                line = binding.original.line + _leading_breaks(binding.original.string)
                if binding.error or (binding.key is not None and binding.value is None):
                    problems.append(
                        f"{path.name}, line {line}: this is not NAME=value, or a quotation mark is open"
                    )
                elif binding.key is not None and binding.key in lines:
                    first = lines[binding.key]
                    problems.append(
                        f"{path.name}, line {line}: {binding.key} is set in line {first} too. Keep one"
                    )
                elif binding.key is not None:
                    lines[binding.key] = line
        values = {name: value for name, value in dotenv_values(path, verbose=False).items() if value is not None}
    except UnicodeDecodeError:
        return EnvFile(values={}, lines={}, problems=(f"{path.name}: cannot be read: it is not UTF-8 text",))
    except OSError as error:
        return EnvFile(values={}, lines={}, problems=(f"{path.name}: cannot be read: {error.strerror}",))
    return EnvFile(values=values, lines=lines, problems=tuple(problems))


def find_unknown(file: EnvFile, *, known: Sequence[str], prefixes: tuple[str, ...], but: str) -> list[str]:
    """Return the names in the file that look like ours and are not: a setting that nobody reads sets nothing.

    Names that begin with `but` are checked elsewhere. The environment is left alone, because a cluster adds names
    to it, such as CARDOPS_SERVICE_HOST.
    """
    ours = [name for name in file.values if name.startswith(prefixes) and not name.startswith(but)]
    return [
        f".env, line {file.lines.get(name, 1)}: {name}: there is no such setting.{_guess(name, known)}"
        for name in ours
        if name not in known
    ]


def _guess(wrong: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def _leading_breaks(text: str) -> int:
    """Return how many empty lines come before a setting: the parser counts them as part of it."""
    return len(text) - len(text.lstrip("\n")) if text.strip() else 0
