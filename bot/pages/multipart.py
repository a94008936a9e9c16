"""Reads a form with a file from the bytes of a request, in memory: `python-multipart`'s parser, and strict rules.

Its own forms put larger files on the disk, so only its parser is used.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

LONGEST_TEXT = 200  # bytes of a field that is not a file
MOST_PARTS = 8
MOST_HEADERS = 4  # of a part; browsers send two
LONGEST_HEADER = 1024  # bytes; the name of a file is in one


class FormUnreadable(Exception):
    """It is not a form as a page of ours sends it."""


@dataclass(frozen=True, kw_only=True)
class SentForm:
    """What was sent: texts and contents of files by the names of their inputs, each at most once."""

    texts: dict[str, str]
    files: dict[str, bytes]


def read_form(content_type: str, body: bytes, *, texts: Collection[str], files: Collection[str]) -> SentForm:
    """Return a form with these inputs and no others; raises FormUnreadable. Names of files are not looked at."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise FormUnreadable
    collector = _Collector(texts=frozenset(texts), files=frozenset(files))
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": collector.begin,
                "on_header_field": collector.add_header_name,
                "on_header_value": collector.add_header_value,
                "on_header_end": collector.end_header,
                "on_headers_finished": collector.end_headers,
                "on_part_data": collector.add_data,
                "on_part_end": collector.end,
                "on_end": collector.finish,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=LONGEST_HEADER,
        )
        parser.write(body)
    except FormParserError as error:
        raise FormUnreadable from error
    if not collector.is_finished:  # cut off
        raise FormUnreadable
    return SentForm(texts=collector.found_texts, files=collector.found_files)


@dataclass(kw_only=True)
class _Collector:
    """Takes what the parser finds; raises FormUnreadable for what no page of ours sends."""

    texts: frozenset[str]
    files: frozenset[str]
    found_texts: dict[str, str] = field(default_factory=dict)
    found_files: dict[str, bytes] = field(default_factory=dict)
    is_finished: bool = False
    _parts: int = 0
    _header: list[bytes] = field(default_factory=lambda: [b"", b""])
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: str = ""
    _data: bytearray = field(default_factory=bytearray)

    def begin(self) -> None:
        """Begin a part."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise FormUnreadable
        self._headers, self._name, self._data = {}, "", bytearray()

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        """Add to the name of a header."""
        self._header[0] += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        """Add to the value of a header."""
        self._header[1] += data[start:end]

    def end_header(self) -> None:
        """Note a header; one that comes twice could be read in two ways."""
        name = self._header[0].lower()
        if name in self._headers:
            raise FormUnreadable
        self._headers[name] = self._header[1]
        self._header = [b"", b""]

    def end_headers(self) -> None:
        """Find the input that the part belongs to."""
        # An encoded part would be another content than the one whose first bytes are looked at.
        if not self._headers.keys() <= {b"content-disposition", b"content-type"}:
            raise FormUnreadable
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        is_file = b"filename" in options
        expected = self.files if is_file else self.texts
        is_known = self._name in self.found_texts or self._name in self.found_files
        if kind != b"form-data" or self._name not in expected or is_known:
            raise FormUnreadable

    def add_data(self, data: bytes, start: int, end: int) -> None:
        """Add to the content of a part."""
        self._data += data[start:end]
        if self._name in self.texts and len(self._data) > LONGEST_TEXT:
            raise FormUnreadable

    def end(self) -> None:
        """Note a part."""
        if self._name in self.files:
            self.found_files[self._name] = bytes(self._data)
            return
        try:
            self.found_texts[self._name] = self._data.decode()
        except UnicodeDecodeError as error:
            raise FormUnreadable from error

    def finish(self) -> None:
        """Note that the form is whole."""
        self.is_finished = True
