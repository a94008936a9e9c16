"""The choice between several cards that fit what was typed: its buttons go on with the rest of what was typed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from approvals.policy.people import Member
from bot.slack import card_picker
from bot.slack.card_picker import OpenChoice
from bot.slack.context import SlackContext, require_any
from bot.slack.declarations import Click, ModalClick, ModalForm, OldButton, ReplyClick, ReplyForm, take_text
from bot.slack.payloads import Incoming, SentValue
from commands.card.choice import CardsFoundReply
from commands.reading.arguments import TypedWords
from commands.roles import LOOK
from commands.slash_command import Command, Form, Reply
from notifier.rendering.facts import TemplateFacts

_PICKED, _PICKED_FORM = "picked", "picked_form"


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A card that was chosen, and the draft with everything else that was typed."""

    draft: str
    chosen: str


def ask_pick(
    context: SlackContext, member: Member, choice: OpenChoice, command: Command, form: Form
) -> CardsFoundReply:
    """Return the choice between cards for a form of a command."""
    action = _name(command, _PICKED_FORM if isinstance(form, ModalForm) else _PICKED)
    return card_picker.ask_which(context, member, choice, action=action, word=form.word, expects=form.cards)


def must_be_sure(form: Form) -> bool:
    """Whether a form asks for a change at once: others show the card, or a form, before anything is asked for."""
    return isinstance(form, ReplyForm) and form.changes


def make_picks(command: Callable[[], Command], name: str) -> tuple[Click, ...]:
    """Return the buttons of such choices; `command` is asked for when one is pressed."""

    def answer(context: SlackContext, incoming: Incoming, member: Member, pick: Pick) -> Reply:
        form, typed = _go_on(context, incoming, member, pick, command(), action=f"{name}_{_PICKED}")
        if not isinstance(form, ReplyForm):
            raise OldButton
        if isinstance(typed, OpenChoice):  # the second card of two
            return ask_pick(context, member, typed, command(), form)
        reply: Reply = form.answer(context, incoming, member, form.read(typed))
        return reply

    def opens(context: SlackContext, incoming: Incoming, member: Member, pick: Pick) -> TemplateFacts:
        form, typed = _go_on(context, incoming, member, pick, command(), action=f"{name}_{_PICKED_FORM}")
        if not isinstance(form, ModalForm) or isinstance(typed, OpenChoice):
            raise OldButton
        return form.opens(context, incoming, member, form.read(typed))

    return (
        ReplyClick(
            action=f"{name}_{_PICKED}",
            roles=LOOK,
            read=_read,
            answer=answer,
            asks_paytend=True,
            changes=True,
            replaces=True,
        ),
        ModalClick(action=f"{name}_{_PICKED_FORM}", roles=LOOK, read=_read, opens=opens),
    )


def _go_on(
    context: SlackContext, incoming: Incoming, member: Member, pick: Pick, command: Command, *, action: str
) -> tuple[Form, TypedWords | OpenChoice]:
    """Return the form and its words, the chosen card in its place; once, and only for the person who was asked."""
    kept = context.inputs.drafts.use_question(pick.draft, account=incoming.account, question=action)
    form = next((form for form in command.forms if form.word == take_text(kept, "word")), None)
    if form is None:
        raise OldButton
    require_any(member, form.roles)
    # With its sign it is an id, whatever it looks like.
    words = [*_texts(kept.get("before")), f"#{pick.chosen}", *_texts(kept.get("rest"))]
    line = form.correction or command.line(form)
    is_sure = must_be_sure(form)
    resolved = card_picker.resolve(context, member, words, expects=form.cards, form=line, is_sure=is_sure)
    if isinstance(resolved, OpenChoice):
        return form, resolved
    return form, TypedWords(words=resolved, form=line, today=context.today)


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _read(value: SentValue) -> Pick:
    return Pick(draft=take_text(value, "draft"), chosen=take_text(value, "chosen"))


def _name(command: Command, suffix: str) -> str:
    return f"{command.name.removeprefix('/')}_{suffix}"
