"""Reporting a card lost, which blocks it at once and needs no second person."""

from dataclasses import dataclass

from commands.card.info import CardReply, summarize
from commands.slash_command import CallSender
from paytend import operations
from paytend.errors import PaytendError
from paytend.models import CardInfo
from paytend.models.codes import CardStatus


@dataclass(frozen=True, kw_only=True)
class LossReply(CardReply):
    """The base of the messages about a card that is, or may be, lost; `holder` is empty where nobody knows it."""

    holder: str


@dataclass(frozen=True, kw_only=True)
class CardLostQuestion(LossReply, template="card_lost_confirm"):
    """Whether to report a card lost."""


@dataclass(frozen=True, kw_only=True)
class CardLostAlready(LossReply, template="card_lost_already"):
    """A card that Paytend calls lost: there is nothing to do."""


@dataclass(frozen=True, kw_only=True)
class CardReportedLost(LossReply, template="card_lost_done"):
    """A card as it is after it was reported lost."""


def ask_lost(card_id: str, *, ask: CallSender) -> CardReply:
    """Return the question before a card is reported lost, or that there is nothing to do."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    reply = CardLostAlready if card.status == CardStatus.LOST else CardLostQuestion
    return reply(card=summarize(card, card_id=card_id), holder=_find_holder(card, ask=ask))


def lost(card_id: str, *, ask: CallSender) -> CardReply:
    """Report a card lost at once, as that only makes things safer; return the card as it is afterwards."""
    before = ask(operations.GET_CARD_INFO(card_id=card_id))
    if before.status == CardStatus.LOST:
        return CardLostAlready(card=summarize(before, card_id=card_id), holder=_find_holder(before, ask=ask))
    ask(operations.REPORT_LOSS(card_id=card_id))
    # Asked again, because the answer to the report may have no status, and people need that of the card.
    after = ask(operations.GET_CARD_INFO(card_id=card_id))
    return CardReportedLost(card=summarize(after, card_id=card_id), holder=_find_holder(after, ask=ask))


def _find_holder(card: CardInfo, *, ask: CallSender) -> str:
    """Return whose card it is, so that a mistyped id is noticed; nobody has to wait for it to block a card."""
    if card.holder_name or not card.holder_id:
        return card.holder_name or ""
    try:
        return ask(operations.GET_CARDHOLDER(holder_id=card.holder_id)).name or ""
    except PaytendError:
        return ""
