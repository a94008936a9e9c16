"""The audit trail: a chain of keyed hashes, and its export."""
