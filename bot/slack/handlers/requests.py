"""What all sensitive actions share: asking for one, and the reply to the person who asked."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from approvals.actions.payloads import Payload
from approvals.actions.table import find_action
from approvals.messages.request_facts import Line, RequestMessage
from approvals.messages.request_message import make_request_message
from approvals.policy.approver_search import FoundApprovers, MoreApproversNeeded
from approvals.policy.people import Member
from approvals.policy.rules import NothingAllows, choose_rule
from approvals.requests import opening, stored
from approvals.requests import view as showing
from approvals.requests.duplicates import AskAgain
from approvals.requests.opening import NewRequest
from approvals.statuses import Status
from approvals.tables import Request
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    Dismissal,
    OldButton,
    ReplyClick,
    RoleExemption,
    read_nothing,
    read_text,
    take_text,
    told,
)
from bot.slack.payloads import Incoming
from commands.roles import SUPPORT
from commands.slash_command import ButtonValue, Reply

_log = logging.getLogger(__name__)

# What became of something that its rule let one person do alone: the headline, and what comes next.
_ALONE: dict[Status, tuple[str, str]] = {
    Status.EXECUTED: ("Completed", ""),
    Status.FAILED: ("Failed – nothing changed", ""),
    Status.UNKNOWN: (
        "We don’t know yet if it worked",
        "Paytend hasn’t confirmed yet. We’re checking; nothing will be sent twice.",
    ),
}
_AGAIN = "ask_again"
_LATER = ("Not sent yet", "cardops keeps trying for a while. Don’t request it again.")


@dataclass(frozen=True, kw_only=True)
class AskedReply(Reply, template="asked"):
    """What was asked for, and where and by when it is decided."""

    summary: str
    channel: str
    decide_by: datetime
    phrase: str


@dataclass(frozen=True, kw_only=True)
class AgainQuestion(Reply, template="again"):
    """Whether to ask for the same again; `button_value` names the draft that holds what."""

    says: str
    button_value: ButtonValue


def ask_for(
    context: SlackContext,
    incoming: Incoming,
    member: Member,
    *,
    action: str,
    subject: str,
    payload: Mapping[str, object],
    again: bool = False,
) -> Request:
    """Look at what it is about, and open a request; where its rule needs nobody else, carry it out at once.

    `payload` are the values of the action's payload model (`approvals/actions/payloads.py`); `subject` is what
    the trail names when they are refused. Raises a Refusal (AskAgain among them), in the trail too. `tell_asked`
    words it.
    """
    with context.recording_refusals(member, subject=subject):
        # Paytend and Slack are asked before the transaction: none stays open across the network.
        read = opening.parse_payload(action, payload)
        found = _find_approvers(context, member, action=action, read=read)
        new_request = NewRequest(
            action=action,
            payload=payload,
            snapshot=context.take_snapshot(action, read),
            members=found.by_role,
            is_cut=found.is_cut,
            trouble=found.trouble,
            asked_in=incoming.channel,
            follows=_follows(context, incoming.account, action=action),
            again=again,
            correlation=_new_id(incoming),
        )
        request = None
        while request is None:  # ends: once as many were found as are needed, or everybody was looked at
            try:
                with context.database.writing() as session:
                    request = opening.open_request(
                        session,
                        context.approvals,
                        new_request=new_request,
                        member=member,
                        now=context.now_in(session),
                    )
            except MoreApproversNeeded as needed:  # a limit asks for more, or some of them may not decide this one
                found = _find_approvers(context, member, action=action, read=read, enough=needed.people)
                new_request = replace(
                    new_request, members=found.by_role, is_cut=found.is_cut, trouble=found.trouble
                )
    context.work.wake_deliverer()
    _log_opened(request)
    return context.work.execute_now(request.id) if request.status == Status.APPROVED else request


def _new_id(incoming: Incoming) -> str:
    # What is about a request already has that one's id.
    return "" if "request" in incoming.value else incoming.correlation


def _log_opened(request: Request) -> None:
    facts = {"action": request.action, "subject": request.subject, "person": request.requester_account}
    _log.info("request.opened", extra={"request": request.id, "reference": request.reference, **facts})


def _find_approvers(
    context: SlackContext, member: Member, *, action: str, read: Payload, enough: int = 0
) -> FoundApprovers:
    """Look for people who could approve: of the rule's roles only, and no more than it takes."""
    try:
        rule = choose_rule(context.approvals.policy.rules, action=action, money=read.moved_money)
    except NothingAllows:  # said when it is opened, after everything else that may be wrong with it
        return FoundApprovers(by_role={})
    wanted = () if rule.lifted else rule.approvers
    return context.members.find_approvers(wanted, aside=member.person.known_ids, enough=max(rule.quorum, enough))


