"""Deliveries and webhooks are numbered by the database; what there is keeps the order of its ids.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

# The ids are unique, so this is the order that there was.
_NUMBER = """
    UPDATE {table} SET seq = numbered.number
    FROM (SELECT id AS numbered_id, row_number() OVER (ORDER BY id) AS number FROM {table}) AS numbered
    WHERE numbered.numbered_id = {table}.id
"""
_INDEXES = {
    "delivery": {
        "ix_delivery_queue": ["status", "lane", "urgent", "seq", "id"],
        "ix_delivery_parts": ["part_of", "status", "urgent", "seq", "id"],
    },
    "inbox_event": {
        "ix_inbox_business": ["business_digest", "seq", "id"],
        "ix_inbox_untold": ["seq", "id"],
    },
}


def upgrade() -> None:
    """Apply this step."""
    untold = sa.text("told_at IS NULL")
    for table, indexes in _INDEXES.items():
        # The default is for the previous version, which goes on during a deploy.
        op.add_column(table, sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False))
        op.execute(_NUMBER.format(table=table))
        for name, columns in indexes.items():
            where = untold if name == "ix_inbox_untold" else None
            op.drop_index(name, table_name=table)
            op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_delivery_seq", "delivery", ["seq"], unique=False)
    op.create_index("ix_inbox_seq", "inbox_event", ["seq"], unique=False)
