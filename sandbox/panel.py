"""What the demo's panel offers: things of the outside world, made to happen by the stand-ins' control calls.

Nothing here reaches into the bot: the Paytend side sends it signed webhooks, the Slack side answers its calls.
"""

from typing import Any

Entry = dict[str, Any]


def _choice(name: str, label: str, options: list[tuple[str, str]]) -> Entry:
    shown = [{"value": value, "label": text} for value, text in options]
    return {"name": name, "label": label, "type": "select", "options": shown, "value": options[0][0]}


def _number(name: str, label: str, value: int) -> Entry:
    return {"name": name, "label": label, "type": "number", "value": value}


def _text(name: str, label: str, value: str, *, hint: str = "") -> Entry:
    return {"name": name, "label": label, "value": value, "placeholder": hint}


_CARD = _choice(
    "cardId",
    "Card",
    [
        ("1755902", "1755902 · Rūta Kazlauskaitė"),
        ("1755903", "1755903 · Jānis Bērziņš"),
        ("1755904", "1755904 · Zoë Müller-Strauß"),
        ("1755905", "1755905 · Þórdís Æðelby, virtual"),
        ("1755908", "1755908 · Zoë Müller-Strauß, frozen"),
    ],
)
_HOLDER = _choice(
    "holderId",
    "Cardholder",
    [
        ("101986", "101986 · François Lefèvre"),
        ("101987", "101987 · Ελένη Παπαδοπούλου"),
        ("101988", "101988 · Łukasz Wiśniewski"),
        ("101989", "101989 · a name full of mischief"),
    ],
)
_AMOUNT = _text("amount", "Amount", "18.45")
_MERCHANT = _text("merchant", "Merchant", "MAXIMA LT, X-123 VILNIUS")
_USE = _choice(
    "kind",
    "What",
    [("purchase", "Purchase"), ("decline", "Declined"), ("refund", "Refund"), ("authorise", "Authorised only")],
)
_GOES_ON = _choice(
    "kind",
    "What",
    [("settle", "It is settled"), ("settle_half", "Half of it is settled"), ("reverse", "It is reversed")],
)
_CARD_STATE = _choice("status", "State", [("5", "active"), ("6", "lost"), ("7", "closed"), ("8", "frozen")])
_AUDIT = _choice(
    "auditStatus",
    "Result",
    [("2", "approved"), ("3", "rejected"), ("4", "data incomplete"), ("1", "under review")],
)
_CURRENCY = _choice("currency", "Currency", [("EUR", "EUR"), ("USDT", "USDT")])
_BOOKS = _choice(
    "kind",
    "What",
    [
        ("foreign", "A transfer of somebody else"),
        ("impostor", "A transfer with a reference like ours"),
        ("missing", "The newest top-up is not listed"),
        ("altered", "The newest top-up has another amount"),
        ("late", "The newest top-up is booked a day later"),
        ("double", "The newest top-up happens twice"),
    ],
)
_PAYTEND_FAULT = _choice(
    "kind",
    "How",
    [
        ("lose_after", "Paytend does it, but the reply is lost"),
        ("lose_before", "Down: nobody answers, nothing done"),
        ("delay", "Slow"),
        ("error_after", "HTTP 500, work done"),
        ("error_before", "HTTP 500, nothing done"),
        ("late", "Paytend does it later, but the reply is lost"),
        ("refuse", "Refused"),
        ("tamper", "Answer with a wrong signature"),
    ],
)
_MISLEADING = _choice(
    "kind",
    "How",
    [
        ("refuse_after", "Refused, though it is done"),
        ("processing_after", "“Being processed”, though it is done"),
        ("refuse_late", "Refused, and done later"),
        ("another_card", "An answer about another card"),
        ("another_amount", "An answer about another amount"),
        ("another_order", "An answer about another order"),
        ("no_order", "An answer without our reference"),
    ],
)
_MISLED = _choice("operation", "Calls of", [("topup", "topup"), ("getTopupResult", "getTopupResult")])
_AFTERWARDS = _choice(
    "now", "What", [("forgotten", "Its reference is forgotten"), ("taken_back", "It failed after all")]
)
_SLACK_FAULT = _choice(
    "kind",
    "How",
    [
        ("limited", "429: too many, come again later"),
        ("down", "Down: HTTP 503"),
        ("slow", "Slow"),
        ("reset_after", "Paytend does it, but the reply is lost"),
        ("reset_before", "Connection lost, nothing done"),
    ],
)
_METHOD = _choice(
    "method",
    "Calls of",
    [("*", "everything"), ("chat.postMessage", "chat.postMessage"), ("chat.update", "chat.update")],
)
_SLOW_TOP_UPS = {"name": "processing_top_ups", "label": "In progress first", "type": "checkbox", "value": True}

