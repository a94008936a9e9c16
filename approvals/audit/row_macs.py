"""What binds a row to a key that the database does not hold: the content of each kind of row, and its MAC. Pure.

Only rows that fit their MAC are believed: who can write to the database can add a decision, but not sign it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from approvals.canonical_json import canonical_json
from approvals.tables import Decision, Request, Resumption, Settlement, Stop, VoidedDecision
from storage.macs import MacKeys

NONE = ""  # of rows that were written before there were MACs


class MacUse(StrEnum):
    """What a MAC is for."""

    REQUEST = "request"
    APPROVAL = "approval"  # by a quorum, or by a rule that needs nobody
    DECISION = "decision"
    VOIDING = "voiding"
    SETTLEMENT = "settlement"
    KNOWN = "known difference"  # of the books
    DIFFERENCE = "identity of a difference"
    STOP = "stop"
    RESUMPTION = "resumption"
    PASSKEY = "passkey"
    PASSKEY_WORD = "word on a passkey"


USES = tuple(use.value for use in MacUse)
# Everything that was asked for and never changes. The digest covers the payload, which retention empties later.
REQUEST_COLUMNS = (
    "id",
    "action",
    "subject",
    "new_card",
    "digest",
    "phrase",
    "requester_id",
    "requester_account",
    "requester_name",
    "rule",
    "rule_name",
    "quorum",
    "roles",
    "currency",
    "amount_minor",
    "cardholder_id",
    "reference",
    "created_at",
    "decide_by",
)
APPROVAL_COLUMNS = ("id", "digest", "approved_at", "execute_by")
DECISION_COLUMNS = ("request_id", "person_id", "account", "name", "verdict", "digest", "reason", "decided_at")
VOIDING_COLUMNS = ("request_id", "person_id", "reason", "voided_at")
STOP_COLUMNS = ("id", "scope", "cause", "mark", "reason", "person_id", "account", "name", "stopped_at")
RESUMPTION_COLUMNS = ("id", "stop_id", "person_id", "account", "name", "reason", "said_at")
SETTLEMENT_COLUMNS = ("id", "request_id", "person_id", "account", "name", "happened", "reason", "settled_at")


def make_macs(secret: bytes, *, newer: Sequence[bytes] = ()) -> MacKeys:
    """Return the keys of all uses: of CARDOPS_AUDIT_KEYS, and of the last secret key for where it is not set."""
    return MacKeys([*newer, secret], uses=USES)


def sign_request(row: Request, *, macs: MacKeys) -> str:
    """Return the MAC of what was asked for."""
    return macs.sign(MacUse.REQUEST, write_row(row, REQUEST_COLUMNS))


def fits_request(row: Request, *, macs: MacKeys) -> bool:
    """Whether what was asked for is as it was written."""
    return macs.fits(row.mac, MacUse.REQUEST, write_row(row, REQUEST_COLUMNS))


def sign_approval(values: Mapping[str, Any], *, macs: MacKeys) -> str:
    """Return the MAC of an approval: `id`, `digest`, `approved_at`, `execute_by` and the version it leads to."""
    return macs.sign(MacUse.APPROVAL, canonical_json({name: _plain(value) for name, value in values.items()}))


def fits_approval(row: Request, *, version: int, macs: MacKeys) -> bool:
    """Whether a request was approved at its version, at its moment and until its deadline."""
    values = {name: _plain(getattr(row, name)) for name in APPROVAL_COLUMNS}
    return macs.fits(row.approval_mac, MacUse.APPROVAL, canonical_json({**values, "version": version}))


def sign_decision(row: Decision, *, macs: MacKeys) -> str:
    """Return the MAC of a decision."""
    return macs.sign(MacUse.DECISION, _decision_message(row))


def fits_decision(row: Decision, *, macs: MacKeys) -> bool:
    """Whether a decision was made through the bot, by this person, on this content, at this moment."""
    return macs.fits(row.mac, MacUse.DECISION, _decision_message(row))


def sign_voiding(row: VoidedDecision, *, macs: MacKeys) -> str:
    """Return the MAC of a voiding."""
    return macs.sign(MacUse.VOIDING, write_row(row, VOIDING_COLUMNS))


def fits_voiding(row: VoidedDecision, *, macs: MacKeys) -> bool:
    """Whether the bot voided this decision."""
    return macs.fits(row.mac, MacUse.VOIDING, write_row(row, VOIDING_COLUMNS))


def sign_settlement(row: Settlement, *, digest: str, macs: MacKeys) -> str:
    """Return the MAC of a settlement of the request with this digest."""
    return macs.sign(MacUse.SETTLEMENT, write_row(row, SETTLEMENT_COLUMNS, digest=digest))


def fits_settlement(row: Settlement, *, digest: str, macs: MacKeys) -> bool:
    """Whether a person said this through the bot, of the request with this digest."""
    return macs.fits(row.mac, MacUse.SETTLEMENT, write_row(row, SETTLEMENT_COLUMNS, digest=digest))


def sign_stop(row: Stop, *, macs: MacKeys) -> str:
    """Return the MAC of a stop."""
    return macs.sign(MacUse.STOP, write_row(row, STOP_COLUMNS))


def fits_stop(row: Stop, *, macs: MacKeys) -> bool:
    """Whether the bot wrote this stop, and nobody changed its scope or its reason."""
    return macs.fits(row.mac, MacUse.STOP, write_row(row, STOP_COLUMNS))


def sign_resumption(row: Resumption, *, macs: MacKeys) -> str:
    """Return the MAC of a person's word for resuming."""
    return macs.sign(MacUse.RESUMPTION, write_row(row, RESUMPTION_COLUMNS))


def fits_resumption(row: Resumption, *, macs: MacKeys) -> bool:
    """Whether a person said through the bot that this stop shall end."""
    return macs.fits(row.mac, MacUse.RESUMPTION, write_row(row, RESUMPTION_COLUMNS))


def _decision_message(row: Decision) -> bytes:
    # The proof by a passkey only where there is one: decisions from before there were any keep their MACs.
    return write_row(row, DECISION_COLUMNS, **({"step_up": row.step_up} if row.step_up else {}))


def write_row(row: object, names: Sequence[str], **more: str) -> bytes:
    """Return these columns of a row as a MAC covers them."""
    return canonical_json({**{name: _plain(getattr(row, name)) for name in names}, **more})


def _plain(value: Any) -> Any:
    # To the microsecond, which both databases keep.
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
