"""Approved requests that cannot be tried now wait until a time in their row.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("approval_request", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_request", sa.Column("put_off", sa.Integer(), server_default="0", nullable=False))
    op.add_column("approval_request", sa.Column("waits", sa.String(), server_default="", nullable=False))
