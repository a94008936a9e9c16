"""Numbers by which the database says which row came first, whatever the clocks of the replicas say."""

from typing import Any

from sqlalchemy import BigInteger, Column, ScalarSelect, func, literal_column, select, table


def make_number(of: str) -> Column[Any]:
    """Return the column `seq` of a table: one more than the largest that the inserting transaction can see.

    A row that is inserted after another was committed has the larger number. Rows of transactions that ran at the
    same time may share one, and then nothing says which came first: order by `seq` and the id.
    """
    # Not a sequence of PostgreSQL: bots run as a role that was granted tables only, and SQLite has none.
    return Column("seq", BigInteger, default=next_number(of), server_default="0", nullable=False)


def next_number(of: str) -> ScalarSelect[Any]:
    """Return the expression of a table's next number."""
    largest = func.coalesce(func.max(literal_column("seq", BigInteger)), 0)
    return select(largest + 1).select_from(table(of)).scalar_subquery()
