"""Looking at a card, its orders and designs, and reporting it lost."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from approvals.audit.quotes import keep_code
from approvals.policy.people import Member
from bot.cards import search
from bot.database.card_index import CardFacts
from bot.slack import card_picker
from bot.slack.context import SlackContext
from bot.slack.declarations import told
from bot.slack.payloads import Incoming
from commands.card import info, lookups, loss, raw_answer
from commands.card.info import CardInfoReply
from commands.roles import LOST, SUPPORT
from commands.slash_command import Choice, Reply


def show_info(context: SlackContext, incoming: Incoming, member: Member, read: tuple[str, bool]) -> Reply:
    """Return a card, with `--all` everything that Paytend says of it; looking at it goes into the trail."""
    card_id, everything = read
    if not everything:
        return show_card(context, incoming, member, card_id)
    reply = raw_answer.raw(card_id, ask=context.paytend.send)
    _note_read(context, member, card_id, what="everything", holder=reply.holder_id)
    return reply


def show_card(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Return a card with its cardholder; looking at it goes into the trail."""
    reply = info.info(card_id, ask=context.paytend.send)
    _note_read(context, member, card_id, holder=reply.holder_id, last_four=reply.card.last_four)
    _remember(context, reply)
    return replace(
        reply,
        may_be_lost=reply.may_be_lost and bool(member.roles & set(LOST)),
        may_be_topped_up=reply.may_be_topped_up and bool(member.roles & set(SUPPORT)),
        is_pinned=_is_pinned(context, member, reply.card.card_id),
    )


def _remember(context: SlackContext, reply: CardInfoReply) -> None:
    card = reply.card
    seen = CardFacts(
        last_four=card.last_four,
        holder_id=reply.holder_id,
        holder_name=reply.holder_name,
        status=card.status_code,
    )
    context.known_cards.note({card.card_id: seen})


def _is_pinned(context: SlackContext, member: Member, card_id: str) -> bool:
    with context.database.reading() as session:
        return card_id in search.list_pinned(session, member.person.account)


def pin_card(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Pin a card for the person who asks, or take the pin off: it is offered first wherever they choose one."""
    is_pinned = context.known_cards.turn_pin(card_id, account=member.person.account)
    if is_pinned:
        return told("Pinned", f"Card {card_id} is offered to you first, wherever you choose a card.")
    return told("Not pinned any more", f"Card {card_id} is offered to you like the others.")


def show_balance(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Return what is on a card; looking at it goes into the trail."""
    reply = lookups.balance(card_id, ask=context.paytend.send)
    _note_read(context, member, card_id, what="balance")
    return reply


def show_fees(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Return the overdue fees of a card; looking at them goes into the trail."""
    reply = lookups.fees(card_id, ask=context.paytend.send)
    _note_read(context, member, card_id, what="fees")
    return reply


def _note_read(context: SlackContext, member: Member, card_id: str, **facts: str) -> None:
    context.note("card:read", member=member, subject=card_id, **facts)


def show_order(context: SlackContext, _incoming: Incoming, _member: Member, reference: str) -> Reply:
    """Return what became of a card order."""
    return lookups.order(reference, ask=context.paytend.send)


def show_designs(context: SlackContext, _incoming: Incoming, _member: Member, start: int | None) -> Reply:
    """Return a page of the designs that can be ordered, the first unless a button names another."""
    return lookups.designs(start=start or 0, ask=context.paytend.send)


def ask_lost(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Ask before a card is reported lost; looking at it goes into the trail."""
    reply = loss.ask_lost(card_id, ask=context.paytend.send)
    _note_read(context, member, card_id, what="question whether lost")
    return reply


def report_lost(context: SlackContext, _incoming: Incoming, member: Member, card_id: str) -> Reply:
    """Report a card lost; the trail has it before and after, because Paytend's answer may be lost."""
    context.note("card:lost_asked", member=member, subject=card_id)
    reply = loss.lost(card_id, ask=context.paytend.send)
    context.note("card:lost", member=member, subject=card_id, status=keep_code(reply.card.status))
    return reply


def suggest_cards(word: str) -> Callable[[SlackContext, Member], Reply | None]:
    """Return what offers the cards that somebody pinned or used lately, for a form that was typed without one."""
    return partial(_suggest, word)


def _suggest(word: str, context: SlackContext, member: Member) -> Reply | None:
    found = card_picker.list_likely(context, member)
    card_picker.note_search(context, member, found.cards)
    options = [
        Choice(value={"word": word, "card_id": card.card_id}, text=card_picker.describe(context, card))
        for card in found.cards
    ]
    return info.CardChoiceReply(word=word, options=options) if options else None
