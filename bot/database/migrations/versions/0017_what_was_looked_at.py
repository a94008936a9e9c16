"""Watched cards and orders: until when no webhook of theirs can have been missed, and what stood in the way.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("watched", sa.Column("covered_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("watched", sa.Column("trouble", sa.Text(), nullable=True))
    op.create_index("ix_watched_coverage", "watched", ["covered_until", "since", "trouble"], unique=False)
