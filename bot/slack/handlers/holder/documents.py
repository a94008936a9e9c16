"""The form of `/holder documents`: a file goes to Paytend, and is deleted from Slack."""

from dataclasses import replace

from approvals.policy.people import Member
from bot.slack.context import SlackContext
from bot.slack.declarations import Fields, Modal, take_text
from bot.slack.handlers.form_completion import fill_with_holder
from bot.slack.payloads import Incoming
from commands.holder import document
from commands.holder.document import AttachedFile, HolderDocumentSent, HolderFileLeft
from commands.roles import SUPPORT
from commands.slash_command import Reply, View
from paytend import operations
from paytend.models.codes import FileType

NAME = "holder_documents"


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
    facts = {"file_type": file_type, "bytes": len(content)}
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
