"""Which keys this database needs, by their ids, each with a value that only it makes.

They are noted at the next start, when the trail is signed with one of the keys that are set.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "key_check",
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("use", "key_id"),
    )
