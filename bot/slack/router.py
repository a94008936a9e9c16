"""From a delivery of Slack to its handler and back: finds the declaration, checks roles, reads, answers."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from approvals.free_text import refuse_card_number
from approvals.policy.people import Member
from approvals.refusals import Refusal
from bot.slack import card_picker
from bot.slack.card_picker import OpenChoice
from bot.slack.context import SlackContext, require_any
from bot.slack.declarations import (
    Dismissal,
    ModalClick,
    ModalForm,
    OldButton,
    OnceView,
    Replies,
    ReplyClick,
    ReplyForm,
    RoleExemption,
    Roles,
)
from bot.slack.deliveries import SeenDeliveries
from bot.slack.error_replies import explain
from bot.slack.handlers.card_picks import ask_pick, must_be_sure
from bot.slack.handlers.closed_forms import answer_closed, with_way_back
from bot.slack.handlers.table import CLICKS, COMMANDS_BY_NAME, FILLS, MODALS
from bot.slack.home import HomeTabs
from bot.slack.modals import ModalOpener, WaitingModal
from bot.slack.payloads import Incoming, PayloadKind, SentValue
from commands.reading.arguments import Misread, TypedWords, misread
from commands.slash_command import Form, Reply, show_help
from notifier.rendering.facts import TemplateFacts
from paytend.redaction import mask_text
from storage.correlation import correlated

# Where a click or a submission says what it is about: in its value or metadata, else in its inputs.
_SUBJECTS = ("request", "card_id", "subject", "holder")
_SUBJECT_FIELDS = ("card", "holder", "design")


@dataclass(frozen=True, kw_only=True)
class Router:
    """Takes deliveries to their handlers. It checks roles before the handler, and opens modals after it."""

    context: SlackContext
    opener: ModalOpener
    home: HomeTabs
    deliveries: SeenDeliveries
    make_id: Callable[[], str]

    def accept(self, incoming: Incoming) -> bool:
        """Put what changes something on the disk, and return whether it is new; raises NotAccepted.

        Acknowledged, it exists nowhere else: a process that dies before `run` has ended leaves a row, which
        `jobs/interrupted_work.py` tells the person about.
        """
        what = find_change(incoming)
        return not what or self.deliveries.accept(incoming.key, account=incoming.account, what=what)

    def give_back(self, incoming: Incoming) -> None:
        """Forget what was accepted and will not be run; the person learns of it in another way."""
        if find_change(incoming):
            self.deliveries.finish(incoming.key)

    def run(self, incoming: Incoming) -> None:
        """Do it once, however often Slack delivers it; whatever goes wrong becomes a private answer."""
        is_accepted = bool(find_change(incoming))
        with correlated(incoming.correlation), self._prompting(incoming) as prompt:
            try:
                # Slack delivers again what it saw no acknowledgement of; a second run could make a second request.
                if is_accepted or self.deliveries.is_new(incoming.key):
                    _ACTS[incoming.kind](self, incoming, prompt)
            except Exception as error:  # noqa: BLE001 - the edge: every error becomes words, and a line in the log
                self._answer_error(prompt.settle(incoming), error)
        if is_accepted:
            self.deliveries.finish(incoming.key)

    def _answer_error(self, incoming: Incoming, error: Exception) -> None:
        context, reply = self.context, explain(error, reference=incoming.correlation or self.make_id())
        match incoming.kind:
            case PayloadKind.SUBMISSION:
                context.replier.finish_form(incoming, with_way_back(context, self._named(incoming), reply))
            case PayloadKind.COMMAND | PayloadKind.CLICK:
                context.replier.reply(incoming, reply)

    def _prompting(self, incoming: Incoming) -> AbstractContextManager[WaitingModal]:
        return self.opener.prompting(incoming) if opens_modal(incoming) else nullcontext(WaitingModal())

    def answer_command(self, incoming: Incoming, prompt: WaitingModal) -> None:
        """Do what was typed and answer the person who typed it; raises what goes wrong."""
        refuse_card_number(incoming.text)  # before an answer could repeat a part of it
        command = COMMANDS_BY_NAME.get(incoming.name)
        if command is None:
            raise misread(f"{incoming.name} is not known here.", form="/cardops help")
        context = self.context
        incoming, member = self._find_member(incoming)
        with context.recording_refusals(member, subject=command.name):
            form, words = command.find(incoming.text)
        with context.recording_refusals(member, subject=f"{command.name} {form.word}".strip()):
            # Before the words are read: without the right nobody learns what is wrong with them.
            require_any(member, form.roles)
        line = form.correction or command.line(form)
        is_sure = must_be_sure(form)
        found = card_picker.resolve(context, member, words, expects=form.cards, form=line, is_sure=is_sure)
        if isinstance(found, OpenChoice):
            context.replier.reply(prompt.settle(incoming), ask_pick(context, member, found, command, form))
            return
        typed = TypedWords(words=found, form=line, today=context.today)
        match form:
            case ModalForm():
                opened = form.opens(context, incoming, member, form.read(typed))
                self._open(prompt.settle(incoming), opened)
                return
            case ReplyForm():
                reply = form.suggest(context, member) if form.suggest and not words else None
                if reply is None:
                    read = form.read(typed)
                    with self._still_working(incoming, asks_paytend=form.asks_paytend):
                        reply = form.answer(context, incoming, member, read)
            case _:
                reply = show_help(command)
        context.replier.reply(incoming, reply)

    def answer_click(self, incoming: Incoming, prompt: WaitingModal) -> None:
        """Do what was clicked; raises what goes wrong."""
        click = CLICKS.get(incoming.name)
        if click is None:
            raise OldButton
        context = self.context
        incoming, member = self._find_member(incoming)
        with context.recording_refusals(member, subject=_subject(incoming)):
            _check_roles(member, click.roles, incoming.value)
            match click:
                case ModalClick():
                    opened = click.opens(context, incoming, member, click.read(incoming.value))
                    if opened is not None:
                        self._open(prompt.settle(incoming), opened)
                case ReplyClick():
                    read = click.read(incoming.value)
                    with self._still_working(incoming, asks_paytend=click.asks_paytend):
                        reply = click.answer(context, incoming, member, read)
                    self._show(incoming, reply, replace=click.replaces and incoming.is_ephemeral)

    def answer_submission(self, incoming: Incoming, _prompt: WaitingModal) -> None:
        """Do what was submitted and show in the modal what came of it; raises what goes wrong."""
        modal = MODALS[incoming.name]
        incoming, member = self._find_member(incoming)
        with self.context.recording_refusals(member, subject=_subject(incoming)):
            try:
                # Again: roles may have changed since the modal was opened.
                _check_roles(member, modal.roles, incoming.value)
            except Refusal:
                if modal.refused is not None:
                    modal.refused(self.context, incoming, member)
                raise
            reply = modal.submit(self.context, incoming, member)
        self.context.replier.finish_form(incoming, reply, title=modal.title)

    def answer_closed(self, incoming: Incoming, _prompt: WaitingModal) -> None:
        """Keep what was typed into a modal that was closed."""
        answer_closed(self.context, self._named(incoming))

    def answer_event(self, incoming: Incoming, _prompt: WaitingModal) -> None:
        """Show the Home tab to the person who opened it; other events need no answer."""
        if incoming.name == "app_home_opened" and incoming.text in {"", "home"}:
            _, member = self._find_member(incoming)
            self.home.open(member)

    def _find_member(self, incoming: Incoming) -> tuple[Incoming, Member]:
        """Return who it comes from, and the delivery with their account as everything of theirs is stored."""
        member = self.context.members.find(incoming.account, team=incoming.account_team)
        return replace(incoming, account=member.person.account), member

    def _named(self, incoming: Incoming) -> Incoming:
        """Return the delivery with the account as what is kept of theirs is stored, asking nobody."""
        return replace(incoming, account=self.context.members.directory.name_of(incoming.account))

    def _still_working(self, incoming: Incoming, *, asks_paytend: bool) -> AbstractContextManager[None]:
        return self.context.replier.still_working(incoming) if asks_paytend else nullcontext()

    def _open(self, incoming: Incoming, opened: TemplateFacts | Replies | OnceView) -> None:
        view = self.opener.open(incoming, opened)
        if fill := FILLS.get(str(view.get("callback_id") or "")):
            fill(self.context, incoming, view)

    def _show(self, incoming: Incoming, reply: Reply | Dismissal | None, *, replace: bool) -> None:
        match reply:
            case Dismissal() if incoming.view_id:
                self.context.replier.show_in_view(incoming.view_id, reply.words)
            case Dismissal():
                self.context.replier.dismiss(incoming)
            case Reply():
                self.context.replier.reply(incoming, reply, replace=replace)


_ACTS: Mapping[PayloadKind, Callable[[Router, Incoming, WaitingModal], None]] = {
    PayloadKind.COMMAND: Router.answer_command,
    PayloadKind.CLICK: Router.answer_click,
    PayloadKind.SUBMISSION: Router.answer_submission,
    PayloadKind.CLOSED: Router.answer_closed,
    PayloadKind.EVENT: Router.answer_event,
}


def _may_change(form: Form) -> bool:
    return isinstance(form, ReplyForm) and (form.changes or form.at_once)


# Commands and buttons of which something may change. Of a command it depends on what was typed behind it.
CHANGING = (
    *(name for name, click in CLICKS.items() if click.changes or click.decides),
    *(command.name for command in COMMANDS_BY_NAME.values() if any(map(_may_change, command.forms))),
)


def is_quick(incoming: Incoming) -> bool:
    """Whether it must not wait behind a slow Paytend: it asks Paytend nothing, or opens a modal."""
    if click := CLICKS.get(incoming.name):
        return not (isinstance(click, ReplyClick) and click.asks_paytend)
    if incoming.name not in COMMANDS_BY_NAME:
        return True
    form = _find_form(incoming)
    return isinstance(form, ModalForm) or is_at_once(form)


def opens_modal(incoming: Incoming) -> bool:
    """Whether a modal is the answer, which Slack lets us open within three seconds only."""
    if incoming.view_id or not incoming.trigger:
        return False
    if incoming.kind is PayloadKind.CLICK:
        click = CLICKS.get(incoming.name)
        return isinstance(click, ModalClick) and not click.keeps_place
    command = COMMANDS_BY_NAME.get(incoming.name)
    if incoming.kind is not PayloadKind.COMMAND or command is None:
        return False
    try:
        form, _ = command.find(incoming.text)
    except Misread:
        return False
    return isinstance(form, ModalForm)


def decides(incoming: Incoming) -> bool:
    """Whether a click or a command is acknowledged only when what it decides is on the disk."""
    if click := CLICKS.get(incoming.name):
        return click.decides
    return is_at_once(_find_form(incoming))


def find_change(incoming: Incoming) -> str:
    """Return a name for what a delivery may change, without what was typed; empty for what only reads."""
    if incoming.kind is PayloadKind.SUBMISSION:
        modal = MODALS.get(incoming.name)
        return f"the form {modal.title}" if modal else ""
    if click := CLICKS.get(incoming.name):
        return "a click of yours" if click.changes or click.decides else ""
    form = _find_form(incoming)
    return f"{incoming.name} {form.word}".strip() if form is not None and _may_change(form) else ""


def is_at_once(form: Form | None) -> bool:
    """Whether a form takes effect before it is acknowledged."""
    return isinstance(form, ReplyForm) and form.at_once


def _find_form(incoming: Incoming) -> Form | None:
    """Return the form of the command that was typed; None where nobody can say which it is."""
    command = COMMANDS_BY_NAME.get(incoming.name)
    try:
        return command.find(incoming.text)[0] if command is not None else None
    except Misread:
        return None


def _check_roles(member: Member, roles: Roles, value: SentValue) -> None:
    """Refuse a person without any of these roles; raises NotInRole, Guest and the other refusals of people."""
    if not isinstance(roles, RoleExemption):
        require_any(member, roles(value) if callable(roles) else roles)


def _subject(incoming: Incoming) -> str:
    """Return what a click or submission is about, for the trail; its own name where nothing else says it."""
    value, fields = incoming.value, incoming.fields
    named = [value.get(name) for name in _SUBJECTS] + [fields.get(name) for name in _SUBJECT_FIELDS]
    found = next((text for text in named if isinstance(text, str) and text), incoming.name)
    # It may come from an input, where anything can be typed (A8).
    return mask_text(found)[:64]
