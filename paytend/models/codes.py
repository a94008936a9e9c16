"""Enumerations of Paytend with a text for people; an unknown value is kept and shown as it came.

All are from `paytend-api.md` a.4, mostly from the predecessor API: defaults, not certainties.
"""

from decimal import Decimal
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Code(str):
    """A value as Paytend sent it, always as text."""

    __slots__ = ()
    TEXTS: ClassVar[dict[str, str]] = {}

    @property
    def known(self) -> bool:
        """Whether the value is among the ones that we know."""
        return self in self.TEXTS

    @property
    def text(self) -> str:
        """The words for people, with the value itself when it is unknown."""
        return self.TEXTS.get(self, f"unknown ({self})")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read)

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)  # 6.0: the same number by another JSON library
        # In Python a bool is an int: `true` would be read as the code "True".
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError("neither a text nor a whole number")  # noqa: TRY004 - what pydantic reads
        return cls(str(value).strip())


# The predecessor's numbers. A sibling API has 3 for a live card, so this API may differ too (a.4).
class CardStatus(Code):
    """The state of a card."""

    TEXTS: ClassVar = {
        "4": "inactive",
        "5": "active",
        "6": "lost",
        "7": "closed",
        "8": "frozen",
        "9": "being replaced",
        "10": "unavailable",
    }
    INACTIVE: ClassVar = "4"
    ACTIVE: ClassVar = "5"
    LOST: ClassVar = "6"
    CLOSED: ClassVar = "7"
    FROZEN: ClassVar = "8"


class CardType(Code):
    """Virtual or physical."""

    TEXTS: ClassVar = {"1": "personal virtual", "2": "personal physical"}


class CardScheme(Code):
    """The network; codes other than 3 are not documented."""

    TEXTS: ClassVar = {"3": "Mastercard"}


class AuditStatus(Code):
    """How far the review of a cardholder (KYC) is."""

    TEXTS: ClassVar = {
        "0": "pending",
        "1": "under review",
        "2": "approved",
        "3": "rejected",
        "4": "data incomplete",
    }
    APPROVED: ClassVar = "2"
    REJECTED: ClassVar = "3"
    INCOMPLETE: ClassVar = "4"


class TopUpStatus(Code):
    """What became of a top-up."""

    TEXTS: ClassVar = {"1": "done", "2": "failed", "3": "in progress"}
    DONE: ClassVar = "1"
    FAILED: ClassVar = "2"
    IN_PROGRESS: ClassVar = "3"


class ApplyStatus(Code):
    """What became of a card order; the sources contradict each other, so the value is shown too."""

    TEXTS: ClassVar = {"0": "in progress", "1": "done", "2": "failed or waiting for shipment"}
    DONE: ClassVar = "1"


class ChangeStatus(Code):
    """What became of an activation, loss report, password retrieval or upload."""

    TEXTS: ClassVar = {"1": "done", "2": "failed"}
    DONE: ClassVar = "1"
    FAILED: ClassVar = "2"


class TransactionType(Code):
    """What kind of movement it is."""

    TEXTS: ClassVar = {
        "100": "top-up",
        "110": "withdrawal",
        "120": "transfer in",
        "121": "transfer out",
        "150": "pre-authorization",
        "151": "payment",
        "200": "settlement adjustment",
        "300": "balance inquiry",
        "500": "fee",
    }


class TransactionStatus(Code):
    """What became of a movement."""

    SUCCESS: ClassVar = "1"
    TEXTS: ClassVar = {
        "1": "success",
        "2": "reversal",
        "3": "reversed",
        "6": "cancelled by the system",
        "7": "voided",
        "10": "refund",
    }


class TransactionSource(Code):
    """Whether a movement is an authorization or a settlement."""

    TEXTS: ClassVar = {"A": "authorization", "S": "settlement"}


class IdType(Code):
    """Which identity document a cardholder has."""

    TEXTS: ClassVar = {"1": "national ID card", "2": "passport"}


class Gender(Code):
    """As on the identity document."""

    TEXTS: ClassVar = {"1": "male", "2": "female"}


class FileType(Code):
    """Which document a file shows."""

    TEXTS: ClassVar = {
        "1": "ID card, front",
        "2": "ID card, back",
        "3": "passport",
        "5": "proof of address",
        "8": "photo of the face",
    }
