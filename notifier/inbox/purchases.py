"""One purchase is one message: its authorisation, settlement and reversal bring the same one up to date.

Two stages are of one purchase when Paytend gives them one transaction id, when a reversal names the other's id,
or when card and authorisation code are the same within 30 days. Webhooks may come in any order: a purchase is
shown as far as it has come, and never goes back.
"""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from notifier.inbox.event_facts import PurchaseStage, TransactionChanged, TransactionFacts, TransactionNotice
from notifier.inbox.notice_kinds import ALARMING
from notifier.inbox.tables import Purchase, PurchaseName
from notifier.outbox.notice_facts import NoticeFacts, WhyFacts
from notifier.rendering.facts import list_facts, make_plain
from notifier.routing.notification import Notification
from paytend import Money
from storage.upsert import insert_once
from storage.vault import Vault

TABLE = "purchase"
_SUBJECT = "purchase:"
AUTH_CODES_LAST = timedelta(days=30)
KEPT = timedelta(days=90)  # nothing more comes of an older purchase

# How far each status word has come; what is not here is where an authorisation is.
_RANKS = {"declined": 2, "cancelled": 2, "successful": 3, "settled": 3, "refunded": 4, "voided": 4, "reversed": 4}
_MONEY = ("amount", "other_amount", "fee", "balance")
_OPTIONAL = ("holder_name", "found")
_REQUIRED = tuple(
    field.name
    for field in fields(TransactionFacts)
    if field.name not in {*_OPTIONAL, "stages", *(inherited.name for inherited in fields(NoticeFacts))}
)


def merge(before: TransactionNotice | None, facts: TransactionNotice) -> TransactionNotice:
    """Return the facts of a purchase with one more stage: those of the furthest one, and all in `stages`."""
    stage = PurchaseStage(word=facts.status, at=facts.happened, amount=facts.amount)
    if before is None:
        return replace(facts, stages=(stage,))
    # By its word: a stage that comes twice is one line.
    others = [known for known in before.stages if known.word != stage.word]
    stages = sorted([*others, stage], key=lambda each: (_rank(each.word), each.at.isoformat() if each.at else ""))
    is_further = _rank(facts.status) >= _rank(before.status)
    older, newer = (before, facts) if is_further else (facts, before)
    known = {name: value for name, value in list_facts(newer).items() if value is not None}
    merged: dict[str, Any] = {**list_facts(older), **known, "other_amount": newer.other_amount, "stages": stages}
    merged["found"] = older.found or newer.found
    return TransactionNotice(**merged)


def name_stage(facts: TransactionNotice) -> list[str]:
    """Return the names by which the other stages of this one's purchase are known, the surest first."""
    names = [f"trade:{facts.trade_id}"] if facts.trade_id else []
    if facts.related_id and facts.status != "refunded":  # a refund may be of a part, so it is a message of its own
        names.append(f"trade:{facts.related_id}")
    if facts.card_id and facts.auth_code:
        names.append(f"auth:{facts.card_id}:{facts.auth_code}")
    return names


def join(
    session: Session,
    notification: Notification,
    facts: TransactionNotice,
    *,
    vault: Vault,
    make_id: Callable[[], str],
    now: datetime,
) -> Notification:
    """Return the notification of a transaction, which has these facts, as one of its purchase.

    A change for the worse also gets a reply, as an edit notifies nobody.
    """
    names = name_stage(facts)
    if not names:
        return replace(notification, facts=facts)
    row = _find(session, names, make_id=make_id, now=now)
    before = _open(row, vault=vault)
    merged = merge(before, facts)
    _keep(row, merged, vault=vault)
    is_worse = before is not None and merged.status in ALARMING and merged.status != before.status
    reply = TransactionChanged(**list_facts(merged)) if is_worse else None
    subject = f"{_SUBJECT}{row.id}"
    return replace(notification, facts=merged, subject=subject, is_first=before is None, reply=reply)


def name_holder(session: Session, subject: str, name: str, *, vault: Vault) -> bool:
    """Add the cardholder's name to a purchase, locked until the transaction ends; return whether it is there."""
    query = select(Purchase).where(Purchase.id == subject.removeprefix(_SUBJECT)).with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).first()
    before = _open(row, vault=vault) if row else None
    if row is None or before is None:
        return False
    _keep(row, replace(before, holder_name=name), vault=vault)
    session.flush()
    return True


def forget_old(session: Session, *, before: datetime) -> int:
    """Forget purchases that began before this; return how many."""
    old = select(Purchase.id).where(col(Purchase.begun_at) < before)
    connection = session.connection()
    connection.execute(delete(PurchaseName).where(col(PurchaseName.purchase_id).in_(old)))
    return int(connection.execute(delete(Purchase).where(col(Purchase.begun_at) < before)).rowcount)


def _find(session: Session, names: list[str], *, make_id: Callable[[], str], now: datetime) -> Purchase:
    """Return the locked row of a purchase by any of its names, which from now on are all its names.

    Names are written before anything is decided: of two replicas with two stages the second waits for the first
    and finds its purchase.
    """
    own = make_id()
    known = [
        session.get_one(PurchaseName, name, populate_existing=True)
        for name in names
        if not insert_once(session, PurchaseName, {"name": name, "purchase_id": own})
    ]
    # The first is the surest: a transaction id goes before an authorisation code.
    found = next((row.purchase_id for row in known if _is_fresh(session, row, now)), own)
    if known:
        renamed = update(PurchaseName).where(col(PurchaseName.name).in_(names)).values(purchase_id=found)
        session.connection().execute(renamed)
    if found == own:
        purchase = Purchase(id=own, begun_at=now, facts=None)
        session.add(purchase)
        return purchase  # nobody else can see it before this transaction ends
    query = select(Purchase).where(Purchase.id == found).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def _is_fresh(session: Session, name: PurchaseName, now: datetime) -> bool:
    """Whether a name still means the same: authorisation codes come again after some time."""
    purchase = session.get(Purchase, name.purchase_id)
    if purchase is None:
        return False
    return not name.name.startswith("auth:") or now - purchase.begun_at <= AUTH_CODES_LAST


def _keep(row: Purchase, facts: TransactionNotice, *, vault: Vault) -> None:
    plain = json.dumps(make_plain(facts), ensure_ascii=False).encode("utf-8", "replace")
    row.facts = vault.seal(plain, table=TABLE, row=row.id, column="facts")


def _open(row: Purchase, *, vault: Vault) -> TransactionNotice | None:
    if row.facts is None:
        return None
    stored: dict[str, Any] = json.loads(vault.open(row.facts, table=TABLE, row=row.id, column="facts"))
    # A row of an older version may lack facts, or have some that are no longer used.
    known: dict[str, Any] = {name: stored.get(name) for name in _REQUIRED} | {
        name: stored[name] for name in _OPTIONAL if name in stored
    }
    known |= {name: _read_money(known[name]) for name in _MONEY}
    known |= {"late": bool(known["late"]), "happened": _read_time(known["happened"])}
    known["why"] = WhyFacts(value=stored["why"]["value"]) if stored.get("why") else None
    known["stages"] = tuple(
        PurchaseStage(word=stage["word"], at=_read_time(stage["at"]), amount=_read_money(stage["amount"]))
        for stage in stored["stages"]
    )
    return TransactionNotice(**known)


def _read_money(text: str | None) -> Money | None:
    return Money.read(text) if text else None


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _rank(word: str) -> int:
    return _RANKS.get(word, 1)
