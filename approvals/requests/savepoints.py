"""Works on several requests in one transaction, so that one that breaks does not stop the others."""

from collections.abc import Callable, Iterable

from sqlmodel import Session

from approvals.tables import Request
from storage.savepoints import try_each


def for_each(session: Session, requests: Iterable[Request], act: Callable[[Request], None]) -> int:
    """Do something with each request in a savepoint, and return with how many it worked."""

    def act_on(request: Request) -> int:
        act(request)
        return 1

    return try_each(
        session, requests, act_on, name=lambda request: request.id, event="request.broken", field="request"
    )
