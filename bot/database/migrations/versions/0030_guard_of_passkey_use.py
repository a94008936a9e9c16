"""No table changes: `migrate` installs the guards of `passkey_use`, which the version before would drop again.

Revision: 0030, after 0029
"""

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Apply this step."""
