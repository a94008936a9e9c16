"""What Paytend contradicts is found in the trail, and not only by a column.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_CONTRADICTED = sa.text("event = 'execution:contradicted'")


def upgrade() -> None:
    """Apply this step."""
    op.create_index(
        "ix_audit_contradicted", "audit_event", ["seq"], sqlite_where=_CONTRADICTED, postgresql_where=_CONTRADICTED
    )
