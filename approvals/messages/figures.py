"""The figures of a request, which Details show: what Paytend said of card, cardholder and balances. Pure."""

from collections.abc import Mapping, Sequence

from approvals.actions.payloads import Payload
from approvals.actions.snapshot import Snapshot
from approvals.messages.request_facts import BalanceChange, Figure, FigureUpdate
from paytend.money import Money


def list_figures(snapshot: Snapshot, payload: Payload | None, *, with_partner: bool) -> list[Figure]:
    """Return what Paytend said, in the order of Details; the partner balance only for readers who may see it."""
    money = payload.moved_money if payload else None
    figures = [
        ("Card", _about(snapshot.card_id, snapshot.last_four, snapshot.status_text if snapshot.status else "")),
        ("Cardholder", _person(snapshot)),
    ]
    if snapshot.second is not None:
        second = snapshot.second
        figures.append(("New card", _about(second.card_id, second.last_four, second.status_text)))
        figures.append(("New card’s cardholder", second.holder_name or second.holder_id or "none yet"))
    if money is not None:
        figures.append(("Card balance", _before_after(change_balance(snapshot.balance, money, more=True))))
        if with_partner:
            figures.append(
                ("Partner balance", _before_after(change_balance(snapshot.partner_balance, money, more=False)))
            )
    return [Figure(label=label, text=text) for label, text in figures if text]


def compare_figures(before: Sequence[Figure], now: Sequence[Figure]) -> list[FigureUpdate]:
    """Return the figures of now, each with what it was where that differs."""
    old = {row.label: row.text for row in before}
    return [
        FigureUpdate(label=row.label, text=row.text, was="" if old.get(row.label) == row.text else _was(old, row))
        for row in now
    ]


def _was(old: Mapping[str, str], row: Figure) -> str:
    return old.get(row.label) or "not known"


def _about(card_id: str, last_four: str, status: str) -> str:
    number = f"•••• {last_four} ({card_id})" if last_four else card_id
    return f"{number}, {status}" if number and status else number


def _person(snapshot: Snapshot) -> str:
    ident = f" ({snapshot.holder_id})" if snapshot.holder_id and snapshot.holder_name else snapshot.holder_id
    kyc = f", KYC {snapshot.kyc}" if snapshot.kyc else ""
    return f"{snapshot.holder_name}{ident}{kyc}" if snapshot.holder_name or snapshot.holder_id else ""


def _before_after(change: BalanceChange | None) -> str:
    return f"{change.before} → {change.after}" if change else ""


def change_balance(before: Money | None, money: Money, *, more: bool) -> BalanceChange | None:
    """Return a balance before and after; None if it is not known or in another currency."""
    if before is None or before.currency != money.currency:
        return None
    return BalanceChange(before=str(before), after=str(before + money if more else before - money))
