"""What `/card` and the buttons about a card do: looking, and reporting lost."""

from collections.abc import Callable, Sequence
from typing import Any

from approvals.policy.people import Member
from bot.slack import recent_cards
from bot.slack.declarations import Click, OldButton, Typed, take_text
from bot.slack.handlers import card_activate, card_changes
from bot.slack.handlers.movements import typed_movements
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.card import info as card
from commands.card import lookups as card_facts
from commands.lists import movements
from commands.reading.arguments import no_more
from commands.slash_command import SUPPORT, Reply


def _info(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
    card_id, everything = card.read_info(words)
    if not everything:
        return show_card(parts, incoming, member, card_id)
    with parts.replier.still_working(incoming):
        reply = card_facts.raw(card_id, ask=parts.paytend.send)
    note_read(parts, member, card_id, what="everything", holder=reply.holder_id)
    return reply


def show_card(parts: Parts, incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Return a card with its cardholder; that it was looked at goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = card.info(card_id, ask=parts.paytend.send)
    note_read(parts, member, card_id, holder=reply.holder_id, last_four=reply.card.last_four)
    return reply


def note_read(parts: Parts, member: Member, card_id: str, **facts: Any) -> None:
    """Tell the trail that somebody looked at a card."""
    parts.note("card:read", member=member, subject=card_id, **facts)


def _typed_fact(word: str, form: str, read: Callable[..., Reply]) -> Typed:
    """Return what reads one thing of one card, such as its balance."""

    def act(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
        card_id = card_facts.read_one_card(words, form=form)
        with parts.replier.still_working(incoming):
            reply = read(card_id, ask=parts.paytend.send)
        note_read(parts, member, card_id, what=word)
        return reply

    return act


def _order(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    reference = card_facts.read_order(words)
    with parts.replier.still_working(incoming):
        return card_facts.order(reference, ask=parts.paytend.send)


def _designs(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    no_more(words, form=card_facts.DESIGNS_FORM)
    with parts.replier.still_working(incoming):
        return card_facts.designs(start=0, ask=parts.paytend.send)


def _lost(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    card_id = card.read_lost(words)
    with parts.replier.still_working(incoming):
        return card.ask_lost(card_id, ask=parts.paytend.send)


def _or_choose(word: str, act: Typed) -> Typed:
    """Return the act, which offers the cards used lately when none is named."""

    def choosing(parts: Parts, incoming: Incoming, member: Member, words: Sequence[str]) -> Reply | None:
        if not words:
            with parts.database.reading() as session:
                cards = recent_cards.cards_of(session, member.person.account)
            if cards:
                return card.choose(word, cards)
        return act(parts, incoming, member, words)

    return choosing


def _chosen(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    word, card_id = take_text(incoming.value, "word"), take_text(incoming.value, "card_id")
    if word not in card.CHOOSABLE:
        raise OldButton
    reply = TYPED[word](parts, incoming, member, [card_id])
    if reply is not None:
        parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _turn_designs(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    start = incoming.value.get("start")
    if not isinstance(start, int) or start < 0:
        raise OldButton
    parts.replier.reply(incoming, card_facts.designs(start=start, ask=parts.paytend.send), replace=True)


def _report_lost(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    card_id = take_text(incoming.value, "card_id")
    parts.note("card:lost_asked", member=member, subject=card_id)
    with parts.replier.still_working(incoming):
        reply = card.lost(card_id, ask=parts.paytend.send)
    parts.note("card:lost", member=member, subject=card_id, status=reply.card.status)
    parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _show_info(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    parts.replier.reply(incoming, show_card(parts, incoming, member, take_text(incoming.value, "card_id")))


_ACTS: dict[str, Typed] = {
    "info": _info,
    "balance": _typed_fact("balance", card_facts.BALANCE_FORM, card_facts.balance),
    "transactions": typed_movements(movements.CARD),
    "authorizations": typed_movements(movements.AUTHORIZATIONS),
    "fees": _typed_fact("fees", card_facts.FEES_FORM, card_facts.fees),
    "lost": _lost,
    "order": _order,
    "designs": _designs,
    **card_changes.TYPED,
}
TYPED: dict[str, Typed] = {
    word: _or_choose(word, act) if word in card.CHOOSABLE else act for word, act in _ACTS.items()
}
CLICKS = {
    "card_lost": Click(act=_report_lost, quick=False),
    "card_info": Click(act=_show_info, quick=False),
    "card_chosen": Click(act=_chosen, quick=False),
    "card_designs_next": Click(act=_turn_designs, quick=False),
    "card_designs_previous": Click(act=_turn_designs, quick=False),
    **card_changes.CLICKS,
    **card_activate.CLICKS,
}
SUBMISSIONS = {**card_changes.SUBMISSIONS, **card_activate.SUBMISSIONS}
