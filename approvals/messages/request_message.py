"""The one renderer of a request's card: from stored state to facts for the template. Pure."""

from dataclasses import dataclass
from typing import Any

from approvals.actions.payloads import IDENTIFIED, PasswordPayload, Payload
from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import Action
from approvals.policy.rules import LimitState, Rule, write_hours
from approvals.statuses import OPEN, Status, Verdict
from approvals.tables import Decision, Execution, Request, Settlement
from paytend.money import Money

STATUS_WORDS: dict[Status, str] = {
    Status.PENDING: "Waiting for approval",
    Status.APPROVED: "Approved, not carried out yet",
    Status.EXECUTING: "Approved, being carried out at Paytend",
    Status.EXECUTED: "Approved and done",
    Status.FAILED: "Approved, but not done",
    Status.UNKNOWN: "Approved; the outcome is being checked with Paytend",
    Status.DENIED: "Denied",
    Status.WITHDRAWN: "Withdrawn",
    Status.EXPIRED: "Expired",
}
_LIFTED = "Allowed by its rule"  # instead of "Approved"
_GAVE_UP = "Approved; Paytend cannot say whether it happened"
_DONE_WORDS: dict[Status, str] = {
    Status.EXECUTING: "being carried out",
    Status.EXECUTED: "done",
    Status.FAILED: "not done",
    Status.UNKNOWN: "not known yet",
}
APPROVE, DENY, WITHDRAW, LOOKING = "request_approve", "request_deny", "request_withdraw", "request_looking"
HAPPENED, NOT_HAPPENED = "request_settle_happened", "request_settle_not"


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """Everything that a card shows of a request, as stored."""

    request: Request
    action: Action
    summary: str
    payload: Payload | None
    rule: Rule
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    void: frozenset[str]
    execution: Execution | None
    settlements: tuple[Settlement, ...]
    others: tuple[Request, ...]
    limits: tuple[LimitState, ...]
    day: Money | None


def make_request_message(view: RequestView) -> dict[str, Any]:
    """Return the facts of the card: JSON values only; texts are not escaped yet."""
    request, status = view.request, Status(view.request.status)
    return {
        "request": request.id,
        "digest": request.digest,
        "phrase": request.phrase,
        "reference": request.reference,
        "title": view.action.title,
        "summary": view.summary,
        "reason": view.payload.reason if view.payload else "",
        "status": status.value,
        "status_words": _status_words(view, status),
        "requester": request.requester_account,
        "requester_name": request.requester_name,
        "asked_at": request.created_at.isoformat(),
        "decide_by": request.decide_by.isoformat() if status is Status.PENDING else "",
        "execute_by": _moment(request.execute_by) if status is Status.APPROVED else "",
        "ended_at": _moment(request.ended_at),
        "ended_because": request.reason,
        "approvals": "none needed" if view.rule.lifted else f"{_count(view)} of {request.quorum}",
        "decisions": [_decision(row, void=row.person_id in view.void) for row in view.decisions],
        "approved": _approved(view, status),
        "done": _done(view, status),
        "settlements": [_settlement(row) for row in view.settlements],
        "card": _card(view),
        "money": _money(view),
        "rule": request.rule_name,
        "why_you": _why_you(view.rule),
        "others": [_other(row) for row in view.others],
        "lines": [*_lines(view), *({"label": row.label, "text": row.text} for row in view.snapshot.lines)],
        "notes": list(view.action.notes) if status is Status.PENDING else [],
        "private": [],  # filled for one reader by whoever may see it, never for a channel
        "has_private": bool(view.payload and view.payload.private) and status in OPEN,
        "buttons": buttons(status, gave_up=_gave_up(view)),
        "button_value": {"request": request.id, "digest": request.digest},
    }


def buttons(status: Status, *, gave_up: bool) -> list[str]:
    """Return the action ids that make sense now; none after the end."""
    if status is Status.PENDING:
        return [APPROVE, DENY, LOOKING, WITHDRAW]
    if status is Status.UNKNOWN and gave_up:
        return [HAPPENED, NOT_HAPPENED]
    return []


def _status_words(view: RequestView, status: Status) -> str:
    words = _GAVE_UP if status is Status.UNKNOWN and _gave_up(view) else STATUS_WORDS[status]
    return words.replace("Approved", _LIFTED, 1) if view.rule.lifted else words


def _gave_up(view: RequestView) -> bool:
    return view.execution is not None and view.execution.gave_up_at is not None


