"""Works on several requests in one transaction, so that one that breaks does not stop the others."""

import logging
from collections.abc import Callable, Iterable

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from approvals.tables import Request

_log = logging.getLogger(__name__)


def for_each(session: Session, requests: Iterable[Request], act: Callable[[Request], None]) -> int:
    """Do something with each request in a savepoint, and return with how many it worked.

    What breaks is undone and named in the log: somebody has to look at its row.
    """
    done = 0
    for request in requests:
        request_id = request.id
        try:
            with session.begin_nested():
                act(request)
        except OperationalError:  # the database itself: nothing would work
            raise
        except Exception:  # noqa: BLE001 - an edge: a row that cannot be read must not block all others
            _log.exception("request.broken", extra={"request": request_id})
        else:
            done += 1
    return done
