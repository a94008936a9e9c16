"""What Alembic runs: the migrations on the connection that it was handed."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import DateTime, String, Text
from sqlmodel import AutoString

from storage.utc_datetime import UtcDateTime


def _render(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as plain ones, so that a migration does not depend on today's code."""
    if kind == "type" and isinstance(value, AutoString | String) and not isinstance(value, Text):
        return "sa.String()" if value.length is None else f"sa.String({value.length})"
    if kind == "type" and isinstance(value, UtcDateTime | DateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=context.config.attributes["metadata"], render_item=_render
)
with context.begin_transaction():
    context.run_migrations()
