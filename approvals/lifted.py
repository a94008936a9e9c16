"""What policy lets one person do alone: done at once, once, with every step in the audit trail."""

from datetime import datetime

from sqlmodel import Session, col, select

from approvals import audit
from approvals.actions import find_action
from approvals.desk import Desk
from approvals.digest import digest_of
from approvals.execution import Work
from approvals.opening import AskAgain, Wish, check_wish, read_payload, summarise
from approvals.outcomes import Outcome, Result
from approvals.people import Standing
from approvals.policy import NothingAllows, as_json, find_rule
from approvals.rules import write_moment
from approvals.tables import AuditEvent, CardholderChange

STARTED = "action:started_alone"


def is_lifted(desk: Desk, *, wish: Wish) -> bool:
    """Whether policy lets it be done without a second person; raises NothingAllows, UnknownAction and Unfit."""
    payload = read_payload(wish.action, wish.payload)
    return find_rule(desk.policy.rules, action=wish.action, money=payload.moves).lifted


def begin(session: Session, desk: Desk, *, wish: Wish, standing: Standing, now: datetime) -> tuple[Work, str]:
    """Write down what one person is about to do alone; commit before it is sent. Raises a Refusal.

    Returns what to send, and the sentence that says what it is.
    """
    action, payload = check_wish(session, wish=wish, standing=standing)
    rule = find_rule(desk.policy.rules, action=action.name, money=payload.moves)
    if action.always or not rule.lifted:
        raise NothingAllows
    content = as_json(payload)
    digest = digest_of(action=action.name, payload=content, requester_id=standing.person.id, rule=as_json(rule))
    if not wish.again:
        _ask_again(session, desk, action=action.name, subject=payload.subject, standing=standing, now=now)
    work = Work(
        request_id="",
        lease="",
        action=action.name,
        payload=payload,
        reference=desk.make_id(),
        send_before=now + desk.send_within,
    )
    facts = {"action": action.name, "rule": rule.name, "reference": work.reference, "digest": digest}
    audit.append(
        session,
        STARTED,
        key=desk.audit_key,
        actor=standing.person.account,
        subject=payload.subject,
        facts=facts,
        now=now,
    )
    return work, summarise(action, payload, wish.card)


def record(
    session: Session,
    desk: Desk,
    *,
    work: Work,
    outcome: Outcome,
    standing: Standing,
    now: datetime,
) -> None:
    """Write down what became of it; unknown is not failed."""
    if find_action(work.action).changes_cardholder and outcome.result in (Result.EXECUTED, Result.UNKNOWN):
        change = CardholderChange(
            id=work.reference,
            cardholder_id=work.payload.subject,
            person_id=standing.person.id,
            changed_at=now,
        )
        session.add(change)
        session.flush()
    audit.append(
        session,
        f"action:{outcome.result}_alone",
        key=desk.audit_key,
        actor=standing.person.account,
        subject=work.payload.subject,
        facts={"action": work.action, "reference": work.reference, "why": outcome.words},
        now=now,
    )


def _ask_again(
    session: Session, desk: Desk, *, action: str, subject: str, standing: Standing, now: datetime
) -> None:
    rows = session.exec(
        select(AuditEvent)
        .where(AuditEvent.subject == subject, AuditEvent.event == STARTED)
        .where(col(AuditEvent.happened_at) > now - desk.ask_again_within)
        .order_by(col(AuditEvent.seq).desc())
    )
    for row in rows:
        if f'"action":"{action}"' in row.facts:
            who = "you" if row.actor == standing.person.account else "somebody else"
            raise AskAgain(when=write_moment(row.happened_at), who=who)
