"""Work on many rows of which one may be damaged: it fails alone, by name, and the others go on."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlmodel import Session

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


def try_each(
    session: Session, items: Iterable[Item], work: Callable[[Item], int], *, name: Callable[[Item], str] = str
) -> int:
    """Do the work for each item in a savepoint of its own, and return the sum of what it returns."""
    done = 0
    for item in items:
        named = name(item)  # before the work: a rollback expires what it would read
        try:
            with session.begin_nested():
                done += work(item)
        except Exception:  # noqa: BLE001 - an edge: what is broken about one row must not stop the others
            _log.exception("routing.item_broken", extra={"item": named})
    return done
