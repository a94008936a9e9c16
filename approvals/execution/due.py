"""When something planned is due: its time has come, or is so far away that the clock was wrong that planned it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import col


def is_due(planned: Any, *, now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """Return whether the moment in a column has come, or is further away than the `longest` pause.

    A clock that was ahead planned the latter. Once it is right again, nobody would ask Paytend until that day.
    """
    return or_(col(planned) <= now, col(planned) > now + longest)
