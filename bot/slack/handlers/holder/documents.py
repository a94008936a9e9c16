"""`/holder documents`: a link to a page of ours, or a form with which the file goes through Slack."""

import hashlib
from dataclasses import replace

from approvals.policy.people import Member
from bot.pages import drop
from bot.settings.cardops_yml import DocumentWay
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, OldButton, take_text
from bot.slack.handlers.form_completion import fill_with_holder
from bot.slack.payloads import Incoming
from commands.holder import document
from commands.holder.document import AttachedFile, HolderDocumentSent, HolderDropView, HolderFileLeft
from commands.holder.forms import say_asking
from commands.roles import SUPPORT
from commands.slash_command import Reply, View
from paytend import operations
from paytend.models.codes import FileType

NAME = "holder_documents"


def open_documents(context: SlackContext, incoming: Incoming, member: Member, fields: Fields) -> View:
    """Return the link to the page, made for this person; where files go through Slack, the form."""
    if context.links is None or context.documents is not DocumentWay.PAGE:
        return _view(context, incoming.channel, fields)
    holder_id, person = fields.get("holder", ""), member.person
    link = context.links.make(
        purpose=drop.PURPOSE,
        account=person.account,
        subject=holder_id,
        bound={"name": person.name},
        lasts=drop.LASTS,
    )
    context.note("document:link_made", member=member, subject=holder_id)
    return HolderDropView(
        metadata={"holder": holder_id},
        asking=say_asking(holder_id),
        link=link.address,
        until=link.expires_at,
    )


def _view(_context: SlackContext, channel: str, fields: Fields) -> View:
    return document.make_form(fields, holder_id=fields.get("holder", ""), channel=channel)


def _submit(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    """Send the file; whatever becomes of it, it does not stay in Slack."""
    file = incoming.files["file"][0]
    try:
        sent = _send(context, incoming, member, file)
    except Exception:  # every refusal and every bug: what Slack keeps would be somebody's passport
        _remove_refused(context, incoming, member)
        raise
    deleted = _remove(context, member, file)
    return replace(sent, deleted=deleted)


def _remove_refused(context: SlackContext, incoming: Incoming, member: Member) -> None:
    """Delete a file that was not sent; when Slack keeps it, say so beside what the modal shows."""
    if not _remove(context, member, incoming.files["file"][0]):
        context.replier.reply(_beside(incoming), HolderFileLeft())


def _remove(context: SlackContext, member: Member, file: AttachedFile) -> bool:
    deleted = context.inputs.files.delete(file)
    context.note("document:removed", member=member, subject=file.id, deleted=deleted)
    return deleted


def _beside(incoming: Incoming) -> Incoming:
    """Return where to say something beside what the modal shows."""
    return replace(incoming, view_id="", channel=str(incoming.value.get("channel") or ""))


def _send(context: SlackContext, incoming: Incoming, member: Member, file: AttachedFile) -> HolderDocumentSent:
    """Send the file and return what was sent; it is still in Slack."""
    holder_id, file_type = take_text(incoming.value, "holder"), incoming.fields["file_type"]
    suffix = document.suffix_of(file)
    content = context.inputs.files.read(file)
    document.require_content(content, suffix=suffix)
    facts = {"file_type": file_type, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    # Before the call: when its answer is lost, Paytend has no question for what it was sent (a.1).
    context.note("document:send_asked", member=member, subject=holder_id, **facts)
    call = operations.UPLOAD_DOCUMENT(holder_id=holder_id, file_type=file_type, document=(content, suffix))
    answer = context.paytend.send(call)
    context.note("document:sent", member=member, subject=holder_id, **facts)
    shows = FileType(file_type).text
    return HolderDocumentSent(
        holder_id=holder_id,
        shows=shows[:1].upper() + shows[1:],
        message=answer.message or "",
        deleted=False,
    )


def _refuse(_context: SlackContext, _incoming: Incoming, _member: Member) -> Reply:
    raise OldButton  # it has nothing to submit: only another client can come here


LINK = Modal(
    name="holder_drop",
    roles=SUPPORT,
    title="Send a document",
    working="…",
    check=lambda _fields: {},
    submit=_refuse,
    fill=fill_with_holder,
)
DOCUMENTS = Modal(
    name=NAME,
    roles=SUPPORT,
    title="Send a document",
    working="Reading the file and sending it…",
    check=lambda _fields: {},
    check_files=document.check,
    submit=_submit,
    refused=_remove_refused,
    view=_view,
    fill=fill_with_holder,
)
