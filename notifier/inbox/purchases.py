"""One purchase is one message: its authorisation, settlement and reversal bring the same one up to date.

Two stages are of one purchase when Paytend gives them one transaction id, when a reversal names the other's id,
or when card and authorisation code are the same within 30 days; those of two cards never are. What joins them are
keyed digests of the ids as they were sent. What a purchase is made of, and what it shows, is `purchase_ledger.py`.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, delete, select

from notifier.inbox.event_facts import DeclineReason, TransactionChanged, TransactionNotice
from notifier.inbox.purchase_ledger import SUCCEEDED, PurchaseEntry, PurchaseLedger
from notifier.inbox.tables import Purchase, PurchaseName
from notifier.rendering.facts import list_facts
from notifier.routing.notification import Notification
from notifier.routing.routed_kinds import ALARMING
from storage.upsert import insert_once
from storage.vault import Unreadable, Vault

TABLE = "purchase"
_log = logging.getLogger(__name__)
_SUBJECT = "purchase:"
AUTH_CODES_LAST = timedelta(days=30)
KEPT = timedelta(days=90)  # nothing more comes of an older purchase


@dataclass(frozen=True, kw_only=True)
class PurchaseNames:
    """The names by which the other stages of a purchase are known, the surest first.

    Each comes with those that mean the same: the digests by older keys, and what the first versions stored.
    """

    names: Sequence[Sequence[str]]

    @property
    def own(self) -> str:
        """What tells this stage's transaction from others; empty for one without an id."""
        return self.names[0][0] if self.names and self.names[0][0].startswith("trade:") else ""


def name_stage(facts: TransactionNotice, digests: Mapping[str, Sequence[str]]) -> PurchaseNames:
    """Return the names of a stage; `digests` are those of its ids, by `inbox.digest_names`."""
    kinds = {"trade": ("trade", facts.trade_id), "related": ("trade", facts.related_id)}
    if facts.status == "refunded":  # it may be of a part, so it is a message of its own
        del kinds["related"]
    # A refusal has no code of its own: what it has instead, such as zeros, others have too.
    if facts.status != "declined" and facts.card_id:
        kinds["auth"] = ("auth", f"{facts.card_id}:{facts.auth_code}")
    found = []
    for kind, (prefix, plain) in kinds.items():
        if digests.get(kind):
            # A masked id is that of many; the first versions joined by it.
            legacy = [f"{prefix}:{plain}"] if plain and "*" not in plain else []
            found.append([*(f"{prefix}:{digest}" for digest in digests[kind]), *legacy])
    return PurchaseNames(names=found)


def join(
    session: Session,
    notification: Notification,
    facts: TransactionNotice,
    *,
    digests: Mapping[str, Sequence[str]],
    vault: Vault,
    make_id: Callable[[], str],
    now: datetime,
) -> Notification:
    """Return the notification of a transaction, which has these facts, as one of its purchase.

    The message shows the whole purchase; the routes look at this stage. A stage for the worse also gets a reply,
    as an edit notifies nobody.
    """
    names = _tell_cards_apart(session, name_stage(facts, digests), facts, vault=vault)
    entry = PurchaseEntry(trade=names.own, facts=facts)
    if not names.names:
        alone = PurchaseLedger().add(entry)
        single = replace(notification, facts=replace(facts, despite=alone.summary.despite), is_first=True)
        return replace(_decide_urgency(single, entry, before=PurchaseLedger(), after=alone), stage=None)
    row, others = _find(session, names, make_id=make_id, now=now)
    is_known = row.facts is not None
    before = _open_whole(row, others, names, vault=vault)
    after = before.add(entry)
    _keep(row, after, vault=vault)
    joined = replace(
        notification,
        facts=after.summary,
        stage=facts,
        subject=f"{_SUBJECT}{row.id}",
        twins=after.twins,
        is_first=not is_known,
    )
    return _decide_urgency(joined, entry, before=before, after=after)


