"""What makes the partner's list of transactions another than what was asked for: rows that are foreign, missing,
altered, late or there twice.
"""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from sandbox.paytend.books import Books
from sandbox.paytend.ledger import OUTSIDE, PARTNER
from sandbox.paytend.records import PartnerEntry, TradeType
from sandbox.paytend.refusals import PaytendRefusal, Reason


class BookChange(StrEnum):
    """What is done to the list."""

    FOREIGN = "foreign"
    """Money leaves the partner account for somebody else's reference."""
    IMPOSTOR = "impostor"
    """The same, with a reference that looks like that of the newest top-up and is another one."""
    MISSING = "missing"
    """The newest top-up is not listed."""
    ALTERED = "altered"
    """The newest top-up is listed with another amount."""
    LATE = "late"
    """The newest top-up is booked a day later."""
    DOUBLE = "double"
    """The newest top-up is done and listed once more, as a transaction of its own."""


def change_books(books: Books, change: BookChange, *, amount: int, currency: str) -> PartnerEntry:
    """Change the list, and return the row that is concerned; `amount` is in minor units."""
    if change is BookChange.FOREIGN:
        return _add(books, order_no="SHOP-2026-000417", amount=amount, currency=currency)
    newest = _newest_top_up(books)
    place = books.partner_entries.index(newest)
    match change:
        case BookChange.IMPOSTOR:
            # The same moment and another end, as one of ours would have it.
            other = newest.order_no[:-6] + newest.order_no[-6:][::-1]
            order_no = other if other != newest.order_no else newest.order_no[:-1] + "0"
            return _add(books, order_no=order_no, amount=amount, currency=currency)
        case BookChange.MISSING:
            return books.partner_entries.pop(place)
        case BookChange.ALTERED:
            changed = replace(newest, amount=newest.amount + amount)
        case BookChange.LATE:
            changed = replace(newest, at=newest.at + timedelta(days=1))
        case _:
            return _add(
                books,
                order_no=newest.order_no,
                amount=newest.amount,
                currency=newest.currency,
                fee=newest.fee,
            )
    books.partner_entries[place] = changed
    return changed


def _newest_top_up(books: Books) -> PartnerEntry:
    for entry in reversed(books.partner_entries):
        if entry.trade_type is TradeType.TRANSFER_OUT and entry.order_no:
            return entry
    raise PaytendRefusal(Reason.ORDER_UNKNOWN)


def _add(books: Books, *, order_no: str, amount: int, currency: str, fee: int = 0) -> PartnerEntry:
    """Let money leave the partner account, and list it."""
    books.ledger.move(PARTNER, OUTSIDE, currency=currency, amount=amount + fee)
    entry = PartnerEntry(
        trade_id=books.new_trade_id(),
        currency=currency,
        amount=amount,
        fee=fee,
        balance=books.partner_balance(currency),
        trade_type=TradeType.TRANSFER_OUT,
        at=books.now(),
        order_no=order_no,
        remark="Transfer",
    )
    books.partner_entries.append(entry)
    return entry
