"""What must never happen to the trail, rotations of the key, the period of retention, and counters of passkeys."""

# ruff: noqa: S608 - every name in these conditions is a constant of ours

from approvals.database_guards.guard import AUDIT, PASSKEY_USE, RETENTION, ROTATION, Guard, any_differs, of_table

_HEX = "'0123456789abcdef'"
_START = "0" * 64  # what the first event follows (see audit.chain)


def _no_hash(column: str) -> str:
    # `ltrim` takes a set of characters on both databases, so nothing is left of 64 hexadecimal digits.
    return f"length(NEW.{column}) <> 64 OR ltrim(NEW.{column}, {_HEX}) <> ''"


def _unannounced(event: str, subject: str) -> str:
    """Return that the trail has no such event: a forged one would break its chain, where everybody sees it."""
    return f"NOT EXISTS (SELECT 1 FROM {of_table(AUDIT)} a WHERE a.subject = {subject} AND a.event = '{event}')"


RECORD_GUARDS: tuple[Guard, ...] = (
    Guard(
        name="audit_follows",
        table=AUDIT,
        change="INSERT",
        broken=(
            f"NEW.seq <> (SELECT COALESCE(max(a.seq), 0) + 1 FROM {of_table(AUDIT)} a) "
            f"OR EXISTS (SELECT 1 FROM {of_table(AUDIT)} a WHERE a.seq = NEW.seq - 1 AND a.hash <> NEW.previous) "
            f"OR (NEW.seq = 1 AND NEW.previous <> '{_START}')"
        ),
        words="an audit event follows the one before it",
    ),
    Guard(
        name="audit_has_its_shape",
        table=AUDIT,
        change="INSERT",
        broken=(
            # Not of `previous`: behind a row that an owner or an early version wrote, the trail has to go on.
            f"{_no_hash('hash')} OR NEW.hash = '{_START}' OR NEW.hash = NEW.previous "
            # A row that cannot be read would stop everybody who reads the trail.
            "OR replace(NEW.event, ':', '') = NEW.event OR {json_type} <> 'object'"
        ),
        words="an audit event has a hash of 64 hexadecimal digits, the hash before it, and facts",
    ),
    Guard(
        name="rotation_begins_announced",
        table=ROTATION,
        change="INSERT",
        broken=(
            "NEW.finished_at IS NOT NULL OR NEW.resealed <> 0 OR length(NEW.to_key) <> 4 "
            f"OR EXISTS (SELECT 1 FROM {of_table(ROTATION)} k WHERE k.finished_at IS NULL) OR "
            + _unannounced("keys:rotation_begun", "'rotation:' || NEW.id")
        ),
        words="a rotation is announced in the trail, and there is one at a time",
    ),
    Guard(
        name="rotation_ends_once",
        table=ROTATION,
        change="UPDATE",
        broken=(
            "OLD.finished_at IS NOT NULL OR NEW.resealed < OLD.resealed "
            f"OR {any_differs('id', 'to_key', 'started_at')}"
        ),
        words="a rotation only counts, and ends once",
    ),
    Guard(
        name="retention_announced",
        table=RETENTION,
        change="INSERT",
        broken=(
            f"NEW.number <> (SELECT COALESCE(max(p.number), 0) + 1 FROM {of_table(RETENTION)} p) "
            "OR NEW.days < 1 OR " + _unannounced("retention:begun", "'retention:' || NEW.number")
        ),
        words="a period of retention is at least a day, and announced in the trail",
    ),
    Guard(
        name="passkey_use_only_counts",
        table=PASSKEY_USE,
        change="UPDATE",
        # A copy of a key is found out by its counter: one that is set back would hide it.
        broken=f"NEW.count < OLD.count OR {any_differs('passkey_id')}",
        words="the counter of a passkey is never set back",
    ),
)
