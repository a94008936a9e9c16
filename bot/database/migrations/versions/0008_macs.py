"""MACs of requests, decisions, voidings and settlements.

What was written before has none: its column is empty. Open requests of that time are not carried out; the bot ends
them with words (`approvals/execution/unproven.py`).

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
_COLUMNS = (
    ("approval_request", "mac"),
    ("approval_request", "approval_mac"),
    ("approval_decision", "mac"),
    ("approval_voided_decision", "mac"),
    ("approval_settlement", "mac"),
)


def upgrade() -> None:
    """Apply this step."""
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.String(), server_default="", nullable=False))
