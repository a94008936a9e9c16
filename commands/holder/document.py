"""Documents of a cardholder: what may be sent, told by what Slack says of a file and by its first bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from approvals.refusals import Refusal
from paytend.models.codes import FileType
from paytend.operations.encoding import LARGEST_DOCUMENT

# The first bytes of what Paytend takes, and the suffix that says so.
_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", ".jpeg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"%PDF-", ".pdf"),
)
SLACK_TYPES = ("jpg", "jpeg", "png", "pdf")
_SUFFIXES = {"jpg": ".jpeg", "jpeg": ".jpeg", "png": ".png", "pdf": ".pdf"}
FILE_TYPES: tuple[tuple[str, str], ...] = tuple(FileType.TEXTS.items())


class FileContentDiffers(Refusal):
    """The file is not what its name says: it does not begin like a JPEG, PNG or PDF file. Nothing was sent."""

    is_recorded = False


def check(fields: Mapping[str, str], files: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return what is wrong by field, by what Slack says of the file; nothing is read yet."""
    wrong = {}
    if fields.get("file_type") not in FileType.TEXTS:
        wrong["file_type"] = "Choose what the file shows."
    chosen = files.get("file", ())
    if len(chosen) != 1:
        return {**wrong, "file": "Attach one file."}
    size = chosen[0].get("size")
    if suffix_of(chosen[0]) is None:
        wrong["file"] = "A JPEG, PNG or PDF file is needed."
    elif not isinstance(size, int) or size <= 0:
        wrong["file"] = "The file is empty."
    elif size > LARGEST_DOCUMENT:
        wrong["file"] = f"At most 2 MB; this file has {size / 1024 / 1024:.1f} MB."
    return wrong


def suffix_of(file: Mapping[str, Any]) -> str | None:
    """Return the suffix of a file by its name, None for one that Paytend does not take."""
    return _SUFFIXES.get(str(file.get("name") or "").rpartition(".")[2].lower())


def require_content(content: bytes, *, suffix: str | None) -> None:
    """Refuse a content that does not begin as its name says; raises FileContentDiffers."""
    if not any(content.startswith(begin) and suffix == said for begin, said in _BEGINS):
        raise FileContentDiffers
