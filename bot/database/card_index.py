"""The index of cards: what passed of each, sealed, and the keyed tokens by which it is found.

A token is made of the start of a word of the cardholder's name (2 to 20 letters), of the last four digits, or of
the id of the card or cardholder. Without the keys nobody can say of which.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from bot.database.tables import CardPin, CardToken, KnownCard
from storage.vault import Vault

SHORTEST, LONGEST = 2, 20  # letters of the start of a word by which it is found
_MOST_WORDS = 12  # of a name: Paytend bounds no name, and each word is up to nine rows
_TABLE, _COLUMN = "known_card", "facts"
# What Unicode does not take apart into a letter and an accent.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"})
_APOSTROPHES = re.compile("['`\\u2019\\u02bc\\u00b4]")


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What is known of a card; empty where nothing was said. `status` is Paytend's code, as it was last seen."""

    last_four: str = ""
    holder_id: str = ""
    holder_name: str = ""
    status: str = ""

    def updated(self, newer: "CardFacts") -> "CardFacts":
        """Return these facts with the newer ones; the name of another cardholder does not stay."""
        before = self
        if newer.holder_id and newer.holder_id != self.holder_id:
            before = replace(self, holder_name="" if self.holder_id else self.holder_name)
        said = {name: text for name, text in asdict(newer).items() if text}
        return replace(before, **said)


def split_words(text: str) -> list[str]:
    """Return the words of a text without accents, capitals and signs: "O'Neill-Žukas" is "oneill" and "zukas"."""
    folded = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold()).translate(_LETTERS)
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return re.findall(r"[^\W_]+", plain)


def join_id(text: str) -> str:
    """Return an id as it is found: without signs and capitals."""
    return "".join(split_words(text))


def list_keys(card_id: str, facts: CardFacts) -> set[str]:
    """Return everything by which a card is found, in the clear."""
    words = split_words(facts.holder_name)[:_MOST_WORDS]
    starts = {word[:length] for word in words for length in range(SHORTEST, min(len(word), LONGEST) + 1)}
    return starts | {key for key in (facts.last_four, join_id(facts.holder_id), join_id(card_id)) if key}


def fits(word: str, card_id: str, facts: CardFacts) -> bool:
    """Whether a card is found by a word of `split_words`."""
    if word in {facts.last_four, join_id(card_id), join_id(facts.holder_id)}:
        return True
    return any(name.startswith(word) for name in split_words(facts.holder_name))


def seal_facts(vault: Vault, card_id: str, facts: CardFacts) -> bytes:
    """Return what is stored of a card."""
    text = json.dumps(asdict(facts), ensure_ascii=False).encode("utf-8", "replace")
    return vault.seal(text, table=_TABLE, row=card_id, column=_COLUMN)


def open_facts(vault: Vault, card_id: str, sealed: bytes) -> CardFacts:
    """Return what is stored of a card; raises Unreadable."""
    return CardFacts(**json.loads(vault.open(bytes(sealed), table=_TABLE, row=card_id, column=_COLUMN)))


def renew_tokens(session: Session, vault: Vault, card_id: str, sealed: bytes) -> None:
    """Replace the tokens of a card, made with the current key, from what is stored of it."""
    facts = open_facts(vault, card_id, sealed)
    session.connection().execute(delete(CardToken).where(col(CardToken.card_id) == card_id))
    add_tokens(session, make_tokens(vault, card_id, facts))


def make_tokens(vault: Vault, card_id: str, facts: CardFacts) -> Iterator[dict[str, int | str]]:
    """Return the rows by which a card is found."""
    for key in sorted(list_keys(card_id, facts)):
        yield {"token": vault.make_tokens(key)[0], "card_id": card_id}


def add_tokens(session: Session, rows: Iterable[dict[str, int | str]]) -> None:
    """Add rows of tokens; what is there already stays."""
    values = list(rows)
    if values:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.connection().execute(insert(CardToken).on_conflict_do_nothing(), values)


def forget(session: Session, card_ids: Sequence[str]) -> int:
    """Forget cards, with all by which they were found; return how many."""
    connection = session.connection()
    connection.execute(delete(CardToken).where(col(CardToken.card_id).in_(card_ids)))
    connection.execute(delete(CardPin).where(col(CardPin.card_id).in_(card_ids)))
    return int(connection.execute(delete(KnownCard).where(col(KnownCard.id).in_(card_ids))).rowcount)
