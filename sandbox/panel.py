"""What the demo's panel offers: things of the outside world, made to happen by Paytend's control calls."""

from typing import Any

Entry = dict[str, Any]


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Entry:
    shown = [{"value": value, "label": text} for value, text in options]
    return {"name": name, "label": label, "type": "select", "options": shown, "value": options[0][0]}


def _number(name: str, label: str, value: int) -> Entry:
    return {"name": name, "label": label, "type": "number", "value": value}


_CARD = {"name": "cardId", "label": "Card", "value": "1755902"}
_AMOUNT = {"name": "amount", "label": "Amount", "value": "18.45"}
_MERCHANT = {"name": "merchant", "label": "Merchant", "value": "MAXIMA LT, X-123 VILNIUS"}
_USE = _choice(
    "kind",
    "What",
    [("purchase", "Purchase"), ("decline", "Declined"), ("refund", "Refund"), ("authorise", "Authorised only")],
)
_CARD_STATE = _choice("status", "State", [("5", "active"), ("6", "lost"), ("7", "closed"), ("8", "frozen")])
_AUDIT = _choice(
    "auditStatus",
    "Result",
    [("2", "approved"), ("3", "rejected"), ("4", "data incomplete"), ("1", "under review")],
)
_FAULT = _choice(
    "kind",
    "How",
    [
        ("lose_after", "Answer lost, work done"),
        ("lose_before", "Answer lost, nothing done"),
        ("delay", "Slow"),
        ("error_after", "HTTP 500, work done"),
        ("error_before", "HTTP 500, nothing done"),
        ("late", "Answer lost, work done later"),
        ("refuse", "Refused"),
    ],
)
_SLOW_TOP_UPS = {"name": "processing_top_ups", "label": "In progress first", "type": "checkbox", "value": True}

# Group, title, control call, fields.
_ENTRIES: tuple[tuple[str, str, str, list[Entry]], ...] = (
    ("Cards", "A card is used", "transaction", [_USE, _CARD, _AMOUNT, _MERCHANT]),
    ("Cards", "A card changes its state", "card", [_CARD, _CARD_STATE]),
    (
        "Cardholders",
        "A cardholder was reviewed",
        "holder",
        [
            {"name": "holderId", "label": "Cardholder", "value": "101986"},
            _AUDIT,
            {"name": "errMsg", "label": "Remark", "value": ""},
        ],
    ),
    (
        "Partner account",
        "The partner balance becomes",
        "partner",
        [
            {"name": "set", "label": "Balance", "value": "900.00"},
            {"name": "currency", "label": "Currency", "value": "EUR"},
        ],
    ),
    (
        "Paytend breaks",
        "The next calls go wrong",
        "fault",
        [_FAULT, _number("count", "How many", 1), _number("seconds", "Seconds", 5)],
    ),
    ("Paytend breaks", "Top-ups take their time", "mode", [_SLOW_TOP_UPS]),
    ("Paytend breaks", "Paytend's clock moves on", "clock", [_number("seconds", "Seconds", 60)]),
)


def make_panel(paytend: str) -> list[Entry]:
    """Return the entries for a Paytend stand-in at this address."""
    return [
        {"group": group, "title": title, "method": "POST", "url": f"{paytend}/_control/{call}", "fields": fields}
        for group, title, call, fields in _ENTRIES
    ]