def _count(view: RequestView) -> int:
    return sum(row.verdict == Verdict.APPROVE and row.person_id not in view.void for row in view.decisions)


def _decision(row: Decision, *, void: bool) -> dict[str, Any]:
    return {
        "by": row.account,
        "name": row.name,
        "verdict": row.verdict,
        "reason": row.reason,
        "at": row.decided_at.isoformat(),
        "void": void,
    }


def _approved(view: RequestView, status: Status) -> dict[str, Any] | None:
    """Return the line that says who approved, which is not yet the line that says it is done."""
    if view.rule.lifted or view.request.approved_at is None or status in (Status.PENDING, Status.DENIED):
        return None
    by = [
        row.account for row in view.decisions if row.verdict == Verdict.APPROVE and row.person_id not in view.void
    ]
    return {"at": view.request.approved_at.isoformat(), "by": by}


def _done(view: RequestView, status: Status) -> dict[str, Any] | None:
    """Return the line that says what became of it at Paytend."""
    if status not in _DONE_WORDS:
        return None
    execution = view.execution
    return {
        "words": _DONE_WORDS[status],
        "why": (execution.words if execution else "") or view.request.reason,
        "at": _moment(execution.finished_at) if execution else "",
        "provider_reference": execution.provider_reference if execution else "",
    }


def _settlement(row: Settlement) -> dict[str, Any]:
    return {
        "by": row.account,
        "happened": row.happened,
        "reason": row.reason,
        "at": row.settled_at.isoformat(),
    }


def _card(view: RequestView) -> dict[str, Any]:
    snapshot = view.snapshot
    return {
        "id": snapshot.card_id,
        "last_four": snapshot.last_four,
        "status": snapshot.status_text if snapshot.status else "",
        "holder": snapshot.holder_name,
        "holder_id": snapshot.holder_id,
        "kyc": snapshot.kyc,
        "second": _second(snapshot.second),
        "earlier": [{"at": row.at, "money": str(row.money), "status": row.status} for row in snapshot.earlier[:3]],
    }


def _second(card: SecondCard | None) -> dict[str, Any] | None:
    if card is None:
        return None
    return {
        "id": card.card_id,
        "last_four": card.last_four,
        "status": card.status_text,
        "holder": card.holder_name or card.holder_id,
    }


def _lines(view: RequestView) -> list[dict[str, str]]:
    """Return what the payload says besides card and money, as far as a channel may see it."""
    if isinstance(view.payload, PasswordPayload):
        return [{"label": "How the cardholder was identified", "text": IDENTIFIED[view.payload.identified]}]
    if view.payload and view.payload.private:
        labels = ", ".join(label.lower() for label, _ in view.payload.private)
        return [{"label": "Only to be seen with Details", "text": labels}]
    return []


def _money(view: RequestView) -> dict[str, Any] | None:
    money = view.payload.moved_money if view.payload else None
    if money is None:
        return None
    return {
        "amount": str(money),
        "balance": _change(view.snapshot.balance, money, more=True),
        "partner_balance": _change(view.snapshot.partner_balance, money, more=False),
        "day": str(view.day) if view.day else "",
        "limits": [_limit(state) for state in view.limits],
    }


def _change(before: Money | None, money: Money, *, more: bool) -> dict[str, str] | None:
    """Return a balance before and after; None when it is not known, or in another currency."""
    if before is None or before.currency != money.currency:
        return None
    return {"before": str(before), "after": str(before + money if more else before - money)}


def _limit(state: LimitState) -> dict[str, Any]:
    return {
        "per": state.limit.per.value,
        "window": write_hours(state.limit.window),
        "total": str(state.total) if state.total else "",
        "over": str(state.limit.over),
        "exceeded": state.is_exceeded,
    }


_PEOPLE = {
    "admin": ("admin", "admins"),
    "manager": ("manager", "managers"),
    "oncall": ("person on call", "people on call"),
    "support": ("support agent", "support agents"),
}


def _why_you(rule: Rule) -> str:
    if rule.lifted:
        return "one person may do this alone"
    nouns = [_PEOPLE.get(role, (role, role))[rule.quorum != 1] for role in rule.approvers]
    count = "one" if rule.quorum == 1 else rule.quorum
    return f"{count} {' or '.join(nouns)} other than the requester must approve"


def _other(row: Request) -> dict[str, Any]:
    return {"request": row.id, "phrase": row.phrase, "status": row.status, "action": row.action}


def _moment(moment: Any) -> str:
    return moment.isoformat() if moment else ""
