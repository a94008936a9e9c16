"""Urgent webhooks are told before the others (X9); those that wait at the moment count as usual ones.

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Apply this step."""
    untold = sa.text("told_at IS NULL")
    # The default is for the previous version, which goes on during a deploy.
    op.add_column("inbox_event", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.drop_index("ix_inbox_untold", table_name="inbox_event")
    op.create_index(
        "ix_inbox_untold",
        "inbox_event",
        ["urgent", "seq", "id"],
        unique=False,
        sqlite_where=untold,
        postgresql_where=untold,
    )
