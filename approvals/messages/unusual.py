"""What is unusual about a request, which its message says; usually nothing. Pure."""

from approvals.actions.table import find_action
from approvals.messages.request_view import RequestView
from approvals.policy.rules import LimitState, write_hours


def list_unusual(view: RequestView) -> list[str]:
    """Return what is not as always, in the order in which it matters; usually nothing."""
    lines = _rest_notes(view)
    lines += [_above(state, view) for state in view.limits if state.is_exceeded]
    if judge_partner_balance(view) == "not enough":
        lines.append("The partner balance doesn’t cover this")
    if view.snapshot.status and view.snapshot.status_text != "active":
        lines.append(f"Card was {view.snapshot.status_text} when requested")
    lines += [
        f"Another open request: {find_action(row.action).title.lower()} ({row.phrase})" for row in view.others
    ]
    if view.action.name == "card.top_up" and not view.snapshot.earlier:
        lines.append("First top-up in 30 days")
    return lines


def _above(state: LimitState, view: RequestView) -> str:
    over, window, per = str(state.limit.over), write_hours(state.limit.window), state.limit.per.value
    if state.total is None:
        return f"No limit for this currency on this {per}"
    total, quorum = str(state.total), view.request.quorum
    needs = f", so {quorum} approvals are needed" if quorum > 1 else ""
    return f"{total} in {window} on this {per} – above {over}{needs}"


def judge_partner_balance(view: RequestView) -> str:
    """Return whether the partner balance bears what moves; empty where that is not known."""
    money, balance = view.payload.moved_money if view.payload else None, view.snapshot.partner_balance
    if money is None or balance is None or balance.currency != money.currency:
        return ""
    return "enough" if (balance - money).minor >= 0 else "not enough"


def _rest_notes(view: RequestView) -> list[str]:
    """Return what approvers must know about a cardholder who is not known, not reviewed, or was just changed."""
    notes = []
    by = f" ({', '.join(view.changes.names)})" if view.changes.names else ""
    if view.changes.of_anybody:
        notes.append(
            "Paytend doesn’t say whose card this is, so anyone who changed a cardholder within 24 h can’t request "
            f"or approve this{by}"
        )
    elif view.changes.names:
        notes.append(f"Cardholder changed within 24 h, by people who can’t approve this{by}")
    if view.action.is_delicate and not view.snapshot.kyc:
        notes.append("KYC not available from Paytend")
    return notes
