"""What `/card` and the buttons about a card do."""

from collections.abc import Sequence

from approvals.people import Standing
from bot.acts.kinds import Click, Typed, take_text
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import card
from commands.surface import SUPPORT, Reply


def _info(parts: Parts, incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    return show_card(parts, incoming, standing, card.read_info(words))


def show_card(parts: Parts, incoming: Incoming, standing: Standing, card_id: str) -> Reply:
    """Return a card with its cardholder; that it was looked at goes into the trail."""
    with parts.replier.still_working(incoming):
        reply = card.info(card_id, ask=parts.paytend.send)
    parts.note("card:read", standing=standing, subject=card_id, holder=reply.facts["holder_id"])
    return reply


def _lost(parts: Parts, incoming: Incoming, _standing: Standing, words: Sequence[str]) -> Reply:
    card_id = card.read_lost(words)
    with parts.replier.still_working(incoming):
        return card.ask_lost(card_id, ask=parts.paytend.send)


def _report_lost(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    card_id = take_text(incoming.value, "card_id")
    parts.note("card:lost_asked", standing=standing, subject=card_id)
    with parts.replier.still_working(incoming):
        reply = card.lost(card_id, ask=parts.paytend.send)
    parts.note("card:lost", standing=standing, subject=card_id, status=reply.facts["status"])
    parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _show_info(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, SUPPORT)
    parts.replier.reply(incoming, show_card(parts, incoming, standing, take_text(incoming.value, "card_id")))


TYPED: dict[str, Typed] = {"info": _info, "lost": _lost}
CLICKS = {
    "card_lost": Click(act=_report_lost, quick=False),
    "card_info": Click(act=_show_info, quick=False),
}
