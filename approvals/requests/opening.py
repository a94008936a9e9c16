"""Opens a request: what is asked for, under which rule, and whether anybody may ask for it now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session

from approvals.actions.payloads import ApplyPayload, Payload
from approvals.actions.snapshot import Snapshot, name_card
from approvals.actions.table import Action, find_action
from approvals.actions.usability import refuse_unreviewed, refuse_unusable
from approvals.audit import chain, row_macs
from approvals.canonical_json import canonical_json
from approvals.context import ApprovalContext
from approvals.free_text import refuse_card_number
from approvals.messages import notices
from approvals.messages.request_message import make_request_message
from approvals.policy.approver_search import MoreApproversNeeded
from approvals.policy.eligibility import count_able, judge_decider, refuse_changer
from approvals.policy.limits import read_limit_states
from approvals.policy.people import Member, Person, SamePerson, accounts_of, admit, require_role
from approvals.policy.rules import NothingAllows, Rule, apply_limits, choose_rule, to_json
from approvals.refusals import Refusal
from approvals.requests.deadlines import REMINDERS
from approvals.requests.digest import check_phrase, digest_of
from approvals.requests.duplicates import Matter, refuse_excluded, refuse_repeated
from approvals.requests.move import approve, move, note
from approvals.requests.recent_past import find_recent_changes, follow
from approvals.requests.view import read_view
from approvals.statuses import Status
from approvals.tables import REQUEST_TABLE, Request


class Unfit(Refusal):
    """This can’t be requested: {what}."""


class OtherCard(Refusal):
    """The card changed while we checked. Try again."""


class NobodyCanDecide(Refusal):
    """This needs {quorum} by {roles}, but {able} can approve. Ask an admin."""


@dataclass(frozen=True, kw_only=True)
class NewRequest:
    """What somebody asks for. `snapshot` was taken just before; `members` are the people of the approver roles.

    They are ids by role. `is_cut`: there may be more of them; `trouble`: Slack did not say who else there is.

    `asked_in` is the channel of the command; `follows` means that the requester is not in the approvals channel
    and gets a copy of the request message. `again` is their answer to AskAgain.
    `correlation`, a new id, becomes that of the request and ends its reference; without it one is made.
    """

    action: str
    payload: Mapping[str, Any] = field(repr=False)
    snapshot: Snapshot
    members: Mapping[str, frozenset[str]]
    is_cut: bool = False
    trouble: Refusal | None = None
    asked_in: str = ""
    follows: bool = False
    again: bool = False
    correlation: str = ""


def open_request(
    session: Session, context: ApprovalContext, *, new_request: NewRequest, member: Member, now: datetime
) -> Request:
    """Open a request, post its message and return it; raises a Refusal, or MoreApproversNeeded.

    A rule that needs no second person approves it at once, and then it may be carried out.
    """
    action, payload = check_new_request(session, context, new_request=new_request, member=member)
    money = payload.moved_money
    rule = _rule(session, context, action=action, payload=payload, member=member, now=now)
    changers = find_recent_changes(
        session, context, action=action.name, cardholder_id=new_request.snapshot.holder_id, now=now
    ).ids
    # Without a second person, the requester decides.
    if action.is_delicate or (rule.lifted and not action.changes_cardholder):
        refuse_changer(member.person.known_ids, changers=changers)
    if not rule.lifted:
        _refuse_impossible(context, rule, new_request=new_request, member=member, changers=changers)
    # After the refusals: somebody who answers "yes, again" must not be refused only then.
    if not new_request.again:
        refuse_repeated(session, context, action=action, payload=payload, now=now)
    request = _make(
        context, action=action, payload=payload, rule=rule, new_request=new_request, member=member, now=now
    )
    request.mac = row_macs.sign_request(request, macs=context.macs)
    session.add(request)
    session.flush()
    # Nothing personal: the trail is kept for ever, out of the reach of retention.
    shown = {"action": action.name, "subject": payload.subject, "rule": rule.name, "money": str(money or "")}
    actor, proofs = member.person.account, {"request": request.mac}
    note(session, context, request, "approval:opened", actor=actor, now=now, facts=shown, proofs=proofs)
    if rule.lifted:
        _lift(session, context, request, rule=rule, member=member, now=now)
    message = make_request_message(read_view(session, context, request, now=now))
    notices.post_request_message(session, context.outbox, request, facts=message, now=now)
    return request


def check_new_request(
    session: Session, context: ApprovalContext, *, new_request: NewRequest, member: Member
) -> tuple[Action, Payload]:
    """Return what is asked for, if this person may ask for it now; raises a Refusal."""
    # One request after the other on all replicas: else two of them could pass a limit, or be the same one twice.
    chain.lock(session)
    action = find_action(new_request.action)
    admit(member.person)
    require_role(member, roles=action.requesters)
    payload = parse_payload(new_request.action, new_request.payload)
    # The snapshot was taken before this transaction: it must be about the same card.
    if payload.subject != new_request.snapshot.subject:
        raise OtherCard
    refuse_unusable(action, new_request.snapshot)
    refuse_unreviewed(action, new_request.snapshot)
    matter = Matter.of(action, payload, cardholder_id=new_request.snapshot.holder_id)
    refuse_excluded(session, matter, key=context.audit_key)
    return action, payload


def parse_payload(action: str, values: Mapping[str, Any]) -> Payload:
    """Return the payload with these values; raises UnknownAction, HoldsCardNumber, or Unfit with what is wrong."""
    # The payload's validators would refuse it too, but without saying that nothing was stored.
    for text in _texts(values):
        refuse_card_number(text)
    try:
        return find_action(action).payload.model_validate(dict(values))
    except ValidationError as error:
        # Without the input: it may be a secret that was typed into the wrong field.
        first = error.errors(include_input=False, include_url=False)[0]
        what = ": ".join(str(part) for part in (*first["loc"], first["msg"].removeprefix("Value error, ")))
        raise Unfit(what=what) from error


def _texts(value: object) -> Iterator[str]:
    """Yield every text in the values, at any depth."""
    match value:
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case _:
            yield str(value)


def _rule(
    session: Session, context: ApprovalContext, *, action: Action, payload: Payload, member: Member, now: datetime
) -> Rule:
    rule = choose_rule(context.policy.rules, action=action.name, money=payload.moved_money)
    # Also checked when cardops.yml is read; a payload that moves money must not depend on that alone.
    if rule.lifted and action.always:
        raise NothingAllows
    states = read_limit_states(
        session,
        context.policy,
        action=action.name,
        money=payload.moved_money,
        requester=member.person.known_ids,
        card_id=payload.subject,
        now=now,
        proven=tuple(follow(session, context, now=now).spendings.values()),
    )
    return apply_limits(rule, states)


def _lift(
    session: Session, context: ApprovalContext, request: Request, *, rule: Rule, member: Member, now: datetime
) -> None:
    """Let the rule approve the request, before its message is posted with buttons."""
    words = f"The rule “{rule.name}” needs nobody else."
    move(
        session,
        context,
        request,
        "approval:lifted",
        actor=member.person.account,
        words=words,
        why=words,
        now=now,
        **approve(request, within=rule.execute_within, macs=context.macs, now=now),
    )


def _refuse_impossible(
    context: ApprovalContext, rule: Rule, *, new_request: NewRequest, member: Member, changers: frozenset[str]
) -> None:
    """Refuse a request that could only expire, because too few people could approve it."""
    able = count_able(
        judge_decider(each, rule=rule, requester=member.person.id, changers=changers)
        for each in _list_members(new_request.members, same_person=context.same_person)
    )
    if able < rule.quorum:
        if new_request.is_cut:
            raise MoreApproversNeeded(people=rule.quorum + len(changers))
        if new_request.trouble is not None:
            raise new_request.trouble
        raise NobodyCanDecide(
            quorum="1 approval" if rule.quorum == 1 else f"{rule.quorum} approvals",
            roles=" or ".join(rule.approvers),
            able="nobody" if not able else "only 1 person" if able == 1 else f"only {able} people",
        )


def _list_members(people_by_role: Mapping[str, frozenset[str]], *, same_person: SamePerson) -> list[Member]:
    """Return the people who have any role, each with all their roles; they are active members already."""
    ids = sorted(frozenset[str]().union(*people_by_role.values()))
    return [
        Member(
            person=Person(id=each, account=each, accounts=accounts_of(each, same_person=same_person)),
            roles=frozenset(role for role, people in people_by_role.items() if each in people),
        )
        for each in ids
    ]


def _make(
    context: ApprovalContext,
    *,
    action: Action,
    payload: Payload,
    rule: Rule,
    new_request: NewRequest,
    member: Member,
    now: datetime,
) -> Request:
    request_id, person = new_request.correlation or context.make_id(), member.person
    now = now.astimezone(UTC)  # adding hours to a local time would follow its summer time
    content, rule_content = to_json(payload), to_json(rule)
    # Now, so that a lost answer can be asked about; with the id in it, so that either finds both in the log.
    reference = context.reference_prefix + request_id
    bound: dict[str, Any] = {"action": action.name, "payload": content, "rule": rule_content}
    digest = digest_of(**bound, requester_id=person.id, reference=reference)
    shown = {"summary": summarise(action, payload, new_request.snapshot), "card": to_json(new_request.snapshot)}
    money, channel = payload.moved_money, rule.channel or context.channel

    return Request(
        id=request_id,
        action=action.name,
        subject=payload.subject,
        new_card=payload.new_card,
        payload=_seal(context, content, row=request_id, column="payload"),
        shown=_seal(context, shown, row=request_id, column="shown"),
        digest=digest,
        phrase=check_phrase(digest),
        requester_id=person.id,
        requester_account=person.account,
        requester_name=person.display_name,
        asked_in=new_request.asked_in,
        told=f"{channel} {person.account}" if new_request.follows else channel,
        rule=canonical_json(rule_content).decode(),
        rule_name=rule.name,
        quorum=rule.quorum,
        roles=f",{','.join(rule.approvers)},",
        currency=money.currency if money else None,
        amount_minor=money.minor if money else None,
        cardholder_id=new_request.snapshot.holder_id,
        reference=reference,
        status=Status.PENDING.value,
        version=1,
        created_at=now,
        decide_by=now + rule.decide_within,
        remind_at=now + rule.decide_within * REMINDERS[0],
    )


def _seal(context: ApprovalContext, value: Any, *, row: str, column: str) -> bytes:
    # Bound to this row: a payload that somebody copies into another request does not open there.
    return context.vault.seal(canonical_json(value), table=REQUEST_TABLE, row=row, column=column)


def summarise(action: Action, payload: Payload, asked: Snapshot) -> str:
    """Return the line that people are shown: what, how much, whose card."""
    if not asked.card_id:
        whom = asked.holder_name or asked.holder_id
        what = payload.what if isinstance(payload, ApplyPayload) else ""
        return f"{action.title}: {what}{' for ' if what and whom else ''}{whom}"
    card = name_card(asked)
    if asked.second is not None:
        return f"{action.title}: {card} → {name_card(asked.second)}"
    return f"{action.title} {payload.moved_money} to {card}" if payload.moved_money else f"{action.title}: {card}"