def _decide_urgency(
    notification: Notification, entry: PurchaseEntry, *, before: PurchaseLedger, after: PurchaseLedger
) -> Notification:
    """Return the notification, marked where its card was lost, and with a reply where an edit does not ring."""
    shown = after.summary
    facts = replace(entry.facts, despite=shown.despite if entry.facts.status in SUCCEEDED else None)
    is_marked = facts.despite is not None and (
        not before.entries
        or before.summary.despite is None
        or (facts.status == "authorised" and before.lacks(entry))
    )
    notification = replace(notification, stage=facts)
    if is_marked:
        notification = replace(notification, urgent=True, calls="oncall")
    # Only of what was told before: the first message of a purchase rings by itself.
    is_worse = is_marked or (facts.status in ALARMING and before.lacks(entry))
    if notification.is_first or not is_worse:
        return notification
    told = replace(facts, holder_name=shown.holder_name, stages=shown.stages)
    earlier = before.summary.status if before.entries else "unreadable"
    return replace(notification, reply=TransactionChanged(**list_facts(told), before=earlier))


def find_summary(
    session: Session, facts: TransactionNotice, *, digests: Mapping[str, Sequence[str]], vault: Vault
) -> TransactionNotice:
    """Return what the message of this stage's purchase shows; the stage itself when the purchase is forgotten."""
    names = _tell_cards_apart(session, name_stage(facts, digests), facts, vault=vault)
    for name in (name for same in names.names for name in same):
        known = session.get(PurchaseName, name)
        row = known and session.get(Purchase, known.purchase_id)
        if row and row.facts is not None and (ledger := _open(row, vault=vault)).entries:
            return ledger.summary
    return facts


def complete(
    session: Session,
    subject: str,
    *,
    name: str | None,
    explain: Callable[[TransactionNotice], DeclineReason | None] | None,
    vault: Vault,
) -> tuple[TransactionNotice, Sequence[str]] | None:
    """Add what was looked up to a purchase, locked until the transaction ends; None where it changes nothing.

    Returns what its messages show now, and their subjects; `explain` returns why it was declined, or what
    should have stopped it.
    """
    row = _lock(session, subject.removeprefix(_SUBJECT))
    if row is None or row.facts is None:
        return None
    before = _open(row, vault=vault)
    if not before.entries:
        return None
    after = replace(before, holder_name=name or before.holder_name)
    if explain is not None:
        why = explain(after.summary)
        after = replace(after, loss=why) if after.summary.despite else replace(after, reason=why)
    if after == before:
        return None
    _keep(row, after, vault=vault)
    session.flush()
    return after.summary, (subject, *after.twins)


def forget_old(session: Session, *, before: datetime, limit: int) -> int:
    """Forget purchases that began before this, the oldest first; return how many, at most `limit`."""
    query = select(Purchase.id).where(col(Purchase.begun_at) < before).order_by(col(Purchase.begun_at))
    old = session.exec(query.limit(limit)).all()
    connection = session.connection()
    connection.execute(delete(PurchaseName).where(col(PurchaseName.purchase_id).in_(old)))
    return int(connection.execute(delete(Purchase).where(col(Purchase.id).in_(old))).rowcount)


def _tell_cards_apart(
    session: Session, names: PurchaseNames, facts: TransactionNotice, *, vault: Vault
) -> PurchaseNames:
    """Return the names; a transaction id that another card has used names another purchase with this card."""
    card = facts.card_id
    if not card:
        return names
    apart = [
        [f"{name}:{card}" for name in same] if _is_of_other_card(session, same, card, vault=vault) else same
        for same in names.names
    ]
    return replace(names, names=apart)


def _is_of_other_card(session: Session, names: Sequence[str], card: str, *, vault: Vault) -> bool:
    if not names[0].startswith("trade:"):  # the name by an authorisation code has its card in it
        return False
    for name in names:
        known = session.get(PurchaseName, name, populate_existing=True)
        row = known and session.get(Purchase, known.purchase_id)
        if row and row.facts is not None:
            cards = {entry.facts.card_id for entry in _open(row, vault=vault).entries if entry.facts.card_id}
            return bool(cards) and card not in cards
    return False


