"""A card with its cardholder and balances."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from commands.reading.arguments import TypedWords, read_one_card
from commands.slash_command import CallSender, Choice, Reply
from paytend import operations
from paytend.models import CardInfo
from paytend.models.codes import CardStatus


@dataclass(frozen=True, kw_only=True)
class CardSummary:
    """What every message about a card shows of it."""

    card_id: str
    last_four: str
    status: str
    status_code: str


@dataclass(frozen=True, kw_only=True)
class CardReply(Reply):
    """The base of the messages about one card."""

    card: CardSummary


@dataclass(frozen=True, kw_only=True)
class CardInfoReply(CardReply, template="card_info"):
    """A card with its cardholder and balances."""

    balances: Sequence[str]
    holder_id: str
    holder_name: str
    kyc: str
    type: str
    scheme: str
    expires: str
    may_be_lost: bool
    may_be_topped_up: bool
    is_pinned: bool = False


@dataclass(frozen=True, kw_only=True)
class CardChoiceReply(Reply, template="card_choose"):
    """Which card is meant; `word` is what was typed behind `/card`."""

    word: str
    options: Sequence[Choice]


def read_info(typed: TypedWords) -> tuple[str, bool]:
    """Return the card id of `/card info`, and whether `--all` was typed; raises Misread."""
    words = [word for word in typed.words if word != "--all"]
    return read_one_card(replace(typed, words=words)), "--all" in typed.words


def info(card_id: str, *, ask: CallSender) -> CardInfoReply:
    """Return the card with its cardholder and balances."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    # The predecessor answers with the balances here; whether this API does is not documented (a.2).
    balances = card.balances or ask(operations.GET_CARD_BALANCE(card_id=card_id)).balances
    holder = ask(operations.GET_CARDHOLDER(holder_id=card.holder_id)) if card.holder_id else None
    return CardInfoReply(
        card=summarize(card, card_id=card_id),
        balances=[str(balance.money) for balance in balances if balance.money is not None],
        holder_id=card.holder_id or "",
        holder_name=(holder.name if holder else card.holder_name) or "",
        kyc=holder.audit_status.text if holder and holder.audit_status else "",
        type=card.type.text if card.type else "",
        scheme=card.scheme.text if card.scheme else "",
        expires=card.expires or "",
        may_be_lost=card.status == CardStatus.ACTIVE,
        may_be_topped_up=card.status == CardStatus.ACTIVE,
    )


def summarize(card: CardInfo, *, card_id: str) -> CardSummary:
    """Return what every message about a card shows; `card_id` is what was asked for."""
    return CardSummary(
        card_id=card.card_id or card_id,
        last_four=card.last_four or "",
        status=card.status.text if card.status else "not available",
        status_code=card.status or "",
    )
