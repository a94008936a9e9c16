"""Work on many rows of which one may be damaged: it fails alone, by name, and the others go on."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


def try_each(
    session: Session,
    items: Iterable[Item],
    work: Callable[[Item], int],
    *,
    name: Callable[[Item], str] = str,
    event: str,
    field: str = "item",
) -> int:
    """Do the work for each item in a savepoint of its own, and return the sum of what it returns.

    What breaks is undone, and logged as `event` with its name as `field`: somebody has to look at its row. Raises
    OperationalError, the database's own: then nothing would work.
    """
    done = 0
    for item in items:
        named = name(item)  # before the work: a rollback expires what it would read
        try:
            with session.begin_nested():
                done += work(item)
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - an edge: a row that cannot be read must not block all others
            _log.exception(event, extra={field: named})
    return done
