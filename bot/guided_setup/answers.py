"""What is known of an installation, kept at once: settings in `.env`, and what becomes cardops.yml in a draft."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings.env_file import read_env_file
from bot.settings.env_text import set_values
from bot.settings.example_files import write_env
from bot.settings.private_files import write_private

DRAFT = ".cardops-init.json"
ENV = ".env"


@dataclass(kw_only=True)
class Answers:
    """The answers so far, by the name of their question; settings are those whose names are in capitals.

    What cardops.yml says is known too (`written`), until another answer replaces it.
    """

    folder: Path
    written: Mapping[str, str] = field(default_factory=dict)
    _draft: dict[str, str] = field(default_factory=dict)
    _settings: Mapping[str, str] = field(default_factory=dict)
    _stamp: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        """Read what an earlier run has left."""
        try:
            found = json.loads((self.folder / DRAFT).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            found = {}
        self._draft = {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of `.env` that have a value; read again only when the file is another."""
        path = self.folder / ENV
        found = path.stat() if path.exists() else None
        stamp = found and (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp is None or stamp != self._stamp:
            values = read_env_file(path).values
            self._settings = {name: value for name, value in values.items() if value.strip()}
            self._stamp = stamp
        return self._settings

    def find(self, name: str) -> str | None:
        """Return the answer to a question, "" for "none", None where it was not answered yet."""
        if name.isupper():
            return self.settings.get(name)
        return self._draft.get(name, self.written.get(name))

    def keep(self, name: str, value: str) -> None:
        """Keep an answer: whatever ends this run, the next one knows it."""
        if name.isupper():
            self.keep_settings({name: value})
        elif self.find(name) != value:
            self._draft[name] = value
            write_private(self.folder / DRAFT, json.dumps(self._draft, indent=1, ensure_ascii=False) + "\n")

    def keep_settings(self, values: Mapping[str, str]) -> None:
        """Write settings into `.env`, which nobody else can read; its other lines stay as they are."""
        path = self.folder / ENV
        before = self.settings
        changed = {name: value for name, value in values.items() if before.get(name, "") != value}
        if path.exists() and not changed:
            return
        text = path.read_text(encoding="utf-8") if path.exists() else write_env({})
        write_private(path, set_values(text, changed))

    def forget_written(self, names: Collection[str]) -> None:
        """Drop from the draft what cardops.yml says now, and what only led to it."""
        kept = {name: value for name, value in self._draft.items() if name not in names}
        self._draft = {name: value for name, value in kept.items() if not name.startswith("readers.")}
        write_private(self.folder / DRAFT, json.dumps(self._draft, indent=1, ensure_ascii=False) + "\n")
