"""The buttons of the request message, and the modals that they open."""

from collections.abc import Mapping
from typing import Any

from approvals.execution import settlement
from approvals.free_text import HoldsCardNumber, ReasonNeeded, require_reason
from approvals.messages.request_facts import DenialForm, SettlementForm, SettleValue
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
    """Ask for the reason; a person who may not decide learns it before typing one."""
    with parts.database.reading() as session:
        request = deciding.require_decider(
            session,
            request_id=take_text(incoming.value, "request"),
            digest=take_text(incoming.value, "digest"),
            member=member,
            now=parts.clock.now(),
        )
    message = read_request(parts, request.id)
    # The value of the button, not of the request as it is now: the person denies what they were shown.
    form = DenialForm(summary=message.summary, phrase=message.phrase, button_value=incoming.value)
    parts.replier.open_view(incoming, form)


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


def _announce_review(parts: Parts, incoming: Incoming, member: Member) -> None:
    """Reply that this person is reviewing the request, so that not everybody opens it."""
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
    message = read_request(parts, take_text(incoming.value, "request"))
    value = SettleValue(
        request=take_text(incoming.value, "request"),
        digest=take_text(incoming.value, "digest"),
        happened=happened,
    )
    form = SettlementForm(
        summary=message.summary, phrase=message.phrase, reference=message.reference, settle_value=value
    )
    parts.replier.open_view(incoming, form)


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
    "request_looking": Click(act=_announce_review),
    "request_settle_happened": Click(act=lambda *given: _open_settling(*given, happened=True)),
    "request_settle_not": Click(act=lambda *given: _open_settling(*given, happened=False)),
}
SUBMISSIONS = {
    "request_deny": Submission(title="Deny", working="Denying…", check=_check_reason, act=_deny),
    "request_settle": Submission(title="Settle", working="Writing it down…", check=_check_reason, act=_settle),
}
