"""`/card`: everything about cards; this file holds its forms, and looking at a card and reporting it lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.reading.arguments import no_more, read_card_id
from commands.slash_command import HELP, SUPPORT, Ask, Choice, Command, Form, Reply
from paytend import operations
from paytend.models import CardInfo
from paytend.models.codes import CardStatus

INFO_FORM = "/card info <card> [--all]"
LOST_FORM = "/card lost <card>"


def _form(word: str, usage: str, does: str) -> Form:
    return Form(word=word, usage=usage, does=does, roles=SUPPORT)


COMMAND = Command(
    name="/card",
    does="Look at cards, report them lost, and ask for what needs a second person",
    forms=(
        _form(
            "info", "<card> [--all]", "the card, its state, cardholder and balance; --all: all that Paytend says"
        ),
        _form("balance", "<card>", "what is on it"),
        _form(
            "transactions", "<card> [from] [to] [status]", "what was settled; dates like yesterday, last 7 days"
        ),
        _form("authorizations", "<card> [from] [to]", "what was authorized, in whatever state"),
        _form("fees", "<card>", "monthly fees that are overdue"),
        _form("lost", "<card>", "report it lost: it is blocked at once"),
        _form("found", "<card> [reason]", "ask to unblock a lost card"),
        _form("activate", "<card> <holder> [reason]", "ask to activate a card for a cardholder"),
        _form("replace", "<old> <new> [reason]", "ask to replace a card by another"),
        _form("password", "<card>", "ask to send the cardholder the card's password"),
        _form("order", "<reference>", "what became of a card order"),
        _form("designs", "", "the designs that can be ordered"),
        _form("apply", "", "order cards, in a form; somebody else decides"),
        HELP,
    ),
)
# What a card can be chosen for, of those that the person used lately, when none is named.
CHOOSABLE = ("info", "balance", "transactions", "authorizations", "fees", "lost", "found")


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


@dataclass(frozen=True, kw_only=True)
class CardLostQuestion(CardReply, template="card_lost_confirm"):
    """Whether to report a card lost."""


@dataclass(frozen=True, kw_only=True)
class CardLostAlready(CardReply, template="card_lost_already"):
    """A card that Paytend calls lost: there is nothing to do."""


@dataclass(frozen=True, kw_only=True)
class CardReportedLost(CardReply, template="card_lost_done"):
    """A card as it is after it was reported lost."""


@dataclass(frozen=True, kw_only=True)
class CardChoiceReply(Reply, template="card_choose"):
    """Which card is meant; `word` is what was typed behind `/card`."""

    word: str
    options: Sequence[Choice]


def read_info(words: Sequence[str]) -> tuple[str, bool]:
    """Return the card id of `/card info`, and whether everything is wanted; raises Misread."""
    everything = "--all" in words
    card_id, rest = read_card_id([word for word in words if word != "--all"], form=INFO_FORM)
    no_more(rest, form=INFO_FORM)
    return card_id, everything


def read_lost(words: Sequence[str]) -> str:
    """Return the card id of `/card lost`; raises Misread."""
    card_id, rest = read_card_id(words, form=LOST_FORM)
    no_more(rest, form=LOST_FORM)
    return card_id


def info(card_id: str, *, ask: Ask) -> CardInfoReply:
    """Return the card with its cardholder and balances."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
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


def ask_lost(card_id: str, *, ask: Ask) -> CardReply:
    """Return the question before a card is reported lost, or that there is nothing to do."""
    card = ask(operations.GET_CARD_INFO(card_id=card_id))
    reply = CardLostAlready if card.status == CardStatus.LOST else CardLostQuestion
    return reply(card=summarize(card, card_id=card_id))


def lost(card_id: str, *, ask: Ask) -> CardReply:
    """Report a card lost, now: it only makes things safer; return how the card stands afterwards."""
    before = ask(operations.GET_CARD_INFO(card_id=card_id))
    if before.status == CardStatus.LOST:
        return CardLostAlready(card=summarize(before, card_id=card_id))
    ask(operations.REPORT_LOSS(card_id=card_id))
    after = ask(operations.GET_CARD_INFO(card_id=card_id))
    return CardReportedLost(card=summarize(after, card_id=card_id))


def summarize(card: CardInfo, *, card_id: str) -> CardSummary:
    """Return what every message about a card shows; `card_id` is what was asked for."""
    return CardSummary(
        card_id=card.card_id or card_id,
        last_four=card.last_four or "",
        status=card.status.text if card.status else "not told by Paytend",
        status_code=card.status or "",
    )


def choose(word: str, cards: Sequence[Mapping[str, str]]) -> CardChoiceReply:
    """Return the question which of the cards that the person used lately is meant."""
    options = [
        Choice(value={"word": word, "card_id": card["card_id"]}, text=f"Card {card['card_id']}{_ending(card)}")
        for card in cards
    ]
    return CardChoiceReply(word=word, options=options)


def _ending(card: Mapping[str, str]) -> str:
    return f" (•••• {card['last_four']})" if card.get("last_four") else ""
