"""Lists in private answers: ten rows, totals, and what the buttons need to turn the page. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from commands.slash_command import ButtonValue
from notifier.inbox.notice_kinds import read_time
from paytend.models import Answer, Balance, Transaction
from paytend.models.codes import Code
from paytend.money import Money

ROWS = 10
_MOVED = frozenset({"1", "2", "10"})  # reversed, cancelled and voided movements did not take place


@dataclass(frozen=True, kw_only=True)
class ListPage:
    """Which rows of a list are shown, counted from 1, and what the buttons to the other pages carry."""

    first: int
    last: int
    total: int | None
    previous: ButtonValue | None
    next: ButtonValue | None


@dataclass(frozen=True, kw_only=True)
class MovementRow:
    """One movement of money in words; `at` is ISO 8601, empty where `at_text` cannot be read."""

    amount: str
    type: str
    status: str
    source: str
    fee: str
    other: str
    balance: str
    merchant: str
    trade_id: str
    at: str
    at_text: str


@dataclass(frozen=True, kw_only=True)
class BalanceLine:
    """What is there in one currency; empty where there is nothing more to say."""

    money: str
    blocked: str
    available: str


@dataclass(frozen=True, kw_only=True)
class NamedValue:
    """A line of an answer that has a name."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class CardLine:
    """A card as lists name it."""

    card_id: str | None
    last_four: str


def make_page(*, shown: int, start: int, total: int | None, value: ButtonValue, repeats: bool = False) -> ListPage:
    """Return which rows are shown, and what the buttons carry; `value` finds the list again.

    Without a total from Paytend a full page may have a next one. A page that `repeats` the first has none.
    """
    more = start + shown < total if total is not None else shown == ROWS
    return ListPage(
        first=start + 1 if shown else 0,
        last=start + shown,
        total=total,
        previous={**value, "start": max(start - ROWS, 0)} if start > 0 else None,
        next={**value, "start": start + ROWS} if more and shown and not repeats else None,
    )


def balance_lines(balances: Sequence[Balance]) -> list[BalanceLine]:
    """Return a line for each currency."""
    return [
        BalanceLine(
            money=str(row.money) if row.money else f"{row.currency or 'a currency'}: amount not readable",
            blocked=str(row.blocked) if row.blocked and row.blocked.amount else "",
            available=str(row.available) if row.available and row.available != row.money else "",
        )
        for row in balances
    ]


def fingerprint(rows: Sequence[Answer]) -> str:
    """Return a fingerprint of a page: Paytend may answer every page with the first."""
    content = json.dumps([row.raw for row in rows], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:12] if rows else ""


def movement_rows(rows: Sequence[Transaction], *, timezone: tzinfo) -> list[MovementRow]:
    """Return the movements in words, the amounts signed."""
    return [
        MovementRow(
            amount=write_signed(row),
            type=in_words(row.type),
            status=in_words(row.status),
            source=in_words(row.source),
            fee=str(row.fee) if row.fee and row.fee.amount else "",
            other=str(row.other_amount) if row.other_amount and row.other_amount != row.amount else "",
            balance=str(row.balance) if row.balance else "",
            merchant=row.merchant or "",
            trade_id=row.trade_id or "",
            at=happened.isoformat() if (happened := read_time(row.booked, timezone=timezone)) else "",
            at_text=row.booked or "time not available",
        )
        for row in rows
    ]


def totals(rows: Iterable[Transaction]) -> list[str]:
    """Return what came in and what went out, for each currency, of the movements that took place."""
    sums: dict[tuple[str, int], Decimal] = {}
    for row in rows:
        sign = row.sign
        if row.amount is None or not sign or row.status not in _MOVED:
            continue
        key = (row.amount.currency, sign)
        # The key has the sign, so an amount that is negative already must not take its sum down.
        sums[key] = sums.get(key, Decimal(0)) + abs(row.amount.amount)
    return [
        f"{'in' if sign > 0 else 'out'} {'+' if sign > 0 else '−'}{amount:,} {currency}"
        for (currency, sign), amount in sorted(sums.items(), key=lambda item: (item[0][0], -item[0][1]))
    ]


def write_signed(row: Transaction) -> str:
    """Return the amount with its sign, if the kind of movement implies one."""
    if row.amount is None:
        return "amount not told"
    sign = {1: "+", -1: "−", 0: ""}[row.sign]
    return f"{sign}{_absolute(row.amount) if sign else row.amount}"


def in_words(code: Code | None) -> str:
    """Return the words of a code with the code beside; empty when Paytend did not tell."""
    if code is None:
        return ""
    return f"{code.text} ({code})" if code.known else code.text


def _absolute(money: Money) -> Money:
    return Money(amount=abs(money.amount), currency=money.currency)
