"""Webhooks that update an earlier one are kept: a business key is no longer unique, only the content is.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_NAMING = {"uq": "uq_%(table_name)s_%(column_0_name)s"}


def upgrade() -> None:
    """Apply this step."""
    if op.get_context().dialect.name == "sqlite":
        # SQLite cannot drop a constraint that has no name, so the table is copied.
        with op.batch_alter_table("inbox_event", naming_convention=_NAMING, recreate="always") as table:
            table.drop_constraint("uq_inbox_event_business_digest", type_="unique")
            table.add_column(sa.Column("content_digest", sa.String(64), nullable=True))
            table.add_column(sa.Column("names", sa.Text(), nullable=True))
            table.create_unique_constraint("uq_inbox_event_content_digest", ["content_digest"])
    else:
        op.drop_constraint("inbox_event_business_digest_key", "inbox_event", type_="unique")
        op.add_column("inbox_event", sa.Column("content_digest", sa.String(64), nullable=True))
        op.add_column("inbox_event", sa.Column("names", sa.Text(), nullable=True))
        op.create_unique_constraint("inbox_event_content_digest_key", "inbox_event", ["content_digest"])
    op.create_index("ix_inbox_business", "inbox_event", ["business_digest", "id"], unique=False)
