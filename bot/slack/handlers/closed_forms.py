"""Forms that were closed or refused lose nothing: what was typed is kept, and one button brings it back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    ModalClick,
    OldButton,
    ReplyClick,
    RoleExemption,
    ToldReply,
    read_nothing,
    read_text,
    told,
)
from bot.slack.handlers import topup
from bot.slack.handlers.address_inputs import choose_cities_of
from bot.slack.handlers.card import command as card
from bot.slack.handlers.holder import command as holder
from bot.slack.payloads import Incoming
from commands.roles import SUPPORT
from commands.slash_command import ButtonValue, ProblemReply, Reply
from notifier.rendering.facts import TemplateFacts

FORMS = {modal.name: modal for modal in (*card.MODALS, *holder.MODALS, *topup.MODALS)}


@dataclass(frozen=True, kw_only=True)
class FormKept(Reply, template="form_kept"):
    """That a form was closed; `draft` is what the button carries to bring it back."""

    title: str
    draft: ButtonValue


def answer_closed(context: SlackContext, incoming: Incoming) -> None:
    """Offer to go on with a form that was closed after something was typed into it; its files do not stay."""
    for file in (file for files in incoming.files.values() for file in files):
        context.inputs.files.delete(file)
    form = FORMS.get(incoming.name)
    if form is None or form.view is None or not _is_touched(incoming):
        return
    kept = FormKept(title=form.title, draft={"draft": _keep(context, incoming)})
    where = replace(incoming, view_id="", channel=str(incoming.value.get("channel") or ""))
    context.replier.reply(where, kept)


def with_way_back(context: SlackContext, incoming: Incoming, problem: ProblemReply) -> ToldReply:
    """Return the words of a problem with a button that brings back what was typed."""
    said = told(problem.headline, problem.says, next=problem.next)
    form = FORMS.get(incoming.name)
    if form is None or form.view is None:
        return said
    draft = {"draft": _keep(context, incoming)}
    return replace(said, back="form_go_on", back_text="Change it", metadata=draft)


def _keep(context: SlackContext, incoming: Incoming) -> str:
    # The metadata too: the form that comes back needs its channel and cardholder.
    texts = {name: text for name, text in incoming.value.items() if isinstance(text, str)}
    return context.inputs.drafts.keep(incoming.account, form=incoming.name, fields={**texts, **incoming.fields})


def _go_on(context: SlackContext, incoming: Incoming, _member: Member, draft: str) -> TemplateFacts:
    kept = context.inputs.drafts.take(draft, account=incoming.account)
    form = FORMS.get(kept.form)
    if form is None or form.view is None:
        raise OldButton
    return form.view(context, kept.fields.get("channel", ""), kept.fields)


def _choose_country(context: SlackContext, incoming: Incoming, _member: Member, _read: None) -> None:
    """Offer the cities of the country that was chosen in an open form."""
    view = context.replier.exchange_blocks(incoming.view, choose_cities_of(incoming.view, incoming.text))
    form = FORMS.get(str(view.get("callback_id") or ""))
    is_incomplete = any(block.get("block_id") == "asking" for block in view.get("blocks") or [])
    if form is not None and form.fill is not None and is_incomplete:
        form.fill(context, incoming, view)  # the answer that was under way is for the form as it was before


def _is_touched(incoming: Incoming) -> bool:
    """Whether a form contains anything that was not in it when it was opened."""
    initial: dict[str, str] = {}
    for block in incoming.view.get("blocks") or []:
        element: Mapping[str, Any] = block.get("element") or {}
        option = element.get("initial_option") or {}
        found = element.get("initial_value") or element.get("initial_date") or option.get("value") or ""
        initial[str(block.get("block_id"))] = found
    return any(text and text != initial.get(name, "") for name, text in incoming.fields.items())


CLICKS: tuple[Click, ...] = (
    ModalClick(action="form_go_on", roles=SUPPORT, read=read_text("draft"), opens=_go_on),
    ReplyClick(action="country", roles=RoleExemption.HARMLESS, read=read_nothing, answer=_choose_country),
)
