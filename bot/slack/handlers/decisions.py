"""What is clicked on the card of a request, and the modals behind it."""

from collections.abc import Mapping
from typing import Any

from approvals.execution import settlement
from approvals.free_text import HoldsCardNumber, ReasonNeeded, require_reason
from approvals.policy.people import Member, admit
from approvals.requests import decisions as deciding
from approvals.statuses import Verdict
from bot.slack.declarations import Click, Submission, take_text, told
from bot.slack.handlers.requests import read_request, show_again
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts
from commands.slash_command import Reply


def _approve(parts: Parts, incoming: Incoming, member: Member) -> None:
    _decide(parts, incoming.value, member, verdict=Verdict.APPROVE)
    parts.wake_executor()
    show_again(parts, incoming, member)


def _decide(parts: Parts, value: Mapping[str, Any], member: Member, *, verdict: Verdict, reason: str = "") -> None:
    with parts.database.writing() as session:
        deciding.decide(
            session,
            parts.context,
            request_id=take_text(value, "request"),
            digest=take_text(value, "digest"),
            verdict=verdict,
            member=member,
            reason=reason,
            now=parts.clock.now(),
        )
    parts.wake_deliverer()


def _open_denial(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Ask for the reason; whoever may not decide is told before typing one."""
    with parts.database.reading() as session:
        request = deciding.require_decider(
            session,
            request_id=take_text(incoming.value, "request"),
            digest=take_text(incoming.value, "digest"),
            member=member,
            now=parts.clock.now(),
        )
    facts = read_request(parts, request.id)
    # The value of the button, not of the request as it is now: what was shown is what is denied.
    parts.replier.open_view(incoming, ("request_deny.view", {**facts, "button_value": dict(incoming.value)}))


def _withdraw(parts: Parts, incoming: Incoming, member: Member) -> None:
    with parts.database.writing() as session:
        deciding.withdraw(
            session,
            parts.context,
            request_id=take_text(incoming.value, "request"),
            digest=take_text(incoming.value, "digest"),
            member=member,
            now=parts.clock.now(),
        )
    parts.wake_deliverer()
    show_again(parts, incoming, member)


def _look(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Say in the thread that somebody is looking, so that not everybody opens it."""
    with parts.database.writing() as session:
        deciding.announce_review(
            session,
            parts.context,
            request_id=take_text(incoming.value, "request"),
            digest=take_text(incoming.value, "digest"),
            member=member,
            now=parts.clock.now(),
        )
    parts.wake_deliverer()


def _open_settling(parts: Parts, incoming: Incoming, member: Member, *, happened: bool) -> None:
    admit(member.person)
    facts = read_request(parts, take_text(incoming.value, "request"))
    settle_value = {**incoming.value, "happened": happened}
    parts.replier.open_view(incoming, ("request_settle.view", {**facts, "settle_value": settle_value}))


def _check_reason(fields: Mapping[str, str]) -> dict[str, str]:
    try:
        require_reason(fields.get("reason", ""))
    except (ReasonNeeded, HoldsCardNumber) as refusal:
        return {"reason": str(refusal)}
    return {}


def _deny(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    _decide(parts, incoming.value, member, verdict=Verdict.DENY, reason=incoming.fields["reason"])
    return told("Denied", "The requester is told, with your reason.")


def _settle(parts: Parts, incoming: Incoming, member: Member) -> Reply:
    with parts.database.writing() as session:
        request = settlement.settle(
            session,
            parts.context,
            request_id=take_text(incoming.value, "request"),
            digest=take_text(incoming.value, "digest"),
            member=member,
            happened=incoming.value.get("happened") is True,
            reason=incoming.fields["reason"],
            now=parts.clock.now(),
        )
    parts.wake_deliverer()
    settled = request.status in {"executed", "failed"}
    return told("Your word counts", "It is settled." if settled else "A second person has to say the same.")


CLICKS = {
    "request_approve": Click(act=_approve, decides=True),
    "request_deny": Click(act=_open_denial),
    "request_withdraw": Click(act=_withdraw, decides=True),
    "request_looking": Click(act=_look),
    "request_settle_happened": Click(act=lambda *given: _open_settling(*given, happened=True)),
    "request_settle_not": Click(act=lambda *given: _open_settling(*given, happened=False)),
}
SUBMISSIONS = {
    "request_deny": Submission(title="Deny", working="Denying…", check=_check_reason, act=_deny),
    "request_settle": Submission(title="Settle", working="Writing it down…", check=_check_reason, act=_settle),
}
