"""What all sensitive actions share: asking for one, and what the person who asked is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from approvals.actions.table import find_action
from approvals.messages.request_facts import Line, RequestMessage
from approvals.messages.request_message import make_request_message
from approvals.policy.people import Member
from approvals.requests import opening, stored
from approvals.requests import view as showing
from approvals.requests.opening import AskAgain, NewRequest
from approvals.statuses import Status
from approvals.tables import Request
from bot.slack.declarations import Click, OldButton, take_text, told
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.slash_command import SUPPORT, Reply

# What became of something that its rule let one person do alone: the headline, and what comes next.
_ALONE: dict[Status, tuple[str, str]] = {
    Status.EXECUTED: ("Done", ""),
    Status.FAILED: ("Not done", ""),
    Status.UNKNOWN: (
        "The outcome is not known",
        "It was sent to Paytend, which is being asked what became of it. Nothing is sent again.",
    ),
}
_LATER = ("Not carried out yet", "It is tried again by itself for a while. Please do not ask again.")


@dataclass(frozen=True, kw_only=True)
class AskedReply(Reply, template="asked"):
    """What was asked for, and where and by when it is decided."""

    summary: str
    channel: str
    decide_by: datetime
    phrase: str


@dataclass(frozen=True, kw_only=True)
class RequestPrivateReply(Reply, template="request_private"):
    """The personal data of a request, for somebody who may decide it or ask for it."""

    private: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class AgainQuestion(Reply, template="again"):
    """Whether to ask for the same again; `wish` is what the button carries to do so."""

    says: str
    wish: Mapping[str, str | Mapping[str, Any]]


def ask_for(
    parts: Parts,
    incoming: Incoming,
    member: Member,
    *,
    action: str,
    subject: str,
    payload: Mapping[str, Any],
    again: bool = False,
) -> Request:
    """Look at what it is about, and open a request; where its rule needs nobody else, carry it out at once.

    `payload` are the values of the action's payload model (`approvals/actions/payloads.py`); `subject` is what
    the trail names when they are refused. Raises a Refusal (AskAgain among them), in the trail too. `tell_asked`
    words it.
    """
    with parts.recording_refusals(member, subject=subject):
        read = opening.parse_payload(action, payload)
        wish = NewRequest(
            action=action,
            payload=payload,
            snapshot=parts.take_snapshot(action, read),
            members=parts.members(),
            asked_in=incoming.channel,
            follows=_follows(parts, incoming.account, action=action),
            again=again,
        )
        with parts.database.writing() as session:
            request = opening.open_request(
                session, parts.context, new_request=wish, member=member, now=parts.clock.now()
            )
    parts.wake_deliverer()
    return parts.execute_now(request.id) if request.status == Status.APPROVED else request


def ask_and_tell(
    parts: Parts,
    incoming: Incoming,
    member: Member,
    *,
    action: str,
    subject: str,
    payload: Mapping[str, Any],
    again: bool = False,
) -> Reply:
    """Ask for something and return what the person is told: asked, done, or the question whether again.

    `subject` is what the trail names when it is refused, now or when it is asked for again.
    """
    try:
        asked = ask_for(parts, incoming, member, action=action, subject=subject, payload=payload, again=again)
    except AskAgain as question:
        return AgainQuestion(says=str(question), wish={"action": action, "subject": subject, "payload": payload})
    return tell_asked(parts, asked)


def tell_asked(parts: Parts, asked: Request) -> Reply:
    """Return what the person who asked is told."""
    summary, _ = stored.read_shown(parts.context, asked)
    if stored.read_rule(asked).lifted:
        headline, more = _ALONE.get(Status(asked.status), _LATER)
        says = f"{summary}. {asked.reason}".rstrip() + f" Reference: {asked.reference}."
        return told(headline, says, next=more)
    return AskedReply(
        summary=summary,
        channel=asked.told.split()[0] if asked.told else parts.context.channel,
        decide_by=asked.decide_by,
        phrase=asked.phrase,
    )


def read_request(parts: Parts, name: str, *, member: Member | None = None) -> RequestMessage:
    """Return what the message of a request shows, by its id or reference; raises UnknownRequest.

    Personal data is only for a `member` who could make or decide the request; reading it is noted in the trail.
    """
    with parts.database.reading() as session:
        request = stored.find_named(session, name)
        view = showing.read_view(session, parts.context, request, now=parts.clock.now())
    message = make_request_message(view)
    allowed = {*find_action(request.action).requesters, *view.rule.approvers}
    if member is None or view.payload is None or not view.payload.private or not member.roles & allowed:
        return message
    parts.note("request:details_read", member=member, subject=f"request:{request.id}")
    return replace(message, private=[Line(label=label, text=text) for label, text in view.payload.private])


def show_request(parts: Parts, incoming: Incoming, member: Member, request_id: str) -> None:
    """Show the request message in a modal, with its personal data to those who may see it."""
    message = read_request(parts, request_id, member=member)
    more = [RequestPrivateReply(private=message.private)] if message.private else []
    parts.replier.open_reply(incoming, message, title="Request", first=more)


def show_again(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Bring the modal in which something was clicked up to date; in a channel the outbox edits it."""
    if incoming.view_id:
        show_request(parts, incoming, member, take_text(incoming.value, "request"))


def _follows(parts: Parts, account: str, *, action: str) -> bool:
    """Whether the requester cannot see the message in its channel: that of the rule, else of all approvals."""
    channels = {
        rule.channel or parts.context.channel for rule in parts.context.policy.rules if rule.action == action
    }
    return not all(parts.directory.is_member(channel, account) for channel in channels)


def _click_again(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Ask again, with what the question was about; everything in it is checked anew."""
    require_any(member, SUPPORT)
    value, payload = incoming.value, incoming.value.get("payload")
    if not isinstance(payload, dict):
        raise OldButton
    reply = ask_and_tell(
        parts,
        incoming,
        member,
        action=take_text(value, "action"),
        subject=take_text(value, "subject"),
        payload=payload,
        again=True,
    )
    parts.replier.reply(incoming, reply, replace=incoming.is_ephemeral)


def _dismiss(parts: Parts, incoming: Incoming, _standing: Member) -> None:
    if incoming.view_id:
        parts.replier.show_in_view(incoming.view_id, told("Nothing was done", "You can close this."))
    else:
        parts.replier.dismiss(incoming)


CLICKS = {"dismiss": Click(act=_dismiss), "ask_again": Click(act=_click_again, quick=False)}
