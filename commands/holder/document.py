"""Documents of a cardholder: what may be sent, judged by what Slack says about a file and by its first bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.refusals import Refusal
from commands.holder.forms import say_asking
from commands.slash_command import ButtonValue, Choice, Reply, View, list_choices
from paytend.models.codes import FileType
from paytend.operations.encoding import LARGEST_DOCUMENT

# The first bytes of what Paytend takes, and the suffix that says so.
_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", ".jpeg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"%PDF-", ".pdf"),
)
# Behind four bytes of its length: how a photo of an iPhone begins, in its variants.
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypmif1", b"ftypmsf1")
NO_HEIC = "Paytend takes no HEIC photo: save it as JPEG. JPEG, PNG and PDF files are taken."
NEEDED = "A JPEG, PNG or PDF file is needed."
SLACK_TYPES = ("jpg", "jpeg", "png", "pdf")
# With the dot, and ".jpeg" for both spellings, as the demo sends it.
_SUFFIXES = {"jpg": ".jpeg", "jpeg": ".jpeg", "png": ".png", "pdf": ".pdf"}


class FileContentDiffers(Refusal):
    """This isn’t a JPEG, PNG or PDF file, whatever its name says. Nothing was sent."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class AttachedFile:
    """A file in a modal, by what Slack says of it: its size in bytes, and the address of its content."""

    id: str
    name: str
    size: int
    url: str


@dataclass(frozen=True, kw_only=True)
class HolderDocumentsView(View, template="holder_documents.view"):
    """The form with which a document is sent; `asking` is shown until Paytend answers."""

    metadata: ButtonValue
    asking: str
    file_type: str
    file_types: Sequence[Choice]


@dataclass(frozen=True, kw_only=True)
class HolderDropView(View, template="holder_drop.view"):
    """The link to the page on which a document is sent; `asking` is shown until Paytend answers."""

    metadata: ButtonValue
    asking: str
    link: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class HolderDocumentSent(Reply, template="holder_document_sent"):
    """A document that Paytend took; `deleted` says whether its file is gone from Slack."""

    holder_id: str
    shows: str
    message: str
    deleted: bool


@dataclass(frozen=True, kw_only=True)
class HolderFileLeft(Reply, template="holder_file_left"):
    """A file that could not be deleted from Slack."""


def make_form(fields: Mapping[str, str], *, holder_id: str, channel: str) -> HolderDocumentsView:
    """Return the form with what was chosen."""
    return HolderDocumentsView(
        metadata={"channel": channel, "holder": holder_id},
        asking=say_asking(holder_id),
        file_type=fields.get("file_type", ""),
        file_types=list_choices(FileType.TEXTS),
    )


def check(fields: Mapping[str, str], files: Mapping[str, Sequence[AttachedFile]]) -> dict[str, str]:
    """Return what is wrong by field, by what Slack says of the file; nothing is read yet."""
    # Before the file is fetched, so that a large one is not downloaded in vain.
    wrong = {}
    if fields.get("file_type") not in FileType.TEXTS:
        wrong["file_type"] = "Choose what the file shows."
    chosen = files.get("file", ())
    if len(chosen) != 1:
        return {**wrong, "file": "Attach one file."}
    size = chosen[0].size
    if chosen[0].name.lower().endswith((".heic", ".heif")):
        wrong["file"] = NO_HEIC
    elif suffix_of(chosen[0]) is None:
        wrong["file"] = NEEDED
    elif size <= 0:
        wrong["file"] = "The file is empty."
    elif size > LARGEST_DOCUMENT:
        wrong["file"] = f"At most 2 MB; this file has {size / 1024 / 1024:.1f} MB."
    return wrong


def suffix_of(file: AttachedFile) -> str | None:
    """Return the suffix of a file by its name, None for one that Paytend does not take."""
    return _SUFFIXES.get(file.name.rpartition(".")[2].lower())


def require_content(content: bytes, *, suffix: str | None) -> None:
    """Refuse a content that does not begin as its name says; raises FileContentDiffers."""
    # A name proves nothing about a file, and a wrong one would only be noticed in Paytend's review.
    if suffix is None or find_suffix(content) != suffix:
        raise FileContentDiffers


def find_suffix(content: bytes) -> str | None:
    """Return the suffix of a file by its first bytes, None for one that Paytend does not take."""
    return next((suffix for begin, suffix in _BEGINS if content.startswith(begin)), None)


def say_kind(content: bytes) -> str:
    """Return in words why a file is not taken, by its first bytes."""
    return NO_HEIC if content[4:12] in _HEIC else f"{NEEDED} This file does not begin like one of them."
