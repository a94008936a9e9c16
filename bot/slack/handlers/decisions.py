"""The buttons of a request message, and the modals behind them."""

import logging
from dataclasses import dataclass

from approvals.free_text import check_reason
from approvals.messages.request_facts import DenialForm, RequestDialog, StopForm
from approvals.policy.people import Member
from approvals.requests import decisions as deciding
from approvals.requests import stored
from approvals.statuses import Verdict
from approvals.step_up.proving import PasskeyNeeded, needs_passkey
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    Modal,
    ModalClick,
    Replies,
    ReplyClick,
    RoleExemption,
    take_text,
    told,
)
from bot.slack.handlers.details import show_again
from bot.slack.handlers.passkeys import link_to_decision
from bot.slack.handlers.requests import read_request
from bot.slack.payloads import Incoming, SentValue
from commands.slash_command import Reply

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ShownRequest:
    """A request and the digest of what the person was shown of it."""

    id: str
    digest: str


def read_shown(value: SentValue) -> ShownRequest:
    """Return which request a button is about, and what was shown of it; raises OldButton."""
    return ShownRequest(id=take_text(value, "request"), digest=take_text(value, "digest"))


def _approve(
    context: SlackContext, incoming: Incoming, member: Member, shown: ShownRequest
) -> RequestDialog | None:
    try:
        _decide(context, shown, member, verdict=Verdict.APPROVE)
    except PasskeyNeeded:
        how = {"request_id": shown.id, "digest": shown.digest}
        context.replier.reply(incoming, link_to_decision(context, incoming, verdict=Verdict.APPROVE, **how))
        return None
    # After the commit: the executor finds nothing before it.
    context.work.wake_executor()
    return show_again(context, incoming, member, shown.id)


def _decide(
    context: SlackContext, shown: ShownRequest, member: Member, *, verdict: Verdict, reason: str = ""
) -> None:
    with context.database.writing() as session:
        deciding.decide(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            verdict=verdict,
            member=member,
            reason=reason,
            now=context.now_in(session),
        )
    _log.info("request.decided", extra={"request": shown.id, "verdict": verdict, "person": member.person.account})
    context.work.wake_deliverer()


def _open_denial(
    context: SlackContext, incoming: Incoming, member: Member, shown: ShownRequest
) -> DenialForm | Replies:
    """Ask for the reason, on our page where the rule asks for a passkey; who may not decide learns that before."""
    with context.database.reading() as session:
        request = deciding.require_decider(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            member=member,
            now=context.now_in(session),
        )
    if needs_passkey(stored.read_rule(request)):
        how = {"request_id": shown.id, "digest": shown.digest}
        return Replies(title="Deny", replies=[link_to_decision(context, incoming, verdict=Verdict.DENY, **how)])
    message = read_request(context, request.id)
    # The value of the button, not of the request as it is now: the person denies what they were shown.
    return DenialForm(summary=message.summary, phrase=message.phrase, button_value=incoming.value)


def _withdraw(
    context: SlackContext, incoming: Incoming, member: Member, shown: ShownRequest
) -> RequestDialog | None:
    with context.database.writing() as session:
        deciding.withdraw(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            member=member,
            now=context.now_in(session),
        )
    context.work.wake_deliverer()
    return show_again(context, incoming, member, shown.id)


def _open_stop(context: SlackContext, incoming: Incoming, member: Member, shown: ShownRequest) -> StopForm:
    """Ask for the reason; a person who may not stop it, or not any more, learns it before typing one."""
    with context.database.reading() as session:
        deciding.require_stoppable(
            session, context.approvals, request_id=shown.id, digest=shown.digest, member=member
        )
    message = read_request(context, shown.id)
    return StopForm(summary=message.summary, phrase=message.phrase, button_value=incoming.value)


def _announce_review(context: SlackContext, _incoming: Incoming, member: Member, shown: ShownRequest) -> None:
    """Reply that this person is reviewing the request, so that not everybody opens it."""
    with context.database.writing() as session:
        deciding.announce_review(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            member=member,
            now=context.now_in(session),
        )
    context.work.wake_deliverer()


def _deny(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    # Everything is checked again: the request may have changed while the reason was typed.
    shown = read_shown(incoming.value)
    try:
        _decide(context, shown, member, verdict=Verdict.DENY, reason=incoming.fields["reason"])
    except PasskeyNeeded:  # today's rule asks for it, and that of the request did not
        how = {"request_id": shown.id, "digest": shown.digest}
        return link_to_decision(context, incoming, verdict=Verdict.DENY, **how)
    return told("Denied", "The requester sees your reason.")


def _stop(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    shown = read_shown(incoming.value)
    with context.database.writing() as session:
        deciding.stop(
            session,
            context.approvals,
            request_id=shown.id,
            digest=shown.digest,
            member=member,
            reason=incoming.fields["reason"],
            now=context.now_in(session),
        )
    context.work.wake_deliverer()
    return told("Stopped", "Nothing was sent to Paytend. The requester sees your reason.")


CLICKS: tuple[Click, ...] = (
    ModalClick(
        action="request_approve",
        roles=RoleExemption.REQUEST_DECIDES,
        read=read_shown,
        opens=_approve,
        decides=True,
        keeps_place=True,
    ),
    ModalClick(action="request_deny", roles=RoleExemption.REQUEST_DECIDES, read=read_shown, opens=_open_denial),
    ModalClick(
        action="request_withdraw",
        roles=RoleExemption.REQUEST_DECIDES,
        read=read_shown,
        opens=_withdraw,
        decides=True,
        keeps_place=True,
    ),
    ModalClick(action="request_stop", roles=RoleExemption.REQUEST_DECIDES, read=read_shown, opens=_open_stop),
    ReplyClick(
        action="request_looking",
        roles=RoleExemption.REQUEST_DECIDES,
        read=read_shown,
        answer=_announce_review,
        changes=True,
    ),
)
MODALS = (
    Modal(
        name="request_deny",
        roles=RoleExemption.REQUEST_DECIDES,
        title="Deny",
        working="Denying…",
        check=check_reason,
        submit=_deny,
    ),
    Modal(
        name="request_stop",
        roles=RoleExemption.REQUEST_DECIDES,
        title="Stop",
        working="Stopping…",
        check=check_reason,
        submit=_stop,
    ),
)
