"""Looking at a card, its orders and designs, and reporting it lost."""

from collections.abc import Callable
from functools import partial

from approvals.audit.quotes import keep_code
from approvals.policy.people import Member
from bot.slack import recent_cards
from bot.slack.context import SlackContext
from bot.slack.payloads import Incoming
from commands.card import info, lookups, loss, raw_answer
from commands.slash_command import Reply


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
    return reply


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
    """Return what offers the cards that somebody used lately, for a form that was typed without one."""
    return partial(_suggest, word)


def _suggest(word: str, context: SlackContext, member: Member) -> Reply | None:
    with context.database.reading() as session:
        cards = recent_cards.cards_of(session, member.person.account, key=context.approvals.audit_key)
    return info.choose(word, cards) if cards else None
