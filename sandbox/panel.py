"""What the demo's panel offers: things of the outside world, made to happen by Paytend's control calls."""

from typing import Any

Entry = dict[str, Any]

_CARD = {"name": "cardId", "label": "Card", "value": "1755902"}
_AMOUNT = {"name": "amount", "label": "Amount", "value": "18.45"}
_MERCHANT = {"name": "merchant", "label": "Merchant", "value": "MAXIMA LT, X-123 VILNIUS"}


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Entry:
    shown = [{"value": value, "label": text} for value, text in options]
    return {"name": name, "label": label, "type": "select", "options": shown, "value": options[0][0]}


def _number(name: str, label: str, value: int) -> Entry:
    return {"name": name, "label": label, "type": "number", "value": value}


_USE = _choice(
    "kind",
    "What",
    [("purchase", "Purchase"), ("decline", "Declined"), ("refund", "Refund"), ("authorise", "Authorised only")],
)
_SLOW_TOP_UPS = {"name": "processing_top_ups", "label": "In progress first", "type": "checkbox", "value": True}
_CARD_STATES)]),
        entry(
            "Cardholders",
            "A cardholder was reviewed",
            "holder",
            [
                {"name": "holderId", "label": "Cardholder", "value": "101986"},
                _choice("auditStatus", "Result", _AUDITS),
                {"name": "errMsg", "label": "Remark", "value": ""},
            ],
        ),
        entry(
            "Partner account",
            "The partner balance becomes",
            "partner",
            [{"name": "set", "label": "Balance", "value": "900.00"}, {"name": "currency", "value": "EUR"}],
            "The bot asks once a minute; below 5,000 EUR it warns.",
        ),
        entry(
            "Paytend breaks",
            "The next calls go wrong",
            "fault",
            [
                _choice("kind", "How", _FAULTS),
                {"name": "count", "label": "How many", "type": "number", "value": 1},
                {"name": "seconds", "label": "Seconds", "type": "number", "value": 5},
            ],
        ),
        entry(
            "Paytend breaks",
            "Top-ups take their time",
            "mode",
            [_check("processing_top_ups", "In progress first")],
        ),
        entry("Paytend breaks", "Paytend's clock moves on", "clock", [_number("seconds", "Seconds", 60)]),
    ]


_CARD_STATES)]),
        entry(
            "Cardholders",
            "A cardholder was reviewed",
            "holder",
            [
                {"name": "holderId", "label": "Cardholder", "value": "101986"},
                _choice("auditStatus", "Result", _AUDITS),
                {"name": "errMsg", "label": "Remark", "value": ""},
            ],
        ),
        entry(
            "Partner account",
            "The partner balance becomes",
            "partner",
            [{"name": "set", "label": "Balance", "value": "900.00"}, {"name": "currency", "value": "EUR"}],
            "The bot asks once a minute; below 5,000 EUR it warns.",
        ),
        entry(
            "Paytend breaks",
            "The next calls go wrong",
            "fault",
            [
                _choice("kind", "How", _FAULTS),
                {"name": "count", "label": "How many", "type": "number", "value": 1},
                {"name": "seconds", "label": "Seconds", "type": "number", "value": 5},
            ],
        ),
        entry(
            "Paytend breaks",
            "Top-ups take their time",
            "mode",
            [_check("processing_top_ups", "In progress first")],
        ),
        entry("Paytend breaks", "Paytend's clock moves on", "clock", [_number("seconds", "Seconds", 60)]),
    ]


_KINDS = [
    ("purchase", "Purchase"),
    ("decline", "Declined"),
    ("refund", "Refund"),
    ("authorise", "Authorised only"),
]
_CARD_STATES = [("5", "active"), ("6", "lost"), ("7", "closed"), ("8", "frozen")]
_AUDITS = [("2", "approved"), ("3", "rejected"), ("4", "data incomplete"), ("1", "under review")]
_FAULTS = [
    ("lose_after", "Answer lost, work done"),
    ("lose_before", "Answer lost, nothing done"),
    ("delay", "Slow"),
    ("error_after", "HTTP 500, work done"),
    ("error_before", "HTTP 500, nothing done"),
    ("late", "Answer lost, work done later"),
    ("refuse", "Refused"),
]


def make_panel(paytend: str) -> list[Entry]:
    """Return the entries for a Paytend stand-in at this address."""

    def entry(group: str, title: str, call: str, fields: list[Entry], description: str = "") -> Entry:
        return {
            "group": group,
            "title": title,
            "description": description,
            "method": "POST",
            "url": f"{paytend}/_control/{call}",
            "fields": fields,
        }

    return [
        entry(
            "Cards", "A card is used", "transaction", [_choice("kind", "What", _KINDS), _CARD, _AMOUNT, _MERCHANT]
        ),
        entry("Cards", "A card changes its state", "card", [_CARD, _choice("status", "State", 