"""`/topup`: its declaration, and what its forms, buttons and modal do."""

from dataclasses import replace

from approvals.actions.snapshot import name_card
from approvals.policy.people import Member
from approvals.requests import stored
from approvals.requests.duplicates import AskAgain
from bot.slack import card_picker
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    Fields,
    Modal,
    ModalClick,
    ModalForm,
    OldButton,
    ReplyClick,
    ReplyForm,
    opens,
    read_text,
    take_text,
    told,
)
from bot.slack.handlers.card_picks import make_picks
from bot.slack.handlers.requests import ask_for
from bot.slack.payloads import Incoming
from commands import topup
from commands.reading.arguments import read_no_fields, read_reference
from commands.reading.card_words import CardWords
from commands.roles import SUPPORT
from commands.slash_command import HELP, Command, Reply, View
from commands.topup import TopUpAgainQuestion, TopUpAskedReply
from paytend import Money

_AGAIN = "topup_again"


def _view(context: SlackContext, channel: str, fields: Fields) -> View:
    card = card_picker.label(context, fields.get("card", ""))
    return topup.make_form(fields, channel=channel, card_text=card)


def _ask(
    context: SlackContext, incoming: Incoming, member: Member, typed: topup.TypedTopUp, *, again: bool = False
) -> TopUpAskedReply | TopUpAgainQuestion:
    """Open the request; return what was asked for, or the question whether again."""
    try:
        asked = ask_for(
            context,
            incoming,
            member,
            action="card.top_up",
            subject=typed.card_id,
            payload=typed.as_value(),
            again=again,
        )
    except AskAgain as question:
        draft = context.inputs.drafts.keep_question(incoming.account, question=_AGAIN, value=typed.as_value())
        return TopUpAgainQuestion(says=str(question), button_value={"draft": draft})
    return TopUpAskedReply(
        money=typed.money,
        card=name_card(stored.read_shown(context.approvals, asked)[1], or_id=typed.card_id),
        needs="1 approval" if asked.quorum == 1 else f"{asked.quorum} approvals",
        channel=asked.told.split()[0],
        decide_by=asked.decide_by,
        phrase=asked.phrase,
    )


def _ask_again(context: SlackContext, incoming: Incoming, member: Member, draft: str) -> Reply:
    value = context.inputs.drafts.use_question(draft, account=incoming.account, question=_AGAIN)
    typed = topup.TypedTopUp(
        card_id=take_text(value, "card_id"),
        money=Money.read(take_text(value, "money")),
        reason=take_text(value, "reason"),
    )
    return _ask(context, incoming, member, typed, again=True)


def _status(context: SlackContext, _incoming: Incoming, _member: Member, reference: str) -> Reply:
    return topup.status(reference, ask=context.paytend.send)


def _check(fields: Fields) -> dict[str, str]:
    return topup.read_fields(fields)[1]


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    typed, _ = topup.read_fields(incoming.fields)
    if typed is None:
        raise OldButton  # the inputs were checked before; only another client can come here
    # A submitted modal comes from no channel, so its metadata has that of the command or click.
    asked_in = replace(incoming, channel=str(incoming.value.get("channel", "")))
    reply = _ask(context, asked_in, member, typed)
    if isinstance(reply, TopUpAgainQuestion):
        question = told(reply.says, "")
        return replace(question, back="topup_again", back_text="Request again", metadata=reply.button_value)
    return told("Requested", f"{reply.money} for {reply.card} needs {reply.needs}. Code: {reply.phrase}.")


MODAL = Modal(
    name="topup",
    roles=SUPPORT,
    title="Request top-up",
    working="Requesting…",
    check=_check,
    submit=_submit,
    view=_view,
)
COMMAND = Command(
    name="/topup",
    does="Move money to a card, with a second person's approval",
    forms=(
        ReplyForm(
            word="",
            usage="<card> <amount> [currency] [reason]",
            does="request a top-up",
            roles=SUPPORT,
            cards=CardWords.FIRST,
            read=topup.read_top_up,
            answer=_ask,
            asks_paytend=True,
            changes=True,
        ),
        ReplyForm(
            word="status",
            usage="<reference>",
            does="status of a top-up",
            roles=SUPPORT,
            read=read_reference,
            answer=_status,
            asks_paytend=True,
        ),
        HELP,
    ),
    alone=ModalForm(
        word="",
        usage="",
        does="request a top-up, in a form",
        roles=SUPPORT,
        read=read_no_fields,
        opens=opens(MODAL),
    ),
)
CLICKS: tuple[Click, ...] = (
    *make_picks(lambda: COMMAND, "topup"),
    ModalClick(
        action="topup_open",
        roles=SUPPORT,
        read=lambda value: {"card": take_text(value, "card_id")},
        opens=opens(MODAL),
    ),
    ReplyClick(
        action="topup_again",
        roles=SUPPORT,
        read=read_text("draft"),
        answer=_ask_again,
        asks_paytend=True,
        changes=True,
        replaces=True,
    ),
)
MODALS = (MODAL,)