def _find(
    session: Session, names: PurchaseNames, *, make_id: Callable[[], str], now: datetime
) -> tuple[Purchase, Sequence[Purchase]]:
    """Return the locked row of a purchase by any of its names, which from now on are all its names.

    Where the names are those of several purchases, these are one: the row of the oldest, and the others.

    Names are written before anything is decided: of two replicas with two stages the second waits for the first
    and finds its purchase. They are written in one order, so that two that share several never deadlock.
    """
    own = make_id()
    current = [same[0] for same in names.names]
    known = {
        name: session.get_one(PurchaseName, name, populate_existing=True)
        for name in sorted(set(current))
        if not insert_once(session, PurchaseName, {"name": name, "purchase_id": own})
    }
    candidates = [
        row
        for same in names.names
        for name in same
        if (row := known.get(name) or (session.get(PurchaseName, name) if name not in current else None))
    ]
    found = _choose(session, candidates, now=now)
    rows = [purchase for each in sorted(found) if (purchase := _lock(session, each))]
    if not rows:
        rows = [Purchase(id=own, begun_at=now, facts=None)]
        session.add(rows[0])  # nobody else can see it before this transaction ends
    rows.sort(key=lambda purchase: (purchase.begun_at, purchase.id))
    ids = [purchase.id for purchase in rows]
    of_it = col(PurchaseName.name).in_(current) | col(PurchaseName.purchase_id).in_(ids[1:])
    session.connection().execute(update(PurchaseName).where(of_it).values(purchase_id=ids[0]))
    return rows[0], rows[1:]


def _choose(session: Session, names: Sequence[PurchaseName], *, now: datetime) -> set[str]:
    """Return the purchases that names are of, the surest name first; what an old code leads to is another one."""
    found: dict[str, datetime] = {}
    for name in names:
        purchase = session.get(Purchase, name.purchase_id)
        if purchase is None:
            continue
        moments = [now, *found.values()]
        apart = max(abs(moment - purchase.begun_at) for moment in moments)
        if not name.name.startswith("auth:") or apart <= AUTH_CODES_LAST:
            found.setdefault(purchase.id, purchase.begun_at)
    return set(found)


def _lock(session: Session, purchase_id: str) -> Purchase | None:
    query = select(Purchase).where(Purchase.id == purchase_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).first()


def _keep(row: Purchase, ledger: PurchaseLedger, *, vault: Vault) -> None:
    plain = json.dumps(ledger.as_json(), ensure_ascii=False).encode("utf-8", "replace")
    row.facts = vault.seal(plain, table=TABLE, row=row.id, column="facts")


def _open_whole(
    row: Purchase, others: Sequence[Purchase], names: PurchaseNames, *, vault: Vault
) -> PurchaseLedger:
    """Return what is stored of a purchase and of those that turned out to be the same one."""
    ledger = _open(row, vault=vault)
    for other in others:
        ledger = ledger.merge(_open(other, vault=vault), subject=f"{_SUBJECT}{other.id}")
        other.facts = None  # its names lead to the other purchase from now on
    return ledger.rename(names.names[0][1:], to=names.own) if names.own else ledger


def _open(row: Purchase, *, vault: Vault) -> PurchaseLedger:
    """Return what is stored of a purchase; of one that cannot be read (any more) what comes now is the first.

    A damaged row must not hold back that the purchase was reversed.
    """
    if row.facts is None:
        return PurchaseLedger()
    try:
        plain = vault.open(row.facts, table=TABLE, row=row.id, column="facts")
    except Unreadable:
        _log.error("purchase.unreadable", extra={"purchase": row.id})
        return PurchaseLedger()
    return PurchaseLedger.read(json.loads(plain))
