"""Edits wait in lanes of their own, lanes take turns, and what fails by itself steps out of its lane.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply this step."""
    op.add_column("lane", sa.Column("served_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lane", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("delivery", sa.Column("alone_since", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_delivery_edits", table_name="delivery")
    # What took the detour to the fallback channel becomes a post there.
    delivery = sa.table("delivery", *map(sa.column, ("status", "operation", "lane", "recipient")))
    waiting_edits = delivery.c.lane == delivery.c.recipient, delivery.c.operation == "edit"
    op.execute(
        delivery.update()
        .where(delivery.c.status == "waiting", *waiting_edits)
        .values(lane=delivery.c.recipient.concat(":edits"))
    )
