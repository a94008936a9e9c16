"""The one renderer of request messages: from the stored request to the facts of its template. Pure."""

from dataclasses import dataclass

from approvals.actions.payloads import IDENTIFIED, PasswordPayload, Payload
from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import Action
from approvals.messages.request_facts import (
    ApprovedFacts,
    BalanceChange,
    CardFacts,
    DecisionRow,
    DoneFacts,
    EarlierTopUpRow,
    LimitRow,
    Line,
    MoneyFacts,
    OtherRequestRow,
    RequestMessage,
    SecondCardFacts,
    SettlementRow,
    StoppedRow,
)
from approvals.policy.cardholder_changes import RecentChanges
from approvals.policy.rules import LimitState, Rule, write_hours
from approvals.statuses import OPEN, Status, Verdict
from approvals.stops.evidence import StandingStop
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
_STOPPED = "Approved, but stopped before it was carried out"
_GAVE_UP = "Approved; Paytend cannot say whether it happened"
_CONTRADICTED = "Approved; Paytend says the opposite of what is known here"
_DONE_WORDS: dict[Status, str] = {
    Status.EXECUTING: "being carried out",
    Status.EXECUTED: "done",
    Status.FAILED: "not done",
    Status.UNKNOWN: "not known yet",
}
# In messages that are already posted: with other ids, their buttons would do nothing.
APPROVE, DENY, WITHDRAW, LOOKING = "request_approve", "request_deny", "request_withdraw", "request_looking"
STOP = "request_stop"
HAPPENED, NOT_HAPPENED = "request_settle_happened", "request_settle_not"


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """What the request message is made from; `void` are the people whose decisions do not count."""

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
    changes: RecentChanges
    stops: tuple[StandingStop, ...] = ()


def make_request_message(view: RequestView) -> RequestMessage:
    """Return what the request message shows now."""
    request, status = view.request, Status(view.request.status)
    return RequestMessage(
        request=request.id,
        digest=request.digest,
        phrase=request.phrase,
        reference=request.reference,
        title=view.action.title,
        summary=view.summary,
        reason=view.payload.reason if view.payload else "",
        status=status.value,
        status_words=_status_words(view, status),
        requester=request.requester_account,
        requester_name=request.requester_name,
        asked_at=request.created_at,
        decide_by=request.decide_by if status is Status.PENDING else None,
        execute_by=request.execute_by if status is Status.APPROVED else None,
        ended_at=request.ended_at,
        ended_because=request.reason,
        approvals="none needed" if view.rule.lifted else f"{len(_approvers(view))} of {request.quorum}",
        decisions=[_decision(row, void=row.person_id in view.void) for row in view.decisions],
        approved=_approved(view, status),
        done=_done(view, status),
        settlements=[_settlement(row) for row in view.settlements],
        card=_card(view.snapshot),
        money=_money(view),
        rule=request.rule_name,
        why_you=_why_you(view.rule),
        stopped=[_stopped(stop) for stop in view.stops],
        others=[_other(row) for row in view.others],
        lines=[*_lines(view), *(Line(label=row.label, text=row.text) for row in view.snapshot.lines)],
        notes=(*_rest_notes(view), *view.action.notes) if status is Status.PENDING else (),
        # After the end nobody has to decide, so nobody needs the personal data.
        has_private=bool(view.payload and view.payload.private) and status in OPEN,
        buttons=find_buttons(status, gave_up=_gave_up(view), contradicted=_is_contradicted(view)),
        # The digest says what this copy showed, so that a click on an outdated one is refused.
        button_value={"request": request.id, "digest": request.digest},
    )


def find_buttons(status: Status, *, gave_up: bool, contradicted: bool = False) -> list[str]:
    """Return the action ids of the buttons that make sense now; after the end only if Paytend contradicts it."""
    if status is Status.PENDING:
        return [APPROVE, DENY, LOOKING, WITHDRAW]
    if status is Status.APPROVED:
        return [STOP]
    if contradicted or (status is Status.UNKNOWN and gave_up):
        return [HAPPENED, NOT_HAPPENED]
    return []


def _stopped(stop: StandingStop) -> StoppedRow:
    return StoppedRow(
        what=stop.scope.words, by=stop.account if stop.by_person else "", reason=stop.reason, at=stop.stopped_at
    )


def _status_words(view: RequestView, status: Status) -> str:
    words = _GAVE_UP if status is Status.UNKNOWN and _gave_up(view) else STATUS_WORDS[status]
    # It was approved when it was withdrawn: the message of a request that was still pending says only that.
    if status is Status.WITHDRAWN and view.request.approved_at is not None:
        words = _STOPPED
    words = _CONTRADICTED if _is_contradicted(view) else words
    # Nobody approved a lifted request, so its message must not say so.
    return words.replace("Approved", _LIFTED, 1) if view.rule.lifted else words


