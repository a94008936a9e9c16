"""The one order in which transactions that touch notices take their locks, so that no two wait for each other.

1. the announcing lock (below), by all that touch the rows of more than one message: it lets one in at a time,
2. purchases, watched cards, balances, acknowledgements and silences,
3. deliveries, by `seq` and `id`, then the message they became, then the lane,
4. the lock of the audit trail: who has it takes no row of 1 to 3 that others may hold, so it ends a transaction.

The deliverer touches one delivery at a time, and begins at 3.
"""

from sqlalchemy import text
from sqlmodel import Session

_LOCK = 7_104_228  # any number that nothing else in this database locks


def lock_announcing(session: Session) -> None:
    """Wait for the end of every other transaction that announces; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
