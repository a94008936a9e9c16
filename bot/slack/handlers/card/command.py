"""The declaration of `/card`: its forms, the buttons about a card, and its modals."""

from collections.abc import Callable
from functools import partial

from approvals.policy.people import Member
from bot.slack.context import SlackContext, require_any
from bot.slack.declarations import (
    Click,
    ModalClick,
    ModalForm,
    OldButton,
    ReplyClick,
    ReplyForm,
    RoleExemption,
    T,
    opens,
    read_text,
    take_start,
    take_text,
)
from bot.slack.handlers.card import lookups
from bot.slack.handlers.card.activation import ACTIVATE, read_ordered
from bot.slack.handlers.card.changes import PASSWORD, ask_for_card, ask_replacement, show_replacement, show_secret
from bot.slack.handlers.card.orders import APPLY
from bot.slack.handlers.card_picks import make_picks
from bot.slack.handlers.movements import show_movements
from bot.slack.payloads import Incoming, SentValue
from commands.card import changes, info
from commands.lists import movements
from commands.reading.arguments import TypedWords, read_no_fields, read_nothing, read_one_card, read_reference
from commands.reading.card_words import CardWords
from commands.roles import LOOK, LOST, SUPPORT
from commands.slash_command import HELP, Command, Reply


def _form(
    word: str,
    usage: str,
    does: str,
    *,
    read: Callable[[TypedWords], T],
    answer: Callable[[SlackContext, Incoming, Member, T], Reply],
    roles: tuple[str, ...] = LOOK,
    cards: CardWords = CardWords.NONE,
    offers_cards: bool = False,
    changes_it: bool = False,
) -> ReplyForm[T]:
    """Return a form that asks Paytend; without a card it may offer those pinned and used lately."""
    suggest = lookups.suggest_cards(word) if offers_cards else None
    return ReplyForm(
        word=word,
        usage=usage,
        does=does,
        roles=roles,
        cards=cards,
        read=read,
        answer=answer,
        asks_paytend=True,
        changes=changes_it,
        suggest=suggest,
    )


COMMAND = Command(
    name="/card",
    does="Find, block and manage cards",
    forms=(
        _form(
            "info",
            "<card> [--all]",
            "the card, its state, cardholder and balance; --all: the full record",
            read=info.read_info,
            answer=lookups.show_info,
            cards=CardWords.ALL,
            offers_cards=True,
        ),
        _form(
            "balance",
            "<card>",
            "current balance",
            read=read_one_card,
            answer=lookups.show_balance,
            cards=CardWords.ALL,
            offers_cards=True,
        ),
        _form(
            "transactions",
            "<card> [from] [to] [status]",
            "what was settled; dates like yesterday, last 7 days",
            read=partial(movements.read_query, movements.CARD),
            answer=show_movements,
            cards=CardWords.FIRST,
            offers_cards=True,
        ),
        _form(
            "authorizations",
            "<card> [from] [to]",
            "authorisations in any status",
            read=partial(movements.read_query, movements.AUTHORIZATIONS),
            answer=show_movements,
            cards=CardWords.FIRST,
            offers_cards=True,
        ),
        _form(
            "fees",
            "<card>",
            "monthly fees that are overdue",
            read=read_one_card,
            answer=lookups.show_fees,
            cards=CardWords.ALL,
            offers_cards=True,
        ),
        _form(
            "lost",
            "<card>",
            "block a lost card immediately",
            read=read_one_card,
            answer=lookups.ask_lost,
            cards=CardWords.ALL,
            roles=LOST,
            offers_cards=True,
        ),
        _form(
            "found",
            "<card> [reason]",
            "unblock a lost card (needs approval)",
            read=changes.read_found,
            answer=ask_for_card("card.found"),
            cards=CardWords.FIRST,
            roles=SUPPORT,
            offers_cards=True,
            changes_it=True,
        ),
        _form(
            "activate",
            "<card> <holder> [reason]",
            "activate a card for a cardholder",
            read=changes.read_activate,
            answer=ask_for_card("card.activate"),
            cards=CardWords.FIRST,
            roles=SUPPORT,
            changes_it=True,
        ),
        _form(
            "replace",
            "<old> <new> [reason]",
            "replace a card with another (needs approval)",
            read=changes.read_replace,
            answer=show_replacement,
            cards=CardWords.TWO,
            roles=SUPPORT,
        ),
        ModalForm(
            word="password",
            usage="<card>",
            does="send the cardholder the card’s password (needs approval)",
            roles=SUPPORT,
            cards=CardWords.ALL,
            read=changes.read_password,
            opens=opens(PASSWORD),
        ),
        _form(
            "order",
            "<reference>",
            "status of a card order",
            read=read_reference,
            answer=lookups.show_order,
        ),
        _form(
            "designs",
            "",
            "the designs that can be ordered",
            read=read_nothing,
            answer=lookups.show_designs,
        ),
        ModalForm(
            word="apply",
            usage="",
            does="order cards, in a form (needs approval)",
            roles=SUPPORT,
            read=read_no_fields,
            opens=opens(APPLY),
        ),
        HELP,
    ),
)


def _read_choice(value: SentValue) -> tuple[str, str]:
    return take_text(value, "word"), take_text(value, "card_id")


def _answer_choice(context: SlackContext, incoming: Incoming, member: Member, choice: tuple[str, str]) -> Reply:
    """Do what was typed without a card, with the one that was chosen."""
    word, card_id = choice
    form = next((form for form in COMMAND.forms if form.word == word), None)
    # Only a form that offers cards puts its word into such a button: any other value is not ours (A20).
    if not isinstance(form, ReplyForm) or form.suggest is None:
        raise OldButton
    require_any(member, form.roles)
    typed = TypedWords(words=[card_id], form=COMMAND.line(form), today=context.today)
    reply: Reply = form.answer(context, incoming, member, form.read(typed))
    return reply


def _click(
    action: str,
    *,
    read: Callable[[SentValue], T],
    answer: Callable[[SlackContext, Incoming, Member, T], Reply],
    roles: tuple[str, ...] = LOOK,
    replaces: bool = True,
    changes_it: bool = False,
) -> ReplyClick[T]:
    return ReplyClick(
        action=action,
        roles=roles,
        read=read,
        answer=answer,
        asks_paytend=True,
        changes=changes_it,
        replaces=replaces,
    )


CLICKS: tuple[Click, ...] = (
    _click("card_info", read=read_text("card_id"), answer=lookups.show_card, replaces=False),
    _click("card_pin", read=read_text("card_id"), answer=lookups.pin_card, replaces=False, changes_it=True),
    _click("card_chosen", read=_read_choice, answer=_answer_choice, changes_it=True),
    *make_picks(lambda: COMMAND, "card"),
    _click("card_lost", read=read_text("card_id"), answer=lookups.report_lost, roles=LOST, changes_it=True),
    _click("card_replace", read=read_text("draft"), answer=ask_replacement, roles=SUPPORT, changes_it=True),
    _click("card_designs_next", read=take_start, answer=lookups.show_designs),
    _click("card_designs_previous", read=take_start, answer=lookups.show_designs),
    ModalClick(action="card_activate", roles=SUPPORT, read=read_ordered, opens=opens(ACTIVATE)),
    ModalClick(
        action="secret_once", roles=RoleExemption.REQUEST_DECIDES, read=read_text("request"), opens=show_secret
    ),
)
MODALS = (APPLY, PASSWORD, ACTIVATE)
