"""What can be chosen at Paytend (cities, card designs), kept for a short while: a search must answer at once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bot.threads import Busy
from paytend import Client, PaytendError, operations
from paytend.models import City, Design

KEPT = 600.0  # seconds
FAILED_FOR = 10.0  # seconds in which a failure is shown without asking again
PATIENCE = 1.5  # seconds; Slack gives three for the whole answer
_ALL = "all"  # the name of a list of which there is only one
_PAGE = 30
_MOST_PAGES = 100

T = TypeVar("T")
# Has a function called on another thread; raises Busy.
Submit = Callable[[Callable[[], None]], None]


class ChoicesPending(Exception):
    """Paytend was asked and has not answered yet."""


@dataclass(kw_only=True)
class KeptChoices(Generic[T]):
    """Choices of one kind in lists by name, each as Paytend said it within `KEPT`; thread-safe.

    `load` asks Paytend for a list; raises PaytendError.
    """

    load: Callable[[str], Sequence[T]]
    monotonic: Callable[[], float]
    _found: dict[str, tuple[float, Sequence[T]]] = field(default_factory=dict)
    _failed: dict[str, tuple[float, PaytendError]] = field(default_factory=dict)
    _asked: dict[str, threading.Event] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: str) -> Sequence[T]:
        """Return a list, asking Paytend where it is not kept; raises PaytendError."""
        return self.kept(name) or self._load(name)

    def soon(self, name: str, *, submit: Submit, patience: float) -> Sequence[T]:
        """Return a list at once or within `patience`; raises ChoicesPending, or what went wrong a moment ago."""
        if (kept := self.kept(name)) is not None:
            return kept
        with self._lock:
            failed = self._failed.get(name)
            # Before it counts as asked: nobody would ask, and every later search would wait for an answer.
            if failed is not None and self.monotonic() - failed[0] < FAILED_FOR:
                raise failed[1]
            # Under the lock: of many searches at once only one asks Paytend.
            asked = self._asked.get(name)
            fresh = asked is None
            asked = asked or self._asked.setdefault(name, threading.Event())
        if fresh:
            try:
                submit(lambda: self._load_quietly(name))
            except Busy as error:
                self._end(name)
                raise ChoicesPending from error
        asked.wait(patience)
        if (kept := self.kept(name)) is not None:
            return kept
        raise ChoicesPending

    def kept(self, name: str) -> Sequence[T] | None:
        """Return a list that is known by now, None when Paytend has to be asked."""
        with self._lock:
            found = self._found.get(name)
        return found[1] if found is not None and self.monotonic() - found[0] < KEPT else None

    def _load(self, name: str) -> Sequence[T]:
        rows = self.load(name)
        with self._lock:
            self._found[name] = (self.monotonic(), rows)
        return rows

    def _load_quietly(self, name: str) -> None:
        try:
            self._load(name)
        except PaytendError as error:
            with self._lock:
                # Kept for a moment: each letter that is typed would ask an unreachable Paytend again.
                self._failed[name] = (self.monotonic(), error)
        finally:
            self._end(name)

    def _end(self, name: str) -> None:
        with self._lock:
            asked = self._asked.pop(name, None)
        if asked is not None:
            asked.set()


@dataclass(kw_only=True)
class Choices:
    """What can be chosen: the cities of each country (ISO 3166 alpha-2), and the card designs."""

    paytend: Client
    monotonic: Callable[[], float]
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        """Make the lists."""
        self._cities = KeptChoices(
            load=lambda country: read_cities(self.paytend, country), monotonic=self.monotonic
        )
        self._designs = KeptChoices(load=lambda _name: read_designs(self.paytend), monotonic=self.monotonic)

    def cities(self, country: str) -> Sequence[City]:
        """Return the cities of a country; raises PaytendError."""
        return self._cities.get(country)

    def designs(self) -> Sequence[Design]:
        """Return the card designs; raises PaytendError."""
        return self._designs.get(_ALL)

    def cities_soon(self, country: str, *, submit: Submit) -> Sequence[City]:
        """Return the cities of a country within `patience`; raises ChoicesPending, or what went wrong."""
        return self._cities.soon(country, submit=submit, patience=self.patience)

    def designs_soon(self, *, submit: Submit) -> Sequence[Design]:
        """Return the card designs within `patience`; raises ChoicesPending, or what went wrong."""
        return self._designs.soon(_ALL, submit=submit, patience=self.patience)

    def name_of_city(self, country: str, code: str) -> str:
        """Return a city's name where it is known by now, else its code."""
        return next(
            (city.name for city in self._cities.kept(country) or () if city.code == code and city.name), code
        )

    def name_of_design(self, sku: str) -> str:
        """Return a design's name where it is known by now, else its sku."""
        return next((row.name for row in self._designs.kept(_ALL) or () if row.sku == sku and row.name), sku)


def read_designs(paytend: Client) -> list[Design]:
    """Return all card designs that can be ordered; raises PaytendError."""
    return [row for row in paytend.send(operations.GET_DESIGNS()).rows if row.sku]


def read_cities(paytend: Client, country: str) -> list[City]:
    """Return all cities of a country; raises PaytendError.

    Whether Paytend's `start` counts pages or rows from 1 is not documented: a second page that begins inside of
    the first one gives rows away (paytend-api.md b.5 no. 6).
    """
    cities: dict[str, City] = {}
    start, by_row = 1, False
    for _ in range(_MOST_PAGES):
        page = paytend.send(operations.GET_CITIES(country_code=country, start=start, size=_PAGE))
        rows = [city for city in page.rows if city.code]
        new = {city.code: city for city in rows if city.code and city.code not in cities}
        by_row = by_row or (start == 2 and 0 < len(new) < len(rows))
        cities |= new
        if not new or (page.total is not None and len(cities) >= page.total):
            break
        start = len(cities) + 1 if by_row else start + 1
    return list(cities.values())
