"""Reporting a card lost, which blocks it at once and needs no second person."""

from dataclasses import dataclass

from commands.card.info import CardReply, summarize
from commands.slash_command import CallSender
from paytend import operations
from paytend.models.codes import CardStatus


@dataclass(frozen=True, kw_only=True)
class CardLostQuestion(CardReply, template="card_lost_confirm"):
    """Whether to report a card lost."""


@dataclass(frozen=True, kw_only=True)
class CardLostAlready(CardReply, template="card_lost_already"):
    """A card that Paytend calls lost: there is nothing to do."""


@dataclass(frozen=True, kw_only=True)
class CardReportedLost(CardReply, template="card_lost_done"):
    """A card as it is after it was reported lost."""


def ask_lost(card_id: str, *, ask: CallSender) -> CardReply:
    """Return the question before a card is reported lost, or that there is nothing to do."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    reply = CardLostAlready if card.status == CardStatus.LOST else CardLostQuestion
    return reply(card=summarize(card, card_id=card_id))


def lost(card_id: str, *, ask: CallSender) -> CardReply:
    """Report a card lost at once, as that only makes things safer; return the card as it is afterwards."""
    before = ask(operations.GET_CARD_INFO(card_id=card_id))
    if before.status == CardStatus.LOST:
        return CardLostAlready(card=summarize(before, card_id=card_id))
    ask(operations.REPORT_LOSS(card_id=card_id))
    # Asked again, because the answer to the report may have no status, and people need that of the card.
    after = ask(operations.GET_CARD_INFO(card_id=card_id))
    return CardReportedLost(card=summarize(after, card_id=card_id))
