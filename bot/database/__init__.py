"""The database: engine, schema and migrations, retention, key rotation, backup, invariants."""
