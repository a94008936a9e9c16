"""Approved requests that cannot be tried now wait until a time in their row.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("approval_request", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_request", sa.Column("put_off", sa.Integer(), server_default="0", nullable=False))
    op.add_column("approval_request", sa.Column("waits", sa.String(), server_default="", nullable=False))
