"""`/partner`: what you can still spend, how it was paid in, and where it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from commands.lists import pages as lists
from commands.lists.pages import BalanceLine, ListPage, MovementRow, NamedValue
from commands.reading.amounts import CURRENCIES
from commands.reading.arguments import TypedWords, guess, misread, no_more
from commands.slash_command import ButtonValue, CallSender, Reply
from paytend import operations

_MOST_FACTS = 8


@dataclass(frozen=True, kw_only=True)
class PartnerBalanceReply(Reply, template="partner_balance"):
    """The partner balance of each currency."""

    name: str
    balances: Sequence[BalanceLine]


@dataclass(frozen=True, kw_only=True)
class PartnerTopUpsReply(Reply, template="partner_topups"):
    """One page of what was paid in; `totals` are those of all pages."""

    currency: str
    says: Sequence[NamedValue]
    rows: Sequence[MovementRow]
    totals: Sequence[str]
    page: ListPage


def read_top_ups(typed: TypedWords) -> str:
    """Return the currency of `/partner topups`; raises Misread."""
    words = typed.words
    if not words:
        return CURRENCIES[0]
    no_more(words[1:], form=typed.form)
    currency = words[0].upper()
    if currency not in CURRENCIES:
        known = [code.lower() for code in CURRENCIES]
        raise misread(f"“{words[0][:20]}” is no currency here.", form=typed.form, guess=guess(words[0], known))
    return currency


def balance(*, ask: CallSender) -> PartnerBalanceReply:
    """Return the partner balance of each currency."""
    found = ask(operations.GET_PARTNER_BALANCE())
    return PartnerBalanceReply(name=found.name or "", balances=lists.balance_lines(found.balances))


def top_ups(currency: str, *, start: int, ask: CallSender, timezone: tzinfo) -> PartnerTopUpsReply:
    """Return one page of what was paid in, and the instructions for paying in if Paytend gives them."""
    found = ask(operations.GET_PARTNER_TOP_UPS(currency=currency))
    # Paged here: Paytend takes no start for this list and answers it whole (a.1).
    rows = found.rows[start : start + lists.ROWS]
    value: ButtonValue = {"currency": currency}
    return PartnerTopUpsReply(
        currency=currency,
        says=other_values(found.raw),
        rows=lists.movement_rows(rows, timezone=timezone),
        totals=lists.totals(found.rows),
        page=lists.make_page(shown=len(rows), start=start, total=len(found.rows), value=value),
    )


def other_values(raw: Mapping[str, object]) -> list[NamedValue]:
    """Return what the answer says beside its list, such as the account to pay to: its schema is not documented."""
    skipped = {"currency", "total", "totalCount", "count", "balance"}
    found = [
        NamedValue(name=name, value=str(value))
        for name, value in raw.items()
        if name not in skipped and isinstance(value, str | int) and str(value).strip()
    ]
    return found[:_MOST_FACTS]
