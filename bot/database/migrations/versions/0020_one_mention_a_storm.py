"""When a route last mentioned people in a channel, so that a storm mentions them once.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("flow", sa.Column("mentioned_at", sa.DateTime(timezone=True), nullable=True))
