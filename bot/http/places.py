"""How much of what is read and answered at a time is whose: large bodies share a bound, and an address has one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.http.connections import LARGEST_BODY

SMALL_BODY = 64 * 1024  # bytes; those that are longer share LARGE_BODIES
LARGE_BODIES = 16 * 1024 * 1024  # bytes, of all requests at a time
MOST_UPLOADS = 8  # admitted bodies at a time; they share no bytes with the others
MOST_OF_ONE_PATH = 2  # of them


class TooMany(Exception):
    """Too many large bodies, or requests of one address, at this moment."""


class RequestPlaces:
    """Counts what is being read and answered: bytes of large bodies, requests by address. For the loop only."""

    def __init__(self, *, most_of_one: int, most_bytes: int = LARGE_BODIES) -> None:
        """Start with nothing taken."""
        self._left = most_bytes
        self._most_of_one = most_of_one
        self._requests: Counter[str] = Counter()
        self._uploads: Counter[str] = Counter()

    @contextmanager
    def upload_to(self, path: str) -> Iterator[None]:
        """Count an admitted body while it is read and answered; raises TooMany."""
        if self._uploads.total() >= MOST_UPLOADS or self._uploads[path] >= MOST_OF_ONE_PATH:
            raise TooMany
        self._uploads[path] += 1
        try:
            yield
        finally:
            self._uploads[path] -= 1
            if not self._uploads[path]:
                del self._uploads[path]

    @contextmanager
    def request_of(self, address: str) -> Iterator[None]:
        """Count a request while it is answered; raises TooMany."""
        if self._requests[address] >= self._most_of_one:
            raise TooMany
        self._requests[address] += 1
        try:
            yield
        finally:
            self._requests[address] -= 1
            if not self._requests[address]:
                del self._requests[address]

    @contextmanager
    def body(self) -> Iterator["BodyPlace"]:
        """Yield what counts a body while its request is answered."""
        place = BodyPlace()
        try:
            yield place
        finally:
            self._left += place.taken

    def take(self, place: "BodyPlace", size: int) -> None:
        """Take the bytes of a large body, as far as they are not taken yet; raises TooMany."""
        if size <= max(SMALL_BODY, place.taken):
            return
        wanted = LARGEST_BODY - place.taken  # it may become as large, and one that stops half-way helps nobody
        if wanted > self._left:
            raise TooMany
        self._left -= wanted
        place.taken += wanted


@dataclass
class BodyPlace:
    """The bytes that a large body has taken."""

    taken: int = 0
