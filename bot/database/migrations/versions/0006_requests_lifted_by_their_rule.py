"""Requests lifted by their rule: the triggers know them. No table changes, `migrate` renews all triggers.

Revision: 0006, after 0001
"""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply this step: that there is one makes a replica of this version insist on the new triggers."""
