"""What approvers need to know of each sensitive action, read when it is asked for and again before execution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from approvals.actions.payloads import (
    ActivatePayload,
    ApplyPayload,
    CardPayload,
    Payload,
    ReplacePayload,
    TopUpPayload,
    UpdatePayload,
)
from approvals.actions.snapshot import EarlierTopUp, SecondCard, Snapshot, SnapshotLine
from commands.slash_command import CallSender
from paytend import operations
from paytend.models import Cardholder, CardInfo
from paytend.models.codes import TransactionType
from paytend.operations.call import Call, refuse_another

HISTORY_DAYS = 29  # Paytend answers for at most 30 days
MOST_EARLIER = 3
_TOP_UP = TransactionType("100")


@dataclass(frozen=True, kw_only=True)
class SnapshotSource:
    """How to ask Paytend, and the date in its time zone (it dates transactions by it).

    Paytend does not always say whose card it is: `find_holder` returns who we activated it for, or an empty text.
    """

    ask: CallSender
    today: date
    find_holder: Callable[[str], str] = lambda _card_id: ""


def take_snapshot(action: str, payload: Payload, *, source: SnapshotSource) -> Snapshot:
    """Return what approvers need to know of a request with this payload; raises PaytendError.

    An answer that names another card or cardholder than was asked for is refused as AnotherSubject.
    """

    def ask(call: Call[Any]) -> Any:
        answer = source.ask(call)
        refuse_another(call, answer)
        return answer

    return SNAPSHOTS[action](payload, replace(source, ask=ask))


def _top_up(payload: TopUpPayload, source: SnapshotSource) -> Snapshot:
    ask, card_id, currency = source.ask, payload.card_id, payload.money.currency
    begin = source.today - timedelta(days=HISTORY_DAYS)
    # "ALL", because without a status the predecessor lists only final successes (a.1); 30 is its largest page.
    history = operations.GET_CARD_TRANSACTIONS(
        card_id=card_id, begin=begin, end=source.today, status="ALL", size=30
    )
    recent = ask(history).rows
    card, holder = _card(card_id, source)
    partner = ask(operations.GET_PARTNER_BALANCE())
    earlier = [row for row in recent if row.type == _TOP_UP and row.amount is not None]
    return Snapshot(
        **_facts(card_id, card, holder),
        # In the currency of the top-up: another one's balance says nothing about what it changes.
        balance=card.balance(currency),
        partner_balance=partner.balance(currency),
        earlier=tuple(
            EarlierTopUp(at=row.booked or "", money=row.amount, status=row.status.text if row.status else "")
            for row in earlier[:MOST_EARLIER]
            if row.amount is not None
        ),
    )


def _one_card(payload: CardPayload, source: SnapshotSource) -> Snapshot:
    card, holder = _card(payload.card_id, source)
    return Snapshot(**_facts(payload.card_id, card, holder))


def _activate(payload: ActivatePayload, source: SnapshotSource) -> Snapshot:
    card, _ = _card(payload.card_id, source)
    holder = source.ask(operations.GET_CARDHOLDER(holder_id=payload.holder_id))
    facts = _facts(payload.card_id, card, holder)
    lines = [_line("New cardholder", f"{holder.name or 'a cardholder without a name'} ({payload.holder_id})")]
    if card.holder_id and card.holder_id != payload.holder_id:
        lines.append(_line("Current cardholder", card.holder_name or card.holder_id))
    # The cardholder it is activated for: people who changed that one lately must not approve it.
    return Snapshot(**{**facts, "holder_id": payload.holder_id}, lines=tuple(lines))


def _replace(payload: ReplacePayload, source: SnapshotSource) -> Snapshot:
    old, holder = _card(payload.card_id, source)
    new, new_holder = _card(payload.new_card_id, source)
    second = SecondCard(
        card_id=new.card_id or payload.new_card_id,
        status=new.status or "",
        last_four=new.last_four or "",
        holder_id=new.holder_id or "",
        holder_name=(new_holder.name if new_holder else new.holder_name) or "",
    )
    balances = old.balances or source.ask(operations.GET_CARD_BALANCE(card_id=payload.card_id)).balances
    money = ", ".join(str(balance.money) for balance in balances if balance.money is not None)
    lines = (_line("Balance to transfer", money),) if money else ()
    return Snapshot(**_facts(payload.card_id, old, holder), second=second, lines=lines)


def _apply(payload: ApplyPayload, source: SnapshotSource) -> Snapshot:
    designs = source.ask(operations.GET_DESIGNS()).rows
    name = next((design.name for design in designs if design.sku == payload.sku and design.name), "")
    lines = (
        _line("Order", payload.what),
        *((_line("Design", name),) if name else ()),
        # The channel sees these lines: the street is personal data, and Details shows it to those who decide.
        _line("Delivered to", f"{payload.delivery_address.city_code}, {payload.delivery_address.country_code}"),
    )
    if not payload.holder_id:
        return Snapshot(subject=payload.subject, lines=lines)
    holder = source.ask(operations.GET_CARDHOLDER(holder_id=payload.holder_id))
    return Snapshot(subject=payload.subject, **_of_holder(payload.holder_id, holder), lines=lines)


def _update(payload: UpdatePayload, source: SnapshotSource) -> Snapshot:
    holder = source.ask(operations.GET_CARDHOLDER(holder_id=payload.holder_id))
    return Snapshot(subject=payload.holder_id, **_of_holder(payload.holder_id, holder))


def _card(card_id: str, source: SnapshotSource) -> tuple[CardInfo, Cardholder | None]:
    card = source.ask(operations.GET_CARD_INFO(card_id=card_id))
    holder_id = card.holder_id or source.find_holder(card_id)
    if not holder_id:
        return card, None
    known = card.model_copy(update={"holder_id": holder_id})
    # The review (KYC) is only in the cardholder's own answer, and money needs it (A16).
    return known, source.ask(operations.GET_CARDHOLDER(holder_id=holder_id))


def _facts(card_id: str, card: CardInfo, holder: Cardholder | None) -> dict[str, str]:
    return {
        "subject": card_id,
        "card_id": card.card_id or card_id,  # an answer without one contradicts nothing
        "status": card.status or "",
        "last_four": card.last_four or "",
        "holder_id": card.holder_id or "",
        "holder_name": (holder.name if holder else card.holder_name) or "",
        "kyc": _kyc(holder),
    }


def _of_holder(holder_id: str, holder: Cardholder) -> dict[str, str]:
    return {"holder_id": holder_id, "holder_name": holder.name or "", "kyc": _kyc(holder)}


def _kyc(holder: Cardholder | None) -> str:
    return holder.audit_status.text if holder and holder.audit_status else ""


def _line(label: str, text: str) -> SnapshotLine:
    return SnapshotLine(label=label, text=text)


SNAPSHOTS: Mapping[str, Callable[[Any, SnapshotSource], Snapshot]] = {
    "card.top_up": _top_up,
    "card.found": _one_card,
    "card.activate": _activate,
    "card.replace": _replace,
    "card.retrieve_password": _one_card,
    "card.apply": _apply,
    "cardholder.update": _update,
}
