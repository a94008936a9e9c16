"""The one renderer of request messages: from the stored request to the facts of its template. Pure."""

from approvals.actions.payloads import IDENTIFIED, PasswordPayload
from approvals.actions.snapshot import SecondCard, Snapshot
from approvals.actions.table import find_action
from approvals.messages.figures import change_balance
from approvals.messages.request_facts import (
    ApprovedFacts,
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
from approvals.messages.request_view import RequestView
from approvals.messages.unusual import judge_partner_balance, list_unusual
from approvals.policy.rules import LimitState, Rule, write_hours
from approvals.statuses import OPEN, Status, Verdict
from approvals.stops.evidence import StandingStop
from approvals.tables import Decision, Request, Settlement

STATUS_WORDS: dict[Status, str] = {
    Status.PENDING: "Needs approval",
    Status.APPROVED: "Approved – sending to Paytend",
    Status.EXECUTING: "Sending to Paytend…",
    Status.EXECUTED: "Completed",
    Status.FAILED: "Failed – nothing changed",
    Status.UNKNOWN: "Outcome unclear – checking with Paytend",
    Status.DENIED: "Denied",
    Status.WITHDRAWN: "Withdrawn",
    Status.EXPIRED: "Expired",
}
_LIFTED = "No approval needed"  # instead of "Approved"
_STOPPED = "Stopped – nothing was sent"
_GAVE_UP = "Outcome unclear – two people must check"
_CONTRADICTED = "Outcome unclear – Paytend contradicts it"
_DONE_WORDS: dict[Status, str] = {
    Status.EXECUTING: "in progress",
    Status.EXECUTED: "completed",
    Status.FAILED: "failed",
    Status.UNKNOWN: "no answer yet",
}
_ORDER = "card.apply"
_REASON_ROOM = 68  # characters: one line in a wide window
_LABEL_ROOM, _QUESTION_ROOM = 32, 56  # Slack takes 75 characters for screen readers, and 100 of a question
# In messages that are already posted: with other ids, their buttons would do nothing.
APPROVE, DENY, WITHDRAW, LOOKING = "request_approve", "request_deny", "request_withdraw", "request_looking"
STOP = "request_stop"
HAPPENED, NOT_HAPPENED = "request_settle_happened", "request_settle_not"


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
        notes=view.action.notes if status is Status.PENDING else (),
        # After the end nobody has to decide, so nobody needs the personal data.
        has_private=bool(view.payload and view.payload.private) and status in OPEN,
        short_reason=_cut(view.payload.reason, _REASON_ROOM) if view.payload else "",
        short_summary=_cut(view.summary, _LABEL_ROOM),
        approve_question=_question(view),
        unusual=list_unusual(view),
        partner=judge_partner_balance(view),
        buttons=find_buttons(status, gave_up=_gave_up(view), contradicted=_is_contradicted(view)),
        # The digest says what this copy showed, so that a click on an outdated one is refused.
        button_value={"request": request.id, "digest": request.digest},
    )


def say_done(view: RequestView) -> str:
    """Return what the requester is told at the end, such as "120.50 EUR added to Rūta’s card •••• 5097"."""
    money, card = view.payload.moved_money if view.payload else None, view.snapshot
    if money is None:
        return (
            f"{view.summary} – {'ordered' if view.action.name == _ORDER else 'completed'}." if view.summary else ""
        )
    number = f"•••• {card.last_four}" if card.last_four else card.card_id
    whose = f"{card.holder_name}’s card {number}" if card.holder_name else f"card {number}"
    return f"{money} added to {whose}."


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
    if status is Status.PENDING:
        words = _missing(view)
    if status is Status.EXECUTED and view.action.name == _ORDER:
        words = "Ordered"  # the cards come later
    if status is Status.FAILED and view.action.moves_balance:
        words = "Failed – no money moved"
    # It was approved when it was withdrawn: the message of a request that was still pending says only that.
    if status is Status.WITHDRAWN and view.request.approved_at is not None:
        words = _STOPPED
    words = _CONTRADICTED if _is_contradicted(view) else words
    # Nobody approved a lifted request, so its message must not say so.
    if view.rule.lifted and status is Status.EXECUTED:
        return f"{words} – {_LIFTED[0].lower()}{_LIFTED[1:]}"
    return words.replace("Approved", _LIFTED, 1) if view.rule.lifted else words


def _missing(view: RequestView) -> str:
    """Return what a pending request needs: "Needs 1 more approval"."""
    given = len(_approvers(view))
    missing = max(view.request.quorum - given, 1)
    return f"Needs {missing}{' more' if given else ''} {'approval' if missing == 1 else 'approvals'}"


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
        return [Line(label="Identity check", text=IDENTIFIED[view.payload.identified])]
    if view.payload and view.payload.private:
        labels = ", ".join(label.lower() for label, _ in view.payload.private)
        return [Line(label="Private (open Details)", text=labels)]
    return []


def _question(view: RequestView) -> str:
    """Return what *Approve* asks before it counts."""
    money, whose = view.payload.moved_money if view.payload else None, view.snapshot.holder_name or "this card"
    asked = f"{money} for {whose}" if money else view.action.title.lower()
    return f"Approve {_cut(asked, _QUESTION_ROOM)}?"


def _cut(text: str, room: int) -> str:
    """Return a text on one line, as far as there is room for it; Details have all of it."""
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[: room - 1].rstrip()}…"


def _money(view: RequestView) -> MoneyFacts | None:
    money = view.payload.moved_money if view.payload else None
    if money is None:
        return None
    return MoneyFacts(
        amount=str(money),
        balance=change_balance(view.snapshot.balance, money, more=True),
        partner_balance=change_balance(view.snapshot.partner_balance, money, more=False),
        day=str(view.day) if view.day else "",
        limits=[_limit(state) for state in view.limits],
    )


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
        return "no second person needed"
    nouns = [_PEOPLE.get(role, (role, role))[rule.quorum != 1] for role in rule.approvers]
    proof = ", and a passkey" if rule.step_up else ""
    return f"needs {rule.quorum} {' or '.join(nouns)}, not the requester{proof}"


def _other(row: Request) -> OtherRequestRow:
    title = find_action(row.action).title
    return OtherRequestRow(request=row.id, phrase=row.phrase, status=row.status, action=row.action, title=title)
