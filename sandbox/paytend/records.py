"""The records in the books: holders, cards, orders, top-ups, transactions. Numbers as in paytend-api.md a.4."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class CardStatus(IntEnum):
    """The state of a card."""

    INACTIVE = 4
    ACTIVE = 5
    LOST = 6
    CLOSED = 7
    FROZEN = 8
    BEING_REPLACED = 9
    UNAVAILABLE = 10


class AuditStatus(IntEnum):
    """How far a cardholder's identity has been checked."""

    PENDING = 0
    UNDER_REVIEW = 1
    APPROVED = 2
    REJECTED = 3
    INCOMPLETE = 4


class TopUpStatus(IntEnum):
    """What became of a top-up."""

    DONE = 1
    FAILED = 2
    PROCESSING = 3


class ApplyStatus(IntEnum):
    """What became of an order of cards; the siblings contradict each other about 2."""

    ACCEPTED = 0
    DONE = 1
    FAILED = 2


class TradeType(IntEnum):
    """What kind of movement a transaction is."""

    TOP_UP = 100
    WITHDRAWAL = 110
    TRANSFER_IN = 120
    TRANSFER_OUT = 121
    AUTHORISATION = 150
    PAYMENT = 151
    FEE = 500


class TradeStatus(IntEnum):
    """The status of a transaction. A declined authorisation has 6: the list has no better number."""

    DONE = 1
    REVERSAL = 2
    REVERSED = 3
    DECLINED = 6
    VOIDED = 7
    REFUND = 10


class Side(StrEnum):
    """Where a card transaction is listed: `tradeSrc`."""

    AUTHORISATION = "A"
    SETTLEMENT = "S"


FILE_TYPES = {"1": "ID front", "2": "ID back", "3": "passport", "5": "proof of address", "8": "face photo"}
IDENTITY_FILES = frozenset({"1", "3"})
FACE_PHOTO = "8"

VIRTUAL, PHYSICAL = "1", "2"
MASTERCARD = "3"


@dataclass(kw_only=True)
class Holder:
    """A cardholder; `address` has the six keys of eeaAddress, in the clear."""

    holder_id: str
    first_name: str
    last_name: str
    mobile: str
    email: str
    id_no: str
    id_type: str
    birthday: str
    gender: str
    nationality: str
    address: dict[str, str]
    status: AuditStatus = AuditStatus.PENDING
    error: str = ""
    documents: list[tuple[str, str, int]] = field(default_factory=list)
    """What was uploaded: file type, suffix, size in bytes."""


@dataclass(kw_only=True)
class Card:
    """A card; its money is in the ledger under `card:<id>` and, while authorised, under `held:<id>`."""

    card_id: str
    number: str
    cvv: str
    expiry: str
    card_type: str
    sku: str
    status: CardStatus = CardStatus.INACTIVE
    holder_id: str = ""
    activated_at: datetime | None = None
    replaced_by: str = ""
    overdue_fee: int = 0
    """Monthly fees not paid, in minor units of EUR."""
    own_pin: str = ""
    """A PIN or password that somebody chose, of any form."""

    @property
    def pin(self) -> str:
        """The PIN: not random, so that the seeded programme stays as it is."""
        return self.own_pin or f"{int(self.card_id) * 7919 % 10**8:08d}"

    @property
    def masked(self) -> str:
        """The first six and last four digits."""
        return f"{self.number[:6]}******{self.number[-4:]}"


@dataclass(kw_only=True)
class Order:
    """An order of cards."""

    order_no: str
    card_type: str
    sku: str
    quantity: int
    holder_id: str
    contact: dict[str, Any]
    status: ApplyStatus = ApplyStatus.ACCEPTED
    error: str = ""
    card_ids: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class TopUp:
    """Money on its way from the partner balance to a card, or arrived there; minor units."""

    order_no: str
    trade_id: str
    card_id: str
    currency: str
    amount: int
    fee: int
    at: datetime
    status: TopUpStatus = TopUpStatus.PROCESSING
    error: str = ""
    forgotten: bool = False
    """getTopupResult does not find it any more, though its number stays used."""


@dataclass(kw_only=True)
class Transaction:
    """One line of a card's history; `effect` is what it did to the available balance, in minor units."""

    trade_id: str
    card_id: str
    side: Side
    trade_type: TradeType
    status: TradeStatus
    currency: str
    amount: int
    effect: int
    at: datetime
    fee: int = 0
    related_id: str = ""
    txn_currency: str = ""
    txn_amount: int = 0
    auth_code: str = ""
    merchant: str = ""


@dataclass(kw_only=True)
class PartnerEntry:
    """One line of the partner account's history; `balance` is what was left after it."""

    trade_id: str
    currency: str
    amount: int
    fee: int
    balance: int
    trade_type: TradeType
    at: datetime
    order_no: str = ""
    remark: str = ""
    status: TradeStatus = TradeStatus.DONE


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something to report by webhook: notifyType "1", "2" or "3", and the content."""

    kind: str
    content: dict[str, Any]
