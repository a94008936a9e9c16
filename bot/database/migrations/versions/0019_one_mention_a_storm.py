"""When a route last mentioned people in a channel, so that a storm mentions them once.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("flow", sa.Column("mentioned_at", sa.DateTime(timezone=True), nullable=True))
