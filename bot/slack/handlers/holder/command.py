"""The declaration of `/holder`: its forms, the buttons about a cardholder, and its modals."""

from bot.slack.declarations import (
    Click,
    ModalClick,
    ModalForm,
    ReplyClick,
    ReplyForm,
    RoleExemption,
    opens,
    read_nothing,
    read_text,
    take_text,
)
from bot.slack.handlers.card_picks import make_picks
from bot.slack.handlers.holder import lookups
from bot.slack.handlers.holder.create import CREATE, look_again
from bot.slack.handlers.holder.documents import DOCUMENTS, LINK, open_documents
from bot.slack.handlers.holder.update import UPDATE
from commands.holder import lookup
from commands.reading.arguments import read_no_fields
from commands.reading.card_words import CardWords
from commands.roles import LOOK, SUPPORT
from commands.slash_command import HELP, Command

COMMAND = Command(
    name="/holder",
    does="Look up, create and change cardholders, send their documents",
    forms=(
        ReplyForm(
            word="status",
            usage="<holder> or <passport|id> <number>",
            correction="/holder status <holder> or /holder status <passport|id> <number>",
            does="the cardholder and the KYC state",
            roles=LOOK,
            cards=CardWords.HOLDER,
            read=lookup.read_status,
            answer=lookups.show_holder,
            asks_paytend=True,
        ),
        ModalForm(
            word="create",
            usage="",
            does="a new cardholder, in a form",
            roles=SUPPORT,
            read=read_no_fields,
            opens=opens(CREATE),
        ),
        ModalForm(
            word="update",
            usage="<holder>",
            does="change a cardholder, in a form (needs approval)",
            roles=SUPPORT,
            cards=CardWords.HOLDER,
            read=lookup.read_holder,
            opens=opens(UPDATE),
        ),
        ModalForm(
            word="documents",
            usage="<holder>",
            does="send a document to Paytend",
            roles=SUPPORT,
            cards=CardWords.HOLDER,
            read=lookup.read_holder,
            opens=open_documents,
        ),
        ReplyForm(
            word="cities",
            usage="<country> [text]",
            does="Paytend’s cities",
            roles=LOOK,
            read=lookups.read_cities,
            answer=lookups.show_cities,
            asks_paytend=True,
        ),
        HELP,
    ),
)
CLICKS: tuple[Click, ...] = (
    *make_picks(lambda: COMMAND, "holder"),
    ReplyClick(
        action="holder_status",
        roles=LOOK,
        read=lambda value: {"holder_id": take_text(value, "holder_id")},
        answer=lookups.show_holder,
        asks_paytend=True,
    ),
    *(
        ReplyClick(
            action=action,
            roles=LOOK,
            read=lookups.read_page,
            answer=lookups.show_cities,
            asks_paytend=True,
            replaces=True,
        )
        for action in ("holder_cities_next", "holder_cities_previous")
    ),
    ReplyClick(
        action="holder_look_again",
        roles=SUPPORT,
        read=read_text("draft"),
        answer=look_again,
        asks_paytend=True,
        replaces=True,
    ),
    ModalClick(
        action="holder_documents",
        roles=SUPPORT,
        read=lambda value: {"holder": take_text(value, "holder_id")},
        opens=open_documents,
    ),
    # Slack tells that somebody followed the link; the page is what happens.
    ReplyClick(
        action="page_opened",
        roles=RoleExemption.HARMLESS,
        read=read_nothing,
        answer=lambda _context, _incoming, _member, _nothing: None,
    ),
)
MODALS = (CREATE, UPDATE, DOCUMENTS, LINK)
