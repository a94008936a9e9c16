"""Finds cards by what people know of them: words of the name, last four digits, ids, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col

from bot.database import card_index
from bot.database.card_index import CardFacts
from bot.database.tables import CardPin, CardToken, KnownCard
from storage.vault import Unreadable, Vault

MOST = 20  # cards that are shown
_MOST_READ = 200  # rows that one search opens: two letters may be the start of thousands of names
_MOST_WORDS = 6


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """A card that was found, as it was last seen."""

    card_id: str
    facts: CardFacts
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class FoundCards:
    """What a search found, the likeliest first; `more` says that there are others."""

    cards: Sequence[FoundCard] = ()
    more: bool = False


def find_cards(session: Session, vault: Vault, text: str, *, first: Sequence[str] = ()) -> FoundCards:
    """Return the cards that all words of a text fit, those of `first` before the others."""
    words = _read_words(text)
    if not words:
        return FoundCards()
    likely = [card for card in read_cards(session, vault, first) if _fits(card, words)]
    ids = [str(card_id) for card_id in session.connection().execute(_select(vault, words)).scalars()]
    others = [card for card in read_cards(session, vault, ids) if _fits(card, words)]
    known = {card.card_id for card in likely}
    others = [card for card in others if card.card_id not in known]
    others.sort(key=lambda card: (_is_exact(card, words), card.seen_at), reverse=True)
    found = [*likely, *others]
    return FoundCards(cards=found[:MOST], more=len(found) > MOST or len(ids) >= _MOST_READ)


def read_cards(session: Session, vault: Vault, card_ids: Sequence[str]) -> list[FoundCard]:
    """Return what is known of these cards, in this order; what is not known is left out."""
    if not card_ids:
        return []
    query = select(col(KnownCard.id), col(KnownCard.facts), col(KnownCard.seen_at))
    rows = session.connection().execute(query.where(col(KnownCard.id).in_(card_ids)))
    found = {}
    for card_id, sealed, seen_at in rows:
        try:
            facts = card_index.open_facts(vault, card_id, sealed)
        except Unreadable:  # its key was given up
            continue
        found[card_id] = FoundCard(card_id=card_id, facts=facts, seen_at=seen_at)
    return [found[card_id] for card_id in dict.fromkeys(card_ids) if card_id in found]


def names_card(card: FoundCard, text: str) -> bool:
    """Whether a word of a text is about the card itself, and not only about its cardholder."""
    return not {card_index.join_id(card.card_id), card.facts.last_four}.isdisjoint(_read_words(text))


def list_pinned(session: Session, account: str) -> list[str]:
    """Return the cards that somebody has pinned, the newest first."""
    query = select(col(CardPin.card_id)).where(col(CardPin.account) == account)
    newest = query.order_by(col(CardPin.pinned_at).desc()).limit(MOST)
    return list(session.connection().execute(newest).scalars())


def _read_words(text: str) -> list[str]:
    """Return what is searched for: an id that has signs in it is one word, a name with a hyphen two."""
    words: list[str] = []
    for typed in text.split():
        parts = card_index.split_words(typed)
        is_id = len(parts) > 1 and any(character.isdigit() for character in typed)
        words += [card_index.join_id(typed)] if is_id else parts
    words = list(dict.fromkeys(words))[:_MOST_WORDS]
    # Cards are found by two letters or more; an initial then tells those apart.
    return words if any(len(word) >= card_index.SHORTEST for word in words) else []


def _select(vault: Vault, words: Sequence[str]) -> Select[Any]:
    indexed = [word for word in words if len(word) >= card_index.SHORTEST]
    longest, *others = sorted(indexed, key=len, reverse=True)
    query = select(col(CardToken.card_id)).where(_has(col(CardToken.token), vault, longest))
    for word in others:
        other = aliased(CardToken)
        same = col(other.card_id) == col(CardToken.card_id)
        query = query.where(exists().where(_has(col(other.token), vault, word), same))
    return query.limit(_MOST_READ)


def _has(column: Mapped[int], vault: Vault, word: str) -> ColumnElement[bool]:
    # Ids are found whole, and may be longer than the starts of names.
    starts = dict.fromkeys([word[: card_index.LONGEST], word])
    return column.in_([token for start in starts for token in vault.make_tokens(start)])


def _fits(card: FoundCard, words: Sequence[str]) -> bool:
    return all(card_index.fits(word, card.card_id, card.facts) for word in words)


def _is_exact(card: FoundCard, words: Sequence[str]) -> bool:
    """Whether a word is all of something, and not only the start of a name."""
    ids = {card_index.join_id(card.card_id), card_index.join_id(card.facts.holder_id), card.facts.last_four}
    return not ids.isdisjoint(words)
