"""Which piece of work the lines of the log belong to: one id, from a delivery of Slack to the outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str] = ContextVar("correlation", default="")


@contextmanager
def correlated(correlation: str) -> Iterator[None]:
    """Have everything that is logged meanwhile on this thread carry an id; an empty one changes nothing."""
    token = _CURRENT.set(correlation or _CURRENT.get())
    try:
        yield
    finally:
        _CURRENT.reset(token)


def read_correlation() -> str:
    """Return the id of what this thread works on, or an empty text."""
    return _CURRENT.get()
