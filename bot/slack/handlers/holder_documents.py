"""What `/holder documents` does: a file goes from a form to Paytend, and is deleted from Slack."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from approvals.policy.people import Member
from bot.slack.declarations import Click, Submission, Typed, take_text
from bot.slack.handlers import forms
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.holder import document
from commands.holder import lookup as holder
from commands.holder.document import HolderDocumentSent, HolderFileLeft
from commands.slash_command import SUPPORT, Reply
from paytend import operations
from paytend.models.codes import FileType

NAME = "holder_documents"


def _typed(parts: Parts, incoming: Incoming, _standing: Member, words: Sequence[str]) -> None:
    _open(parts, incoming, {"holder": holder.read_holder(words, form=holder.DOCUMENTS_FORM)})


def _click(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, SUPPORT)
    _open(parts, incoming, {"holder": take_text(incoming.value, "holder_id")})


def _open(parts: Parts, incoming: Incoming, fields: Mapping[str, str]) -> None:
    holder_id = fields.get("holder", "")
    form = document.make_form(fields, holder_id=holder_id, channel=incoming.channel)
    view = parts.replier.open_form(incoming, form)
    _fill_with(parts, incoming, view, holder_id=holder_id)


def _fill_with(parts: Parts, incoming: Incoming, view: Mapping[str, Any], *, holder_id: str) -> None:
    def ask() -> Reply:
        reply = holder.known(holder_id, ask=parts.paytend.send)
        member = parts.find_member(incoming.account, team=incoming.account_team)
        parts.note("cardholder:read", member=member, subject=holder_id)
        return reply

    forms.soon(parts, view, ask)


def _check_files(fields: Mapping[str, str], files: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    return document.check(fields, files)


def _submit(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    """Send the file; whatever becomes of it, it does not stay in Slack."""
    file, sent = incoming.files["file"][0], None
    try:
        require_any(member, SUPPORT)
        sent = _send(parts, incoming, member, file)
    finally:
        deleted = _remove(parts, member, file)
        if sent is None and not deleted:
            parts.replier.reply(_beside(incoming), HolderFileLeft())
    return replace(sent, deleted=deleted)


def _remove(parts: Parts, member: Member, file: Mapping[str, Any]) -> bool:
    deleted = parts.files.delete(file)
    parts.note("document:removed", member=member, subject=str(file.get("id") or ""), deleted=deleted)
    return deleted


def _beside(incoming: Incoming) -> Incoming:
    """Return where something is told besides what stands in the modal."""
    return replace(incoming, view_id="", channel=str(incoming.value.get("channel") or ""))


def _send(parts: Parts, incoming: Incoming, member: Member, file: Mapping[str, Any]) -> HolderDocumentSent:
    """Send the file and return what was sent; it is still in Slack."""
    holder_id, file_type = take_text(incoming.value, "holder"), incoming.fields["file_type"]
    suffix = document.suffix_of(file)
    content = parts.files.read(file)
    document.require_content(content, suffix=suffix)
    facts = {"file_type": file_type, "bytes": len(content)}
    parts.note("document:send_asked", member=member, subject=holder_id, **facts)
    call = operations.UPLOAD_DOCUMENT(holder_id=holder_id, file_type=file_type, document=(content, suffix))
    answer = parts.paytend.send(call)
    parts.note("document:sent", member=member, subject=holder_id, **facts)
    shows = FileType(file_type).text
    return HolderDocumentSent(
        holder_id=holder_id,
        shows=shows[:1].upper() + shows[1:],
        message=answer.message or "",
        deleted=False,
    )


TYPED: dict[str, Typed] = {"documents": _typed}
CLICKS = {"holder_documents": Click(act=_click)}
SUBMISSIONS = {
    NAME: Submission(
        title="Send a document",
        working="Reading the file and sending it…",
        check=lambda _fields: {},
        check_files=_check_files,
        act=_submit,
        reopen=_open,
    ),
}
