"""What two admins say about a broken range of the trail, so that what follows it counts as whole again."""

import json

from approvals.audit.chain import EventRow

REANCHORED = "audit:reanchored"


def read_anchor(row: EventRow) -> tuple[int, int, str] | None:
    """Return which range an event re-anchors: its first and last number, and the digest of what is there."""
    try:
        facts = json.loads(row.facts)
        return int(facts["first"]), int(facts["last"]), str(facts["digest"])
    except (ValueError, KeyError, TypeError):
        return None
