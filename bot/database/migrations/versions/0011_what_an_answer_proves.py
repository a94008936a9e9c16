"""What an execution knows of Paytend's answers, and that an end is watched.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_TEXTS = ("refused_code", "refused_words", "absent_code", "last_said", "alarmed", "contradicted_by")
_MOMENTS = ("absent_since", "asked_at", "watched_until", "contradicted_at")


def upgrade() -> None:
    """Apply this step."""
    for name in _TEXTS:
        op.add_column("approval_execution", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for name in _MOMENTS:
        op.add_column("approval_execution", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_execution_contradicted",
        "approval_execution",
        ["request_id"],
        sqlite_where=sa.text("contradicted_at IS NOT NULL"),
        postgresql_where=sa.text("contradicted_at IS NOT NULL"),
    )
