"""Two admins accept a broken range of the trail as it is, so that what follows it counts as whole (ADR 14).

The first proposes, the second confirms; both are events of the trail, which name the range, the digest of what is
there, and the reason. Nothing in the range is believed afterwards: a request that was open across it is not
carried out. Only verifying goes green again.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.trail_keys import TrailKey
from approvals.audit.verification import REANCHORED, ChainBreak, Verification, read_anchor

SUBJECT = "audit"
PROPOSED = "audit:reanchor_proposed"


class NotAnchored(Exception):
    """The range was not re-anchored; the message says why."""


def anchor(
    session: Session,
    verified: Verification,
    *,
    numbers: tuple[int, int],
    key: TrailKey,
    admin: str,
    why: str,
    now: datetime,
) -> bool:
    """Propose to re-anchor a break, or confirm what another admin proposed; return whether it is done.

    Raises NotAnchored if there is no such break, or if the same admin has proposed it.
    """
    found = next((each for each in verified.open_breaks if (each.first, each.last) == numbers), None)
    if found is None:
        ranges = ", ".join(f"{each.first}-{each.last}" for each in verified.open_breaks[:20]) or "none"
        raise NotAnchored(f"There is no such break; the trail has: {ranges}")
    # A tail that was cut off leaves nothing that two people could see and accept (ADR 14).
    if not found.digest:
        raise NotAnchored("A tail that was cut off cannot be re-anchored: restore the database instead.")
    if len(why.strip()) < 3:
        raise NotAnchored("Please give a reason.")
    proposers = _find_proposers(session, found, key=key)
    facts: dict[str, Any] = {"first": found.first, "last": found.last, "why": why}
    event, proofs = PROPOSED, {"digest": found.digest}
    if proposers and admin in proposers:
        raise NotAnchored("You have proposed this yourself; another admin confirms it.")
    if proposers:
        event, facts = REANCHORED, {**facts, "admins": [proposers[0], admin]}
    chain.append(session, event, key=key, actor=admin, subject=SUBJECT, facts=facts, proofs=proofs, now=now)
    return event == REANCHORED


def _find_proposers(session: Session, found: ChainBreak, *, key: TrailKey) -> list[str]:
    """Return who has proposed to re-anchor just this, as it still is."""
    # Of what is there now: a row that was changed after the proposal was not what the first admin accepted.
    wanted = (found.first, found.last, found.digest)
    return [
        row.actor
        for row in chain.list_genuine(session, subject=SUBJECT, event=PROPOSED, key=key, newest_first=True)
        if read_anchor(row) == wanted
    ]
