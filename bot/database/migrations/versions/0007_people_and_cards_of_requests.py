"""Requests are found by the account that asked, and by both cards of a replacement.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("approval_request", sa.Column("new_card", sa.String(), nullable=True))
    op.create_index("ix_request_new_card", "approval_request", ["new_card", "status"], unique=False)
    op.create_index("ix_request_cardholder", "approval_request", ["cardholder_id", "status"], unique=False)
    # By account and no longer by the stored id, which was right under the identity map of that day.
    op.drop_index("ix_request_requester", table_name="approval_request")
    op.drop_index("ix_request_requester_sum", table_name="approval_request")
    columns = ["requester_account", "created_at", "id"]
    op.create_index("ix_request_requester", "approval_request", columns, unique=False)
    columns = ["requester_account", "status", "ended_at"]
    op.create_index("ix_request_requester_sum", "approval_request", columns, unique=False)
