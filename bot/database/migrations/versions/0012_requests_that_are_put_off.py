"""Approved requests that cannot be tried now wait until a time in their row.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("approval_request", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approval_request", sa.Column("put_off", sa.Integer(), server_default="0", nullable=False))
    op.add_column("approval_request", sa.Column("waits", sa.String(), server_default="", nullable=False))
