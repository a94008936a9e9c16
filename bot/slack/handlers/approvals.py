"""`/approvals`: its declaration, and what its lists and their buttons do."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from approvals.evidence import archive, collected, pdf
from approvals.evidence.page import make_page
from approvals.evidence.trail_slice import Surroundings
from approvals.messages.request_facts import RequestDialog
from approvals.messages.request_message import STATUS_WORDS
from approvals.policy.people import Member
from approvals.refusals import Refusal
from approvals.requests import lists, stored
from approvals.requests.lists import PageStart
from approvals.requests.move import subject_of
from approvals.requests.view import names_somebody, read_summary
from approvals.statuses import Status
from approvals.tables import Request
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    ModalClick,
    ModalForm,
    OldButton,
    ReplyClick,
    ReplyForm,
    read_text,
    take_text,
    told,
)
from bot.slack.handlers.details import show_request
from bot.slack.payloads import Incoming, SentValue
from commands import approvals
from commands.approvals import RequestListReply, RequestRow
from commands.reading.arguments import TypedWords, no_more
from commands.roles import ALL_ROLES, EVIDENCE
from commands.slash_command import HELP, Command, Reply
from notifier.outbox.slack_errors import NotDelivered

_log = logging.getLogger(__name__)


class NotGiven(Refusal):
    """Slack did not take the file ({code}). Please try again, or ask an admin for `cardops evidence`."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class RequestListQuery:
    """A page of one of the lists; `after` is where the page before it ended."""

    name: str
    after: PageStart | None = None


def _read_list(name: str, typed: TypedWords) -> RequestListQuery:
    no_more(typed.words, form=typed.form)
    return RequestListQuery(name=name)


def _read_older(value: SentValue) -> RequestListQuery:
    try:
        begin = datetime.fromisoformat(take_text(value, "at"))
    except ValueError as error:
        raise OldButton from error
    if begin.tzinfo is None:  # the database takes only moments
        raise OldButton
    after = PageStart(created_at=begin, id=take_text(value, "id"))
    return RequestListQuery(name=take_text(value, "list"), after=after)


def _list(context: SlackContext, _incoming: Incoming, member: Member, wanted: RequestListQuery) -> Reply:
    with context.database.reading() as session:
        match wanted.name:
            case "waiting":
                page = lists.waiting(session, member=member, now=context.now_in(session), after=wanted.after)
            case "mine":
                page = lists.mine(session, member=member, after=wanted.after)
            case _:
                page = lists.history(session, after=wanted.after)
        rows = [_row(context, request) for request in page.requests]
        named = [request.id for request in page.requests if names_somebody(context.approvals, request)]
    # Only a line that names a cardholder is a read of personal data (A21).
    if named:
        context.note("requests:read", member=member, subject=f"requests:{wanted.name}", requests=named)
    title, nothing = approvals.LISTS[wanted.name]
    older = (
        {"list": wanted.name, "at": page.after.created_at.isoformat(), "id": page.after.id} if page.after else None
    )
    return RequestListReply(title=title, nothing=nothing, rows=rows, older=older)


def _row(context: SlackContext, request: Request) -> RequestRow:
    summary = read_summary(context.approvals, request)
    return RequestRow(
        id=request.id,
        summary=summary or f"{request.action} on {request.subject}",
        status=STATUS_WORDS[Status(request.status)],
        requester=request.requester_account,
        created_at=request.created_at,
        phrase=request.phrase,
    )


def _show(context: SlackContext, _incoming: Incoming, member: Member, name: str) -> RequestDialog:
    return show_request(context, member, name)


def _give_evidence(context: SlackContext, incoming: Incoming, member: Member, name: str) -> Reply:
    """Make the evidence of a request and send it to the person's own messages."""
    key = archive.require_key(context.approvals.evidence_key)
    around = Surroundings(workspace_url=context.workspace_url(), timezone=context.timezone)
    with context.database.reading() as session:
        request = stored.find_named(session, name)
    # First: whatever breaks off later, somebody has asked for it.
    context.note(collected.MADE, member=member, subject=subject_of(request.id), to="Slack")
    with context.database.reading() as session:
        facts = collected.collect(session, context.approvals, stored.find(session, request.id), around=around)
        now = context.now_in(session)
    try:
        drawn = pdf.draw_apart(make_page(facts), at=now)
    except pdf.NotDrawn as failure:  # page.html says the same
        _log.warning("evidence.pdf_not_drawn", extra={"reason": str(failure)})
        drawn = b""
    made = archive.make_archive(facts, pdf=drawn, key=key, now=now)
    title = f"Evidence of request {request.reference}"
    words = f"{title}, signed by {key.public}"
    try:
        context.inputs.files.give(
            incoming.account, made, name=f"evidence-{request.reference}.zip", title=title, words=words
        )
    except NotDelivered as failure:
        raise NotGiven(code=failure.code) from failure
    return told(
        "The evidence is in your messages with me", f"{words}.", next="`verify.py` in it checks all of it."
    )


COMMAND = Command(
    name="/approvals",
    does="Pending, your own and past requests",
    forms=(
        ReplyForm(
            word="waiting",
            usage="",
            does="what needs your approval",
            roles=ALL_ROLES,
            read=partial(_read_list, "waiting"),
            answer=_list,
        ),
        ReplyForm(
            word="mine",
            usage="",
            does="your requests",
            roles=ALL_ROLES,
            read=partial(_read_list, "mine"),
            answer=_list,
        ),
        ReplyForm(
            word="history",
            usage="",
            does="all requests, newest first",
            roles=ALL_ROLES,
            read=partial(_read_list, "history"),
            answer=_list,
        ),
        ModalForm(
            word="show",
            usage="<reference>",
            does="one request in full",
            roles=ALL_ROLES,
            read=approvals.read_show,
            opens=_show,
        ),
        ReplyForm(
            word="evidence",
            usage="<reference>",
            does="what proves who decided, as a signed file",
            roles=EVIDENCE,
            read=approvals.read_show,
            answer=_give_evidence,
            asks_paytend=True,
        ),
        HELP,
    ),
)
CLICKS: tuple[Click, ...] = (
    ModalClick(action="request_show", roles=ALL_ROLES, read=read_text("request"), opens=_show),
    ReplyClick(action="approvals_older", roles=ALL_ROLES, read=_read_older, answer=_list, replaces=True),
)
