"""What Paytend said is removed by retention too, also from requests whose contents it removed before (A22).

Revision: 0022, after 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"

# Of the version before, which let nothing of it go. `migrate` makes all triggers again afterwards.
_GUARDS = (
    ("cardops_execution_keeps_its_end", "approval_execution"),
    ("cardops_request_end_written_once", "approval_request"),
)
_EMPTIED = "length(payload) = 0 AND ended_at IS NOT NULL"


def upgrade() -> None:
    """Apply this step."""
    on_table = op.get_bind().dialect.name == "postgresql"
    for name, table in _GUARDS:
        op.execute(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table}" if on_table else ""))
    op.execute(
        "UPDATE approval_execution SET words = '', refused_words = '', alarmed = '' "  # noqa: S608 - constants
        f"WHERE request_id IN (SELECT id FROM approval_request WHERE {_EMPTIED})"
    )
    op.execute(f"UPDATE approval_request SET waits = '' WHERE {_EMPTIED}")  # noqa: S608 - constants
    op.execute(
        f"UPDATE approval_request SET reason = '' WHERE {_EMPTIED} "  # noqa: S608 - constants
        "AND status NOT IN ('denied', 'withdrawn')"
    )
