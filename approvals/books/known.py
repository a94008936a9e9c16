"""Two people agree that a difference is known: a reason each, and one human counts once."""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from approvals.audit import chain
from approvals.audit.row_macs import MacUse
from approvals.books.differences import describe_reference, reply, update_message
from approvals.books.notices import SaidRow
from approvals.books.tables import BooksDifference, BooksSaid
from approvals.canonical_json import canonical_json
from approvals.context import ApprovalContext
from approvals.free_text import require_reason
from approvals.policy.people import Member, admit, count_people, require_role
from approvals.refusals import Refusal
from approvals.tables import Request

AGREERS = ("manager", "oncall")
_PEOPLE = 2  # like a settlement: nobody explains a difference away alone


class NoSuchDifference(Refusal):
    """No such difference."""


class OverAlready(Refusal):
    """This difference is already {state}."""


class SaidAlready(Refusal):
    """You already confirmed. We need a second person."""


class AskedForIt(Refusal):
    """You requested this top-up, so two others have to confirm the difference."""


def require_open(
    session: Session, context: ApprovalContext, *, difference_id: str, member: Member, to_change: bool = False
) -> BooksDifference:
    """Return a difference on which this person may say a word; raises a Refusal."""
    admit(member.person)
    require_role(member, roles=AGREERS)
    query = select(BooksDifference).where(BooksDifference.id == difference_id)
    row = session.exec(query.with_for_update() if to_change else query).first()
    if row is None:
        raise NoSuchDifference
    if row.gone_at or row.known_at:
        raise OverAlready(state="gone" if row.gone_at else "known")
    request = session.get(Request, row.request_id) if row.request_id else None
    # As in a settlement: who asked for the money does not say that its trace is all right.
    if request and member.person.is_known_as(request.requester_id, request.requester_account):
        raise AskedForIt
    if any(member.person.is_known_as(said.person_id, said.account) for said in read_said(session, context, row)):
        raise SaidAlready
    return row


def say_known(
    session: Session,
    context: ApprovalContext,
    *,
    difference_id: str,
    member: Member,
    reason: str,
    now: datetime,
) -> BooksDifference:
    """Count one person's word; the difference is known when two people said so. Raises a Refusal."""
    require_reason(reason)
    row = require_open(session, context, difference_id=difference_id, member=member, to_change=True)
    person = member.person
    said = BooksSaid(
        difference_id=row.id,
        person_id=person.id,
        account=person.account,
        name=person.display_name,
        reason=reason.strip(),
        said_at=now,
        mac="",
    )
    said.mac = context.macs.sign(MacUse.KNOWN, _describe(row, said))
    session.add(said)
    session.flush()
    words = read_said(session, context, row)
    if count_people([each.account for each in words], same_person=context.same_person) >= _PEOPLE:
        row.known_at = now
        session.add(row)
    shown = [SaidRow(by=each.account, reason=each.reason, at=each.said_at) for each in words]
    update_message(session, context, row, said=shown, now=now)
    state = "known" if row.known_at else "said"
    reply(session, context, row, state=state, now=now, by=said.account, reason=said.reason)
    chain.append(
        session,
        "books:known" if row.known_at else "books:said_known",
        key=context.audit_key,
        actor=said.account,
        subject=f"books:{row.id}",
        facts={"kind": row.kind, "money": row.money, "reason": said.reason},
        proofs=describe_reference(row),
        now=now,
    )
    return row


def read_said(session: Session, context: ApprovalContext, row: BooksDifference) -> list[BooksSaid]:
    """Return what people said of a difference, in their order, without what has no valid MAC."""
    query = select(BooksSaid).where(BooksSaid.difference_id == row.id)
    found = session.exec(query.order_by(col(BooksSaid.said_at), col(BooksSaid.person_id))).all()
    return [said for said in found if context.macs.fits(said.mac, MacUse.KNOWN, _describe(row, said))]


def _describe(row: BooksDifference, said: BooksSaid) -> bytes:
    content = {
        # What differs, too: else a word about one difference could be moved to the row of another.
        "difference": row.identity,
        "id": row.id,
        "person": said.person_id,
        "account": said.account,
        "reason": said.reason,
        "at": said.said_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return canonical_json(content)
