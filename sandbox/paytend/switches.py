"""The faults that the stand-in plays on demand. Set from Python or by control.py's address."""

import threading
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong with an answer."""

    LOSE_AFTER = "lose_after"
    """The work is done, then the connection is aborted."""
    LOSE_BEFORE = "lose_before"
    """The connection is aborted and nothing is done."""
    HANG = "hang"
    """Nothing is done and no answer comes, until the client gives up."""
    HANG_AFTER = "hang_after"
    """The work is done and no answer comes, until the client gives up."""
    DELAY = "delay"
    """The answer comes `seconds` later (real ones); may go with another fault."""
    ERROR_BEFORE = "error_before"
    """HTTP 500, nothing is done."""
    ERROR_AFTER = "error_after"
    """The work is done, then HTTP 500."""
    LATE = "late"
    """The connection is aborted, the work is done `seconds` later by the stand-in's clock."""
    REFUSE = "refuse"
    """A signed refusal with respCode `code` and respMsg `words`, nothing is done."""
    REFUSE_AFTER = "refuse_after"
    """The work is done, then a signed refusal with `code` and `words`."""
    REFUSE_LATE = "refuse_late"
    """A signed refusal with `code` and `words`, the work is done `seconds` later by the stand-in's clock."""
    PROCESSING_AFTER = "processing_after"
    """The work is done, then a signed refusal that says that it is being processed."""
    ANOTHER_CARD = "another_card"
    """The work is done, the answer names another card."""
    ANOTHER_AMOUNT = "another_amount"
    """The work is done, the answer names ten times the amount."""
    ANOTHER_ORDER = "another_order"
    """The work is done, the answer names another orderNo."""
    NO_ORDER = "no_order"
    """The work is done, the answer names no orderNo."""
    TAMPER = "tamper"
    """The work is done, the answer's signature does not verify."""
    NOT_JSON = "not_json"
    """The work is done, the answer is a page of HTML with status 200."""


@dataclass(kw_only=True)
class PaytendFault:
    """A fault that waits for its calls: the next `count` of `operation`, or all until cleared."""

    kind: FaultKind
    operation: str | None = None
    count: int | None = 1
    seconds: float = 0.0
    code: str = "9999"
    words: str = "Refused on demand."


@dataclass(kw_only=True)
class Modes:
    """How the stand-in behaves until told otherwise."""

    processing_top_ups: bool = False
    """Top-ups are answered with status 3 and end later."""
    processing_seconds: float | None = 60.0
    """After so many seconds of the clock; None: only by finish_top_up or the control address."""
    processing_fails: bool = False
    """They end with status 2 and the money goes back."""
    ship_seconds: float | None = 600.0
    """Orders of cards are shipped after so many seconds of the clock; None: only on demand."""
    full_card_numbers: bool = False
    """getCardInfo returns the whole card number and the CVV."""
    password_in_answer: bool = False
    """retrievePassword answers with the PIN instead of sending it to the cardholder."""
    reserialised_signatures: bool = False
    """Signatures cover the Hutool form, while the text that travels differs from it."""
    encrypt_flag: bool = False
    """Answers and webhooks carry an unsigned `encryptFlag`."""
    null_messages: bool = False
    """respMsg is null and not signed."""
    null_signed_as_text: bool = False
    """With null_messages: the signature counts it as the text "null", as the vendor's demo does."""
    partner_references: str = "as given"
    """How the partner's list shows references: "as given", "upper", "cut" (to 20 characters) or "none"."""
    partner_total: bool = True
    """The partner's list says how many rows it has."""
    unsigned_refusals: bool = False
    """Refusals of the business come without a signature, as those of the envelope do."""


@dataclass(kw_only=True)
class WebhookSwitches:
    """What goes wrong with the next webhooks."""

    duplicate: int = 0
    """So many are sent twice, byte for byte."""
    duplicate_resealed: int = 0
    """So many are sent twice, the second time with a fresh key and signature."""
    drop: int = 0
    """So many are never sent."""
    hold: bool = False
    """They wait; `release_webhooks` sends them newest first."""


class Switches:
    """All switches of a stand-in; safe to use from any thread."""

    def __init__(self) -> None:
        self.modes = Modes()
        self.webhooks = WebhookSwitches()
        self.faults: list[PaytendFault] = []
        self._lock = threading.Lock()

    def add(
        self,
        kind: FaultKind | str,
        *,
        operation: str | None = None,
        count: int | None = 1,
        seconds: float = 0.0,
        code: str = "9999",
        words: str = "Refused on demand.",
    ) -> PaytendFault:
        """Arm a fault for the next `count` calls (None: until cleared) of an operation (None: any)."""
        fault = PaytendFault(
            kind=FaultKind(kind), operation=operation, count=count, seconds=seconds, code=code, words=words
        )
        with self._lock:
            self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm every fault; modes and webhook switches stay."""
        with self._lock:
            self.faults.clear()

    def lose_next_answer(self, *, operation: str | None = None) -> PaytendFault:
        """Lose the next answer after doing the work."""
        return self.add(FaultKind.LOSE_AFTER, operation=operation)

    def lose_next_request(self, *, operation: str | None = None) -> PaytendFault:
        """Abort the next connection before doing anything."""
        return self.add(FaultKind.LOSE_BEFORE, operation=operation)

    def refuse_next(self, code: str, *, operation: str | None = None) -> PaytendFault:
        """Refuse the next call with a respCode."""
        return self.add(FaultKind.REFUSE, operation=operation, code=code)

    def set_modes(self, **changes: Any) -> None:
        """Change modes by name; raises KeyError for an unknown one and ValueError for a wrong value."""
        _set(self.modes, changes)

    def set_webhooks(self, **changes: Any) -> None:
        """Change webhook switches by name; raises KeyError and ValueError like set_modes."""
        _set(self.webhooks, changes)

    def take(self, operation: str) -> tuple[float, PaytendFault | None]:
        """Use up the faults armed for a call: return the delay in seconds, and the first other fault."""
        with self._lock:
            delay = self._take_first(operation, delays=True)
            fault = self._take_first(operation, delays=False)
        return (delay.seconds if delay else 0.0), fault

    def _take_first(self, operation: str, *, delays: bool) -> PaytendFault | None:
        for fault in self.faults:
            if (fault.kind is FaultKind.DELAY) is delays and fault.operation in {None, operation}:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.faults.remove(fault)
                return fault
        return None


def _set(target: Modes | WebhookSwitches, changes: dict[str, Any]) -> None:
    known = {field.name for field in fields(target)}
    for name, value in changes.items():
        if name not in known:
            raise KeyError(name)
        if isinstance(getattr(target, name), bool) is not isinstance(value, bool):
            raise ValueError(name)
        of_text = isinstance(getattr(target, name), str)
        if value is not None and not isinstance(value, str if of_text else bool | int | float):
            raise ValueError(name)
    for name, value in changes.items():
        setattr(target, name, value)
