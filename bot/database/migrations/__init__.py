"""The migrations of the database (Alembic), which `cardops migrate` applies."""
