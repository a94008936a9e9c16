"""Answers that are signed and mislead: about another card, amount or order, or a refusal of what was done."""

from typing import Any

from sandbox.paytend.switches import FaultKind, PaytendFault

ANOTHER_CARD, ANOTHER_ORDER = "1755999", "ANOTHERORDER0001"
_PROCESSING = ("2205", "Order is being processed.")


def mislead(data: dict[str, Any], fault: PaytendFault | None) -> dict[str, Any]:
    """Return what is answered instead of `data`: only fields that are there are changed."""
    match fault.kind if fault else None:
        case FaultKind.ANOTHER_CARD:
            return {**data, **({"cardId": ANOTHER_CARD} if "cardId" in data else {})}
        case FaultKind.ANOTHER_ORDER:
            return {**data, **({"orderNo": ANOTHER_ORDER} if "orderNo" in data else {})}
        case FaultKind.NO_ORDER:
            return {name: value for name, value in data.items() if name != "orderNo"}
        case FaultKind.ANOTHER_AMOUNT:
            return {**data, **({"amount": _tenfold(data["amount"])} if "amount" in data else {})}
        case _:
            return data


def refusal_of(fault: PaytendFault | None) -> tuple[str, str] | None:
    """Return respCode and respMsg of a refusal that says nothing about the work; None for other faults."""
    match fault.kind if fault else None:
        case FaultKind.REFUSE_AFTER | FaultKind.REFUSE_LATE:
            return (fault.code, fault.words) if fault else None
        case FaultKind.PROCESSING_AFTER:
            return _PROCESSING
        case _:
            return None


def _tenfold(amount: int | str) -> int | str:
    return amount * 10 if isinstance(amount, int) else f"{amount[:-3]}0{amount[-3:]}"
