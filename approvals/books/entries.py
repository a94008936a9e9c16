"""What is compared: a row of Paytend's list of partner transactions, and a top-up that was asked for. Pure."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from approvals.statuses import Status
from notifier.inbox.notice_kinds import read_time
from paytend.models import PartnerTransaction
from paytend.money import Money
from paytend.redaction import mask_text

REFERENCE_LENGTH = 26  # of the ids that become references (bot/clock.py), without the prefix
SHORTEST_CUT = 16  # ten characters of time and six random ones: a shorter piece could be several references
_LONGEST_TEXT = 64
_NOT_COMPARED = re.compile(r"[^0-9a-z]")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, as our ids are written (bot/clock.py)
_TIME = 10  # characters of an id that are its moment, in milliseconds
# An id of ours is from these years; a reference of digits alone would be older.
_FROM, _UNTIL = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000) for year in (2020, 2100))


class Movement(StrEnum):
    """What the status of a row says about the money."""

    HAPPENED = "happened"
    TAKEN_BACK = "taken back"
    NOT_HAPPENED = "did not happen"
    FEE = "fee"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, kw_only=True)
class BookedRow:
    """A row as Paytend lists it. `trade` is a digest of its unmasked trade id, empty where it has none.

    `key` is its reference as it is compared. `day` and `at` are None where the time cannot be read; a date alone
    has no `at`. `is_contradicted` where another row says something else about the same trade.
    """

    trade: str
    trade_id: str
    reference: str
    key: str
    money: Money | None
    type: str
    movement: Movement
    card_id: str
    day: date | None
    at: datetime | None
    booked: str
    is_contradicted: bool = False


@dataclass(frozen=True, kw_only=True)
class OwnTopUp:
    """A top-up that was asked for here, in whatever state. `day` is the one on which it was sent, at Paytend.

    `money` and `card_id` are from the sealed content, not from columns; `money` is None where that, or
    the approvals of what was executed, are not as the bot wrote them.
    """

    request_id: str
    reference: str
    money: Money | None
    card_id: str
    status: Status
    day: date | None
    at: datetime | None


def fold_reference(reference: str) -> str:
    """Return a reference as it is compared: a list may show it in capitals, or with separators."""
    return _NOT_COMPARED.sub("", reference.lower())


def digest_trade(trade_id: str | None) -> str:
    """Return the digest by which a trade is known; an id that looks like a card number is masked elsewhere."""
    return hashlib.sha256(trade_id.encode()).hexdigest()[:32] if trade_id else ""


def looks_like_ours(key: str, *, prefix: str) -> bool:
    """Whether a folded reference is one of ours by its form: our prefix, or an id as they are made here."""
    if prefix and key.startswith(prefix.lower()):
        return True
    if not SHORTEST_CUT <= len(key) <= REFERENCE_LENGTH or not set(key) <= set(_ALPHABET):
        return False
    moment = 0
    for letter in key[:_TIME]:
        moment = moment * 32 + _ALPHABET.index(letter)
    return _FROM <= moment < _UNTIL


def read_row(row: PartnerTransaction, *, timezone: tzinfo) -> BookedRow:
    """Return a row as it is compared; texts of others are shortened and masked."""
    at = read_time(row.booked, timezone=timezone)
    return BookedRow(
        # Of the id before it is masked: masked ones of strangers may look alike (N3).
        trade=digest_trade(row.trade_id),
        trade_id=_as_shown(row.trade_id),
        reference=_as_shown(row.reference),
        key=fold_reference(row.reference or "")[:_LONGEST_TEXT],
        money=row.amount,
        type=row.type or "",
        movement=_read_movement(row),
        card_id=row.card_id or "",
        day=at.astimezone(timezone).date() if at else read_date(row.booked),
        at=at,
        booked=_as_shown(row.booked),
    )


def read_date(text: str | None) -> date | None:
    """Return a date that came without a time; None for what is none."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


def _read_movement(row: PartnerTransaction) -> Movement:
    if row.type == "500":
        return Movement.FEE
    # Without a status the list says no more than that it is an entry of the account.
    return Movement.HAPPENED if row.status is None else _MOVEMENTS.get(str(row.status), Movement.NOT_KNOWN)


# The codes are those of `paytend-api.md` a.4.
_MOVEMENTS = {
    "1": Movement.HAPPENED,
    "2": Movement.TAKEN_BACK,
    "10": Movement.TAKEN_BACK,
    "3": Movement.NOT_HAPPENED,
    "6": Movement.NOT_HAPPENED,
    "7": Movement.NOT_HAPPENED,
}


def _as_shown(text: str | None) -> str:
    return mask_text((text or "")[:_LONGEST_TEXT])