def ask_and_tell(
    context: SlackContext,
    incoming: Incoming,
    member: Member,
    *,
    action: str,
    subject: str,
    payload: Mapping[str, object],
    again: bool = False,
) -> Reply:
    """Ask for something and return the reply: asked, done, or the question whether to ask again.

    `subject` is what the trail names when it is refused, now or when it is asked for again.
    """
    try:
        asked = ask_for(context, incoming, member, action=action, subject=subject, payload=payload, again=again)
    except AskAgain as question:
        # In a sealed row and not in the button: a payload may have an address and a phone number in it (A23).
        value = {"action": action, "subject": subject, "payload": payload}
        draft = context.inputs.drafts.keep_question(incoming.account, question=_AGAIN, value=value)
        return AgainQuestion(says=str(question), button_value={"draft": draft})
    return tell_asked(context, asked)


def tell_asked(context: SlackContext, asked: Request) -> Reply:
    """Return the reply to the person who asked."""
    summary, _ = stored.read_shown(context.approvals, asked)
    if stored.read_rule(asked).lifted:
        headline, more = _ALONE.get(Status(asked.status), _LATER)
        # The headline says already that it is completed.
        more_words = "" if asked.reason == f"{headline}." else asked.reason
        says = f"{summary}. {more_words}".rstrip() + f" Reference: {asked.reference}."
        return told(headline, says, next=more)
    return AskedReply(
        summary=summary,
        # The channel comes first, before anybody who follows it in a DM.
        channel=asked.told.split()[0] if asked.told else context.approvals.channel,
        decide_by=asked.decide_by,
        phrase=asked.phrase,
    )


def read_request(context: SlackContext, name: str, *, member: Member | None = None) -> RequestMessage:
    """Return what the message of a request shows, by its id or reference; raises UnknownRequest.

    Personal data is only for a `member` who could make or decide the request; that they read it, or names, is
    noted in the trail.
    """
    with context.database.reading() as session:
        request = stored.find_named(session, name)
        view = showing.read_view(session, context.approvals, request, now=context.now_in(session))
    message = make_request_message(view)
    allowed = {*find_action(request.action).requesters, *view.rule.approvers}
    if member is None or view.payload is None or not view.payload.private or not member.roles & allowed:
        if member is not None and view.snapshot.names_somebody:
            context.note("request:read", member=member, subject=f"request:{request.id}")
        return message
    context.note("request:details_read", member=member, subject=f"request:{request.id}")
    return replace(message, private=[Line(label=label, text=text) for label, text in view.payload.private])


def _follows(context: SlackContext, account: str, *, action: str) -> bool:
    """Whether the requester cannot see the message in its channel: that of the rule, else of all approvals."""
    channels = {
        rule.channel or context.approvals.channel
        for rule in context.approvals.policy.rules
        if rule.action == action
    }
    return not all(context.members.is_in(channel, account) for channel in channels)


def _ask_again(context: SlackContext, incoming: Incoming, member: Member, draft: str) -> Reply:
    """Ask for what the question was about, once; everything in it is checked again."""
    value = context.inputs.drafts.use_question(draft, account=incoming.account, question=_AGAIN)
    payload = value.get("payload")
    if not isinstance(payload, dict):
        raise OldButton
    action, subject = take_text(value, "action"), take_text(value, "subject")
    return ask_and_tell(context, incoming, member, action=action, subject=subject, payload=payload, again=True)


def _dismiss(_context: SlackContext, _incoming: Incoming, _member: Member, _read: None) -> Dismissal:
    return Dismissal(words=told("Cancelled", "Nothing was done."))


CLICKS: tuple[Click, ...] = (
    ReplyClick(action="dismiss", roles=RoleExemption.HARMLESS, read=read_nothing, answer=_dismiss),
    ReplyClick(
        action="ask_again",
        roles=SUPPORT,
        read=read_text("draft"),
        answer=_ask_again,
        asks_paytend=True,
        changes=True,
        replaces=True,
    ),
)
