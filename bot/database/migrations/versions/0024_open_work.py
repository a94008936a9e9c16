"""What was acknowledged to Slack and is not finished is a row, so that a restart can say so (X7).

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "open_work",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )
