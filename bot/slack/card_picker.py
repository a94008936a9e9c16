"""Which card is meant: what people type becomes its id, or a choice. Whose names are shown is in the trail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from approvals.policy.people import Member
from approvals.written_ids import normalize_id
from bot.cards import search
from bot.cards.search import FoundCard, FoundCards
from bot.slack import recent_cards
from bot.slack.context import SlackContext, require_any
from commands.card.choice import CardsFoundReply
from commands.holder.lookup import ID_TYPES
from commands.reading.arguments import misread
from commands.reading.card_words import CardWords
from commands.roles import LOOK
from commands.slash_command import Choice
from paytend.models.codes import CardStatus

_MOST_WORDS = 4  # of the words typed, those that may be about the card
_JUST = timedelta(days=1)
_LEAST = 2  # letters of a word that is searched for
_NEITHER = re.compile(r"[!-&()+,/:-@\[-^{-~]")  # signs that are in no name and in no id


@dataclass(frozen=True, kw_only=True)
class OpenChoice:
    """Several cards fit; `before` and `rest` are the words around those that were about the card."""

    found: FoundCards
    before: Sequence[str]
    rest: Sequence[str]


def resolve(
    context: SlackContext, member: Member, words: Sequence[str], *, expects: CardWords, form: str, is_sure: bool
) -> Sequence[str] | OpenChoice:
    """Return the words with ids in place of what was typed of a card, or the choice; raises Misread.

    Where it has to be sure, a card that was found by its cardholder alone is a choice, too.
    """
    if expects.is_holder and words and words[0].lower() in ID_TYPES:  # by the number of a document
        return words
    before: list[str] = []
    rest = list(words)
    for _ in range(expects.cards):
        if not rest:
            break
        count, found = _find_run(context, member, rest, expects=expects, is_sure=is_sure)
        if found is None:  # an id, which needs no index
            before, rest = [*before, *rest[:count]], rest[count:]
            continue
        if not found.cards and expects.is_holder and len(rest) > 1:
            return words  # perhaps a misspelled document
        if not found.cards:
            raise misread(
                f"No card here is known by “{' '.join(rest[:count])[:40]}”.",
                form=form,
                guess="Cards are found by name once they have passed here; with its id you can look at any.",
            )
        # There may be others that were not read, or that never passed here.
        is_open = is_sure and not search.names_card(found.cards[0], " ".join(rest[:count]))
        if len(found.cards) > 1 or found.more or is_open:
            return OpenChoice(found=found, before=before, rest=rest[count:])
        note_search(context, member, found.cards)
        before, rest = [*before, name_of(found.cards[0], expects=expects)], rest[count:]
    return [*before, *rest]


def name_of(card: FoundCard, *, expects: CardWords) -> str:
    """Return the id that a form expects: of the card, or of its cardholder."""
    return card.facts.holder_id if expects.is_holder else card.card_id


def find(context: SlackContext, member: Member, text: str) -> FoundCards:
    """Return the cards that a text fits, those pinned and used lately first. It is for `show` to reveal them."""
    require_any(member, LOOK)
    with context.database.reading() as session:
        first = _list_first(context, member)
        return search.find_cards(session, context.known_cards.vault, text, first=first)


def list_likely(context: SlackContext, member: Member) -> FoundCards:
    """Return the cards that somebody has pinned or used lately."""
    require_any(member, LOOK)
    first = _list_first(context, member)[: search.MOST]
    with context.database.reading() as session:
        return FoundCards(cards=search.read_cards(session, context.known_cards.vault, first))


def note_search(context: SlackContext, member: Member, cards: Sequence[FoundCard], *, again: bool = True) -> None:
    """Write into the trail whose names a search shows; without `again` only those not shown a moment ago."""
    named = [card.card_id for card in cards if card.facts.holder_name]
    new = context.reveals.add(member.person.account, named)
    if shown := named if again else new:
        context.note("cards:searched", member=member, subject="cards", cards=list(shown))


def describe(context: SlackContext, card: FoundCard) -> str:
    """Return a card in a line: cardholder, last four digits, and the state in which it was last seen."""
    facts = card.facts
    parts = [facts.holder_name or f"Card {card.card_id}", f"•••• {facts.last_four}" if facts.last_four else ""]
    line = " ".join(part for part in parts if part)
    if not facts.status:
        return line
    is_old = context.now() - card.seen_at > _JUST
    day = card.seen_at.astimezone(context.timezone)
    seen = f", seen {day.day} {day:%b}" if is_old else ""
    return f"{line} · {CardStatus(facts.status).text}{seen}"


def label(context: SlackContext, card_id: str) -> str:
    """Return what a select says of a card that is chosen already: nobody's name, as nobody searched for it."""
    if not card_id:
        return ""
    with context.database.reading() as session:
        known = search.read_cards(session, context.known_cards.vault, [card_id])
    four = known[0].facts.last_four if known else ""
    return f"Card {card_id} (•••• {four})" if four else f"Card {card_id}"


