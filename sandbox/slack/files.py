"""Files of the workspace: uploaded by the app in three steps, or by a person into a modal."""

import mimetypes
import secrets
from dataclasses import dataclass, field

from sandbox.slack.refusals import SlackRefusal
from sandbox.slack.shapes import Json


@dataclass(kw_only=True)
class File:
    """One file; `is_ready` after completeUploadExternal, as only then others see it."""

    id: str
    name: str
    owner: str
    created: int
    length: int = 0
    content: bytes = b""
    title: str = ""
    alt: str = ""
    ticket: str = ""
    is_ready: bool = False
    is_deleted: bool = False
    channels: list[str] = field(default_factory=list)

    def as_json(self, *, base_url: str, team_id: str) -> Json:
        """Return the file as files.info shows it."""
        kind = self.name.rpartition(".")[2].lower() if "." in self.name else "binary"
        address = f"{base_url}/files-pri/{team_id}-{self.id}/{self.name}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            **({"alt_txt": self.alt} if self.alt else {}),
            "mimetype": mimetypes.guess_type(self.name)[0] or "application/octet-stream",
            "filetype": kind,
            "user": self.owner,
            "user_team": team_id,
            "size": len(self.content),
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": address,
            "url_private_download": address,
            "permalink": f"{base_url}/files/{self.owner}/{self.id}/{self.name}",
            "channels": list(self.channels),
        }


@dataclass(kw_only=True)
class Files:
    """All files by id."""

    by_id: dict[str, File] = field(default_factory=dict)

    def add(self, name: str, *, owner: str, created: int, length: int = 0, content: bytes | None = None) -> File:
        """Make room for a file; with `content` it is ready at once."""
        file = File(
            id=f"F0{len(self.by_id) + 1:06d}",
            name=name,
            owner=owner,
            created=created,
            length=length,
            ticket=secrets.token_hex(12),
        )
        if content is not None:
            file.content, file.length, file.is_ready = content, len(content), True
        self.by_id[file.id] = file
        return file

    def get(self, file_id: str) -> File:
        """Return a file; raises SlackRefusal when there is none or it was deleted."""
        file = self.by_id.get(file_id)
        if file is None:
            raise SlackRefusal("file_not_found")
        if file.is_deleted:
            raise SlackRefusal("file_deleted")
        return file
