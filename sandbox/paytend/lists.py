"""The queries that return lists: card transactions, authorisations, and the partner's account."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from sandbox.paytend.amounts import check_currency, shown
from sandbox.paytend.books import Books
from sandbox.paytend.fields import Fields
from sandbox.paytend.records import Side, TradeStatus, TradeType, Transaction
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.shown import accounts_shown, partner_entry_shown, transaction_shown
from sandbox.paytend.switches import Modes

LONGEST_SPAN = 30
"""Days, both ends included."""
DEFAULT_SIZE, LARGEST_SIZE = 10, 30

_FINAL = frozenset({TradeStatus.DONE, TradeStatus.REFUND})


_SHOWN: dict[str, Callable[[str], str]] = {
    "as given": str,
    "upper": str.upper,
    "cut": lambda reference: reference[:20],
    "none": lambda _reference: "",
}


class _Line(Protocol):
    at: datetime
    currency: str
    status: TradeStatus


L = TypeVar("L", bound=_Line)


def get_card_transactions(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Return what was settled on a card, newest first."""
    lines = _card_lines(books, fields, side=Side.SETTLEMENT)
    statuses = _statuses(fields)
    wanted = (line for line in lines if line.status in statuses)
    return _page(books, fields, wanted, show=transaction_shown)


def get_authorization_transactions(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Return the authorisations of a card in whatever status, newest first."""
    return _page(books, fields, _card_lines(books, fields, side=Side.AUTHORISATION), show=transaction_shown)


def get_partner_balance(books: Books, _fields: Fields, _: Modes) -> dict[str, Any]:
    """Return the partner balance of every currency."""
    return {"name": "Stand-in Partner", "accountList": accounts_shown(books, books.partner_balances)}


def get_partner_topup(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Return where to pay in, and what was paid in; which of both Paytend means is unknown."""
    currency = check_currency(fields.text("currency"))
    paid = [
        entry
        for entry in reversed(books.partner_entries)
        if entry.currency == currency and entry.trade_type is TradeType.TOP_UP
    ]
    return {
        "currency": currency,
        "accountName": "Stand-in Partner",
        "iban": "LT601010012345678901" if currency == "EUR" else "",
        "bic": "STANDIN0" if currency == "EUR" else "",
        "balance": shown(books.partner_balance(currency), currency=currency, unit=books.unit),
        "total": len(paid),
        "topupList": [partner_entry_shown(books, entry) for entry in paid[:LARGEST_SIZE]],
    }


def get_partner_transactions(books: Books, fields: Fields, modes: Modes) -> dict[str, Any]:
    """Return the partner account's history, newest first."""
    statuses = _statuses(fields)
    wanted = (entry for entry in reversed(books.partner_entries) if entry.status in statuses)
    answer = _page(books, fields, wanted, show=partner_entry_shown)
    for row in answer["tradeList"]:
        row["orderNo"] = _SHOWN[modes.partner_references](row["orderNo"])
    return answer if modes.partner_total else {"tradeList": answer["tradeList"]}


def _card_lines(books: Books, fields: Fields, *, side: Side) -> list[Transaction]:
    card = books.card(fields.text("cardId"))
    return [line for line in reversed(books.by_card[card.card_id]) if line.side is side]


def _statuses(fields: Fields) -> frozenset[TradeStatus]:
    text = fields.optional("transactionStatus")
    if not text:
        return _FINAL
    if text == "ALL":
        return frozenset(TradeStatus)
    known = {str(int(status)): status for status in TradeStatus}
    return frozenset({known[fields.choice("transactionStatus", options=known)]})


def _span(books: Books, fields: Fields) -> tuple[date, date]:
    """Return first and last day; both empty: the last 30 days."""
    if not fields.has("beginDate") and not fields.has("endDate"):
        today = books.now().astimezone(books.zone).date()
        return today - timedelta(days=LONGEST_SPAN - 1), today
    begin, end = fields.day("beginDate"), fields.day("endDate")
    if not 0 <= (end - begin).days < LONGEST_SPAN:
        raise PaytendRefusal(Reason.DATES_WRONG)
    return begin, end


def _page(
    books: Books, fields: Fields, lines: Iterable[L], *, show: Callable[[Books, L], dict[str, Any]]
) -> dict[str, Any]:
    currency = check_currency(fields.optional("currency") or "EUR")
    begin, end = _span(books, fields)
    start = fields.whole("start", least=0, most=10**8, default=0)
    size = fields.whole("maxSize", least=1, most=LARGEST_SIZE, default=DEFAULT_SIZE)
    found = [
        line
        for line in lines
        if line.currency == currency and begin <= line.at.astimezone(books.zone).date() <= end
    ]
    found.sort(key=lambda line: line.at, reverse=True)
    return {"total": len(found), "tradeList": [show(books, line) for line in found[start : start + size]]}
