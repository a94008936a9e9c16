"""Remembers cards that pass: in webhooks, looks, requests, orders and files of an operator."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from bot.database import card_index
from bot.database.card_index import CardFacts
from bot.database.engine import SqlDatabase
from bot.database.tables import CardPin, CardToken, KnownCard
from notifier.routing.locks import lock_announcing
from paytend.redaction import find_card_numbers
from storage.upsert import insert_once
from storage.vault import Unreadable, Vault

FRESH = timedelta(days=1)  # a card that passes again meanwhile is not written again
MOST_PINNED = 20
_MOST_KEPT = 10_000  # cards that this process knows to be written
_MOST_OF_HOLDER = 100  # cards of one cardholder that get a new name

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class KnownCards:
    """Writes what was seen of cards; thread-safe. What cannot be written is logged: nothing waits for it."""

    database: SqlDatabase
    vault: Vault
    now_in: Callable[[Session], datetime]
    # By card what was read back from the database, and when: most webhooks say nothing new.
    _kept: dict[str, tuple[CardFacts, datetime]] = field(default_factory=dict)

    def note(self, cards: Mapping[str, CardFacts]) -> None:
        """Remember cards that passed, by their ids."""
        self._write(lambda session: self.note_in(session, cards))

    def note_holder(self, holder_id: str, name: str) -> None:
        """Remember the name of a cardholder with all cards that are known to be theirs."""
        self._write(lambda session: self.note_holder_in(session, holder_id, name))

    def note_in(self, session: Session, cards: Mapping[str, CardFacts]) -> int:
        """Do the same in a transaction of somebody else; return how many cards were written."""
        now = self.now_in(session)
        return sum(self._note(session, card_id, cards[card_id], now=now) for card_id in sorted(cards))

    def note_holder_in(self, session: Session, holder_id: str, name: str) -> None:
        """Do the same in a transaction of somebody else."""
        if not holder_id or not name:
            return
        theirs = find_holders_cards(session, self.vault, holder_id)
        self.note_in(session, dict.fromkeys(theirs, CardFacts(holder_id=holder_id, holder_name=name)))

    def turn_pin(self, card_id: str, *, account: str) -> bool:
        """Pin a card for somebody, or take their pin off; return whether it is pinned now."""
        with self.database.writing() as session:
            row = session.get(CardPin, (account, card_id))
            if row is not None:
                session.delete(row)
                return False
            mine = col(CardPin.account) == account
            kept = (
                select(CardPin.card_id).where(mine).order_by(col(CardPin.pinned_at).desc()).limit(MOST_PINNED - 1)
            )
            session.connection().execute(
                delete(CardPin).where(mine, col(CardPin.card_id).not_in(session.exec(kept).all()))
            )
            insert_once(
                session, CardPin, {"account": account, "card_id": card_id, "pinned_at": self.now_in(session)}
            )
            return True

    def _write(self, work: Callable[[Session], object]) -> None:
        try:
            with self.database.writing() as session:
                lock_announcing(session)  # several cards in one transaction, as webhooks write them too
                work(session)
        except SQLAlchemyError:
            _log.exception("cards.not_noted")

    def _note(self, session: Session, card_id: str, said: CardFacts, *, now: datetime) -> bool:
        if not _is_plain(card_id):
            return False
        said = _without_card_numbers(said)
        kept, at = self._kept.get(card_id, (None, now))
        if kept is not None and kept.updated(said) == kept and now - at < FRESH:
            return False
        row = session.exec(select(KnownCard).where(KnownCard.id == card_id).with_for_update()).first()
        before = CardFacts() if row is None else self._open(row)
        after = before.updated(said)
        if row is not None and after == before and now - row.seen_at < FRESH:
            self._keep(card_id, after, at=row.seen_at)  # only what was read: what was written may be rolled back
            return False
        self._kept.pop(card_id, None)
        sealed = card_index.seal_facts(self.vault, card_id, after)
        if row is None and not insert_once(session, KnownCard, {"id": card_id, "facts": sealed, "seen_at": now}):
            return False  # another replica has just seen it
        if row is not None:
            row.seen_at = max(row.seen_at, now)
            row.facts = sealed if after != before else row.facts
            session.flush()
        if after != before or row is None:
            card_index.renew_tokens(session, self.vault, card_id, sealed)
        return True

    def _open(self, row: KnownCard) -> CardFacts:
        try:
            return card_index.open_facts(self.vault, row.id, row.facts)
        except Unreadable:  # its key was given up
            return CardFacts()

    def _keep(self, card_id: str, facts: CardFacts, *, at: datetime) -> None:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[card_id] = (facts, at)


def find_holders_cards(session: Session, vault: Vault, holder_id: str) -> Sequence[str]:
    """Return the ids of the cards that are known to be a cardholder's."""
    tokens = vault.make_tokens(card_index.join_id(holder_id))
    ids = session.exec(
        select(CardToken.card_id).where(col(CardToken.token).in_(tokens)).distinct().limit(_MOST_OF_HOLDER)
    ).all()
    rows = session.exec(select(KnownCard).where(col(KnownCard.id).in_(ids))).all()
    found = []
    for row in rows:
        try:
            facts = card_index.open_facts(vault, row.id, row.facts)
        except Unreadable:  # its key was given up
            continue
        if facts.holder_id == holder_id:
            found.append(row.id)
    return found


def _is_plain(card_id: str) -> bool:
    """Whether an id is one: Paytend's may be masked, when it looks like a card number."""
    return bool(card_id) and card_id.isascii() and "*" not in card_id and not find_card_numbers(card_id)


def _without_card_numbers(said: CardFacts) -> CardFacts:
    four = said.last_four if len(said.last_four) == 4 and said.last_four.isdecimal() else ""
    name = "" if find_card_numbers(said.holder_name) else said.holder_name.strip()[:200]
    return replace(said, last_four=four, holder_name=name)
