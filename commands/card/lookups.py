"""What is read of a card beside its state: balance, overdue fees, orders and designs."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.lists import pages as lists
from commands.lists.pages import BalanceLine, CardLine, ListPage
from commands.slash_command import CallSender, Reply
from paytend import Refused, operations


@dataclass(frozen=True, kw_only=True)
class CardBalanceReply(Reply, template="card_balance"):
    """What is on a card."""

    card_id: str
    balances: Sequence[BalanceLine]


@dataclass(frozen=True, kw_only=True)
class CardFeesReply(Reply, template="card_fees"):
    """The monthly fees that are overdue; `told` is False when Paytend does not say whether any is."""

    card_id: str
    fees: Sequence[BalanceLine]
    told: bool


@dataclass(frozen=True, kw_only=True)
class CardOrderReply(Reply, template="card_order"):
    """What became of a card order; `more` counts the cards that are not listed."""

    reference: str
    status: str
    message: str
    cards: Sequence[CardLine]
    more: int


@dataclass(frozen=True, kw_only=True)
class CardOrderUnknownReply(Reply, template="card_order_unknown"):
    """A card order that Paytend does not know, and the reason it gives."""

    reference: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class DesignRow:
    """A card design that can be ordered."""

    sku: str
    name: str
    type: str
    scheme: str


@dataclass(frozen=True, kw_only=True)
class CardDesignsReply(Reply, template="card_designs"):
    """One page of the card designs."""

    rows: Sequence[DesignRow]
    page: ListPage


def balance(card_id: str, *, ask: CallSender) -> CardBalanceReply:
    """Return what is on a card."""
    rows = ask(operations.GET_CARD_BALANCE(card_id=card_id)).balances
    return CardBalanceReply(card_id=card_id, balances=lists.balance_lines(rows))


def fees(card_id: str, *, ask: CallSender) -> CardFeesReply:
    """Return the monthly fees that are overdue."""
    rows = ask(operations.GET_OVERDUE_MONTHLY_FEE(card_id=card_id)).balances
    # A fee that cannot be read is listed too: leaving it out would say that nothing is due.
    due = [row for row in rows if row.money is None or row.money.amount]
    return CardFeesReply(card_id=card_id, fees=lists.balance_lines(due), told=bool(rows))


def order(reference: str, *, ask: CallSender) -> Reply:
    """Return what became of a card order; one that Paytend does not know is an answer as well."""
    try:
        found = ask(operations.GET_APPLY_RESULT(reference=reference))
    except Refused as refused:
        # With Paytend's reason: any refusal looks like this one, and people must not take it for "never ordered".
        return CardOrderUnknownReply(reference=reference, reason=refused.reason)
    cards = [CardLine(card_id=card.card_id, last_four=(card.card_number or "")[-4:]) for card in found.cards]
    return CardOrderReply(
        reference=found.reference or reference,
        status=lists.in_words(found.status) or "not told by Paytend",
        message=found.message or "",
        cards=cards[:20],
        more=max(len(cards) - 20, 0),
    )


def designs(*, start: int, ask: CallSender) -> CardDesignsReply:
    """Return one page of the card designs that can be ordered."""
    found = ask(operations.GET_DESIGNS()).rows
    rows = [
        DesignRow(
            sku=row.sku or "",
            name=row.name or "",
            type=lists.in_words(row.type),
            scheme=lists.in_words(row.scheme),
        )
        # Paged here: Paytend takes no start for this list and answers it whole (a.1).
        for row in found[start : start + lists.ROWS]
    ]
    page = lists.make_page(shown=len(rows), start=start, total=len(found), value={})
    return CardDesignsReply(rows=rows, page=page)
