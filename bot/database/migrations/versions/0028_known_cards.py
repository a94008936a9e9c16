"""Cards that passed here: sealed, with keyed tokens by which they are found.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "known_card",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_known_card_seen_at", "known_card", ["seen_at"])
    op.create_table(
        "card_token",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("card_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("token", "card_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_card_token_card_id", "card_token", ["card_id"])
    op.create_table(
        "card_pin",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("card_id", sa.String(), primary_key=True),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
    )