def _gave_up(view: RequestView) -> bool:
    return view.execution is not None and view.execution.gave_up_at is not None


def _is_contradicted(view: RequestView) -> bool:
    return view.execution is not None and view.execution.contradicted_at is not None


def _approvers(view: RequestView) -> list[str]:
    """Return the accounts whose approval counts."""
    return [
        row.account for row in view.decisions if row.verdict == Verdict.APPROVE and row.person_id not in view.void
    ]


def _decision(row: Decision, *, void: bool) -> DecisionRow:
    return DecisionRow(
        by=row.account, name=row.name, verdict=row.verdict, reason=row.reason, at=row.decided_at, void=void
    )


def _approved(view: RequestView, status: Status) -> ApprovedFacts | None:
    """Return the line that says who approved; whether it was done is another line."""
    if view.rule.lifted or view.request.approved_at is None or status in (Status.PENDING, Status.DENIED):
        return None
    return ApprovedFacts(at=view.request.approved_at, by=_approvers(view))


def _done(view: RequestView, status: Status) -> DoneFacts | None:
    """Return the line that says what became of it at Paytend."""
    if status not in _DONE_WORDS:
        return None
    execution = view.execution
    return DoneFacts(
        words=_DONE_WORDS[status],
        why=(execution.words if execution else "") or view.request.reason,
        at=execution.finished_at if execution else None,
        provider_reference=execution.provider_reference if execution else "",
    )


def _settlement(row: Settlement) -> SettlementRow:
    return SettlementRow(by=row.account, happened=row.happened, reason=row.reason, at=row.settled_at)


def _card(snapshot: Snapshot) -> CardFacts:
    return CardFacts(
        id=snapshot.card_id,
        last_four=snapshot.last_four,
        status=snapshot.status_text if snapshot.status else "",
        holder=snapshot.holder_name,
        holder_id=snapshot.holder_id,
        kyc=snapshot.kyc,
        second=_second(snapshot.second),
        earlier=[
            EarlierTopUpRow(at=row.at, money=str(row.money), status=row.status) for row in snapshot.earlier[:3]
        ],
    )


def _second(card: SecondCard | None) -> SecondCardFacts | None:
    if card is None:
        return None
    return SecondCardFacts(
        id=card.card_id,
        last_four=card.last_four,
        status=card.status_text,
        holder=card.holder_name or card.holder_id,
    )


def _lines(view: RequestView) -> list[Line]:
    """Return what a channel may see of the payload besides card and money."""
    if isinstance(view.payload, PasswordPayload):
        return [Line(label="How the cardholder was identified", text=IDENTIFIED[view.payload.identified])]
    if view.payload and view.payload.private:
        labels = ", ".join(label.lower() for label, _ in view.payload.private)
        return [Line(label="Only to be seen with Details", text=labels)]
    return []


def _rest_notes(view: RequestView) -> list[str]:
    """Return what approvers must know about a cardholder who is not known, not reviewed, or was just changed."""
    notes = []
    by = f" ({', '.join(view.changes.names)})" if view.changes.names else ""
    if view.changes.of_anybody:
        notes.append(
            "Paytend does not say whose card this is, so it counts as changed: everybody who changed a cardholder "
            f"within 24 h is kept from asking for this and from deciding it{by}."
        )
    elif view.changes.names:
        notes.append(f"The cardholder was changed within 24 h, by people who may not decide this{by}.")
    if view.action.is_delicate and not view.snapshot.kyc:
        notes.append("Paytend does not say whether it has approved the cardholder (KYC).")
    return notes


def _money(view: RequestView) -> MoneyFacts | None:
    money = view.payload.moved_money if view.payload else None
    if money is None:
        return None
    return MoneyFacts(
        amount=str(money),
        balance=_change(view.snapshot.balance, money, more=True),
        partner_balance=_change(view.snapshot.partner_balance, money, more=False),
        day=str(view.day) if view.day else "",
        limits=[_limit(state) for state in view.limits],
    )


def _change(before: Money | None, money: Money, *, more: bool) -> BalanceChange | None:
    """Return a balance before and after; None if it is not known or in another currency."""
    if before is None or before.currency != money.currency:
        return None
    return BalanceChange(before=str(before), after=str(before + money if more else before - money))


def _limit(state: LimitState) -> LimitRow:
    return LimitRow(
        per=state.limit.per.value,
        window=write_hours(state.limit.window),
        total=str(state.total) if state.total else "",
        over=str(state.limit.over),
        exceeded=state.is_exceeded,
    )


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


def _other(row: Request) -> OtherRequestRow:
    return OtherRequestRow(request=row.id, phrase=row.phrase, status=row.status, action=row.action)
