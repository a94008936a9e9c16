"""What can go wrong when talking to Paytend, by what may be believed afterwards.

PaytendError
 ├── Refused          "No."          Paytend declined; of a change, no proof that it was not done (case A1)
 ├── Unreachable      "Not now."     never sent, or a read that got no answer; safe to try again
 ├── OutcomeUnknown   "I don't know" a change was sent and no answer came; never repeat it blindly
 └── ProtocolError    "I don't know" an answer or webhook that cannot be trusted; for a change: unknown
      └── AnotherSubject             a genuine answer, but about another card, cardholder or order than asked for

KeyUnusable           a key or this machine's OpenSSL cannot serve; raised at start, never in a request
"""

from enum import StrEnum
from typing import ClassVar


class Flaw(StrEnum):
    """Why a message was refused, for our own count; the sender never learns it.

    Padding, decryption and signature are one: which of them it was is not known even to us.
    """

    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    OTHER_PARTNER = "other partner"


class PaytendError(Exception):
    """Anything that a call to Paytend can raise."""


class Refused(PaytendError):
    """Paytend declined: `respCode` other than "00".

    `verified` says whether the refusal carried a good signature. Paytend leaves some refusals unsigned
    (document §4.2). Neither proves that a change did not happen: it may refuse a repetition (case A1).
    """

    def __init__(self, *, code: str, reason: str, verified: bool) -> None:
        super().__init__(f"{reason} (Paytend {code})" if reason else f"Paytend said no (code {code})")
        self.code = code
        self.reason = reason
        self.verified = verified


class RefusedChange(Refused):
    """Paytend declined a change, which does not prove that it was not made (case A1)."""


class Unreachable(PaytendError):
    """Paytend could not be reached; nothing was changed."""


class TooLate(Unreachable):
    """The time to send this was over before it was sent; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class OutcomeUnknown(PaytendError):
    """A change was sent to Paytend and no answer came; it may or may not have happened."""


class ProtocolError(PaytendError):
    """The message could not be verified."""

    def __init__(self, flaw: Flaw = Flaw.SIGNATURE) -> None:
        super().__init__()
        self.flaw = flaw


class AnotherSubject(ProtocolError):
    """Paytend answered about another card, cardholder or order than was asked for, so nothing of it was used.

    `name` is that of the value: card_id, holder_id or reference.
    """

    _WORDS: ClassVar = {"card_id": "card", "holder_id": "cardholder", "reference": "order"}

    def __init__(self, name: str) -> None:
        super().__init__(Flaw.UNREADABLE)
        self.name = name

    def __str__(self) -> str:
        return f"Paytend answered about another {self._WORDS[self.name]}, so its answer was not used."


class KeyUnusable(ValueError):
    """A key or this machine's OpenSSL cannot be used for Paytend's wire."""