_P, _S = "paytend", "slack"
# Group, title, whose control call, the call, its fields.
_ENTRIES: tuple[tuple[str, str, str, str, list[Entry]], ...] = (
    ("Cards", "A card is used", _P, "transaction", [_USE, _CARD, _AMOUNT, _MERCHANT]),
    (
        "Cards",
        "An authorisation goes on",
        _P,
        "transaction",
        [_GOES_ON, _text("tradeId", "Trade", "", hint="the newest")],
    ),
    ("Cards", "A storm of transactions", _P, "storm", [_number("count", "How many at once", 60)]),
    ("Cards", "A card changes its state", _P, "card", [_CARD, _CARD_STATE]),
    (
        "Cards",
        "An order is shipped",
        _P,
        "order",
        [_text("orderNo", "Order", "", hint="the newest that waits"), _text("fail", "Or fails, because", "")],
    ),
    ("Cardholders", "A cardholder was reviewed", _P, "holder", [_HOLDER, _AUDIT, _text("errMsg", "Remark", "")]),
    (
        "Partner account",
        "Set the partner balance",
        _P,
        "partner",
        [_text("set", "Balance", "900.00"), _CURRENCY],
    ),
    (
        "Partner account",
        "The books differ",
        _P,
        "books",
        [_BOOKS, _text("amount", "Amount", "7.00"), _CURRENCY],
    ),
    (
        "Break Paytend",
        "Make the next calls fail",
        _P,
        "fault",
        [_PAYTEND_FAULT, _number("count", "How many calls", 1), _number("seconds", "Seconds (slow, later)", 5)],
    ),
    (
        "Break Paytend",
        "The next answers mislead",
        _P,
        "fault",
        [_MISLEADING, _MISLED, _number("count", "How many calls", 1), _number("seconds", "Seconds (later)", 60)],
    ),
    (
        "Break Paytend",
        "A top-up turns out otherwise",
        _P,
        "topup",
        [_text("orderNo", "Reference", "", hint="the newest"), _AFTERWARDS],
    ),
    ("Break Paytend", "Top-ups take their time", _P, "mode", [_SLOW_TOP_UPS]),
    ("Break Paytend", "Skip Paytend time ahead", _P, "clock", [_number("seconds", "Seconds", 600)]),
    ("Break Paytend", "Paytend works again", _P, "fault", []),
    (
        "Slack breaks",
        "The next calls of Slack go wrong",
        _S,
        "fault",
        [
            _SLACK_FAULT,
            _METHOD,
            _number("times", "How many calls", 3),
            _number("seconds", "Seconds (429, slow)", 5),
        ],
    ),
    ("Slack breaks", "Slack works again", _S, "fault", []),
)
_HINTS = {
    "An authorisation goes on": "First: a card is used, authorised only. Its one notice shows the whole of it.",
    "A storm of transactions": "So many webhooks, one after the other, as fast as the bot takes them.",
    "An order is shipped": "Order a card first: /card apply, and a manager's approval.",
    "Set the partner balance": "Looked at once a minute: under 5,000 is a warning, under 1,000 critical.",
    "The books differ": "Then, as a manager: /partner books today. The bot itself compares each hour. "
    "What is missing of the last hour is too new to compare; Paytend may still list it.",
    "The next answers mislead": "Genuine and signed, and not true: the bot asks by reference, and alarms people.",
    "A top-up turns out otherwise": "What was settled by people is contradicted within a minute or more.",
    "Skip Paytend time ahead": "Orders are shipped after ten minutes, top-ups in progress end after one. "
    "Only Paytend's clock: the bot and Slack keep the real time.",
}


def make_panel(*, paytend: str, slack: str) -> list[Entry]:
    """Return the entries for stand-ins at these addresses."""
    base = {_P: paytend, _S: slack}
    return [
        {
            "group": group,
            "title": title,
            "method": "POST" if fields else "DELETE",
            "url": f"{base[whose]}/_control/{call}",
            "fields": fields,
            "description": _HINTS.get(title, ""),
        }
        for group, title, whose, call, fields in _ENTRIES
    ]