def ask_which(
    context: SlackContext,
    member: Member,
    choice: OpenChoice,
    *,
    action: str,
    word: str,
    expects: CardWords,
) -> CardsFoundReply:
    """Return the choice between several cards; the button of one goes on with what was typed."""
    note_search(context, member, choice.found.cards)
    value = {"word": word, "before": list(choice.before), "rest": list(choice.rest)}
    draft = context.inputs.drafts.keep_question(member.person.account, question=action, value=value)
    options = [
        Choice(
            value={"draft": draft, "chosen": name_of(card, expects=expects)},
            text=describe(context, card),
        )
        for card in choice.found.cards
    ]
    return CardsFoundReply(action=action, options=options, more=choice.found.more)


def _list_first(context: SlackContext, member: Member) -> list[str]:
    account = member.person.account
    with context.database.reading() as session:
        recent = [
            card["card_id"] for card in recent_cards.cards_of(session, account, key=context.approvals.audit_key)
        ]
        return list(dict.fromkeys([*search.list_pinned(session, account), *recent]))


def _find_run(
    context: SlackContext, member: Member, words: Sequence[str], *, expects: CardWords, is_sure: bool
) -> tuple[int, FoundCards | None]:
    """Return how many of the first words are about the card, and what they find; None for an id as it is."""
    if words[0].startswith(("#", "№")) or not _may_name(words[0]):
        return (2 if words[0] in {"#", "№"} else 1), None
    if is_id(words[0]):
        found = _find(context, member, words[0], expects=expects)
        known = normalize_id(words[0]) in {name_of(card, expects=expects) for card in found.cards}
        # The id of one card may be that of another's cardholder.
        if not found.cards or (known and not (is_sure and len(found.cards) > 1)):
            return 1, None
        return 1, found
    most = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    usable = next((at for at, word in enumerate(words[:most]) if at and len(word) < _LEAST), most)
    longest = most if expects.is_all else min(usable, _MOST_WORDS)
    found = FoundCards()
    for count in [longest] if expects.is_all else range(longest, 0, -1):
        found = _find(context, member, " ".join(words[:count]), expects=expects)
        if found.cards:
            return count, found
    # Four digits may be an id, if a short one.
    return (1, None) if words[0].isdecimal() else (max(longest, 1) if expects.is_all else 1, found)


def _find(context: SlackContext, member: Member, text: str, *, expects: CardWords) -> FoundCards:
    found = find(context, member, text)
    if not expects.is_holder:
        return found
    by_holder = {card.facts.holder_id: card for card in reversed(found.cards) if card.facts.holder_id}
    return replace(found, cards=list(reversed(by_holder.values())))


def _may_name(word: str) -> bool:
    """Whether a word may be of a name or a number; the reader of the form refuses any other."""
    return any(character.isalnum() for character in word) and not _NEITHER.search(word)


def is_id(word: str) -> bool:
    """Whether a word is an id as it is: names have no digits, and what people know of a number are four."""
    plain = normalize_id(word)
    return any(character.isdigit() for character in plain) and not (plain.isdecimal() and len(plain) == 4)
