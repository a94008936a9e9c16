"""Passkeys of people: enrolled by themselves, approved by another admin, removed at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from approvals.audit import chain
from approvals.audit.row_macs import MacUse, write_row
from approvals.context import ApprovalContext
from approvals.free_text import refuse_card_number
from approvals.policy.people import Member, admit, require_role
from approvals.refusals import Refusal
from approvals.step_up.assertions import NewKey
from approvals.step_up.notices import PasskeyNews
from approvals.step_up.states import (
    APPROVED,
    PASSKEY_COLUMNS,
    REMOVED,
    REMOVED_EVENT,
    WORD_COLUMNS,
    find_state,
    find_states,
    subject_of_key,
)
from approvals.step_up.tables import Passkey, PasskeyUse, PasskeyWord

ENROLLED_EVENT, APPROVED_EVENT = "passkey:enrolled", "passkey:approved"
MOST_LABEL = 60  # characters
_OPERATOR = "operator:"


class OwnPasskey(Refusal):
    """This passkey is yours: another admin has to approve it."""


class PasskeyOver(Refusal):
    """This passkey is {state} already."""


class PasskeyThere(Refusal):
    """This passkey is enrolled already."""


@dataclass(frozen=True, kw_only=True)
class _Speaker:
    """Who speaks about a key: a person in Slack, or an operator on the machine."""

    person_id: str
    account: str
    name: str

    @classmethod
    def of(cls, member: Member) -> "_Speaker":
        person = member.person
        return cls(person_id=person.id, account=person.account, name=person.display_name)

    @classmethod
    def operator(cls, operator: str) -> "_Speaker":
        return cls(person_id=operator, account=operator, name=operator.removeprefix(_OPERATOR))


def enrol(
    session: Session, context: ApprovalContext, *, member: Member, new: NewKey, label: str, now: datetime
) -> Passkey:
    """Keep a new key, which counts once another admin has approved it; raises a Refusal."""
    admit(member.person)
    refuse_card_number(label)
    if session.get(Passkey, new.id) is not None:
        raise PasskeyThere
    row = Passkey(
        id=new.id,
        fingerprint=_fingerprint(new),
        person_id=member.person.id,
        account=member.person.account,
        name=member.person.display_name,
        public_key=new.public_key,
        maker=new.maker,
        is_synced=new.is_synced,
        label=" ".join(label.split())[:MOST_LABEL],
        enrolled_at=now,
        mac="",
    )
    row.mac = context.macs.sign(MacUse.PASSKEY, write_row(row, PASSKEY_COLUMNS))
    session.add(row)
    session.add(PasskeyUse(passkey_id=row.id, count=new.count, used_at=now))
    session.flush()
    says = f"<@{row.account}> enrolled the passkey {row.fingerprint} ({row.label or 'no words'})."
    typed = f"/cardops passkey approve {row.fingerprint}"
    todo = f"It counts once an admin other than them has compared it and typed: {typed}"
    _tell(session, context, row, "A new passkey waits", says, todo=todo, admins=True, now=now)
    _note(session, context, ENROLLED_EVENT, row, actor=row.account, now=now, label=row.label)
    return row


def approve(
    session: Session, context: ApprovalContext, *, fingerprint: str, member: Member, now: datetime
) -> Passkey:
    """Let a key count; an admin other than its owner says so. Raises a Refusal."""
    admit(member.person)
    require_role(member, roles=("admin",))
    state = find_state(session, context, fingerprint=fingerprint)
    if member.person.is_known_as(state.passkey.person_id, state.passkey.account):
        raise OwnPasskey
    if state.is_removed or state.approved_by:
        raise PasskeyOver(state=REMOVED if state.is_removed else APPROVED)
    account = member.person.account
    _say(session, context, state.passkey, APPROVED, by=_Speaker.of(member), reason="", now=now)
    says = f"<@{account}> approved your passkey {fingerprint}: it counts from now on."
    _tell(session, context, state.passkey, "Your passkey counts", says, owner=True, now=now)
    _note(session, context, APPROVED_EVENT, state.passkey, actor=account, now=now)
    return state.passkey


def remove(
    session: Session,
    context: ApprovalContext,
    *,
    fingerprint: str,
    member: Member,
    reason: str,
    now: datetime,
) -> Passkey:
    """Let a key count no more, at once: its owner or an admin says so. Raises a Refusal."""
    admit(member.person)
    state = find_state(session, context, fingerprint=fingerprint)
    if not member.person.is_known_as(state.passkey.person_id, state.passkey.account):
        require_role(member, roles=("admin",))
    if state.is_removed:
        raise PasskeyOver(state=REMOVED)
    account = member.person.account
    _say(session, context, state.passkey, REMOVED, by=_Speaker.of(member), reason=reason, now=now)
    return _end(session, context, state.passkey, by=f"<@{account}>", actor=account, now=now)


def reset(
    session: Session, context: ApprovalContext, *, account: str, operator: str, reason: str, now: datetime
) -> int:
    """Remove all keys of a person, from the machine; return how many. Nobody can be locked out for good."""
    found = [each for each in find_states(session, context, accounts=(account,)) if not each.is_removed]
    for state in found:
        _say(session, context, state.passkey, REMOVED, by=_Speaker.operator(operator), reason=reason, now=now)
        _end(session, context, state.passkey, by=f"{operator}, on the machine: {reason}", actor=operator, now=now)
    return len(found)


def approve_as_operator(
    session: Session, context: ApprovalContext, *, fingerprint: str, operator: str, reason: str, now: datetime
) -> Passkey:
    """Let a key count by the word of somebody at the machine, where no other admin is left; raises a Refusal."""
    state = find_state(session, context, fingerprint=fingerprint)
    if state.is_removed or state.approved_by:
        raise PasskeyOver(state=REMOVED if state.is_removed else APPROVED)
    _say(session, context, state.passkey, APPROVED, by=_Speaker.operator(operator), reason=reason, now=now)
    says = f"{operator} approved the passkey {fingerprint} of <@{state.passkey.account}> on the machine: {reason}"
    todo = "If nobody of you did this, remove it and look at who can log in there."
    _tell(
        session,
        context,
        state.passkey,
        "A passkey was approved on the machine",
        says,
        todo=todo,
        admins=True,
        owner=True,
        now=now,
    )
    _note(session, context, APPROVED_EVENT, state.passkey, actor=operator, now=now, reason=reason)
    return state.passkey


def _say(
    session: Session,
    context: ApprovalContext,
    key: Passkey,
    word: str,
    *,
    by: _Speaker,
    reason: str,
    now: datetime,
) -> None:
    row = PasskeyWord(
        passkey_id=key.id,
        word=word,
        person_id=by.person_id,
        account=by.account,
        name=by.name,
        reason=reason,
        said_at=now,
        mac="",
    )
    row.mac = context.macs.sign(MacUse.PASSKEY_WORD, write_row(row, WORD_COLUMNS))
    session.add(row)
    session.flush()


def _end(
    session: Session, context: ApprovalContext, key: Passkey, *, by: str, actor: str, now: datetime
) -> Passkey:
    says = f"The passkey {key.fingerprint} of <@{key.account}> was removed by {by}. It proves nothing any more."
    todo = "What it has approved and was not carried out yet needs another approval."
    _tell(session, context, key, "A passkey was removed", says, todo=todo, admins=True, owner=True, now=now)
    _note(session, context, REMOVED_EVENT, key, actor=actor, now=now)
    return key


def _tell(
    session: Session,
    context: ApprovalContext,
    key: Passkey,
    headline: str,
    says: str,
    *,
    todo: str = "",
    admins: bool = False,
    owner: bool = False,
    now: datetime,
) -> None:
    facts = PasskeyNews(headline=headline, says=says, todo=todo, at=now)
    # No admin is named where on-call's channel already gets what is for them.
    others = context.alarms.admins or context.alarms.channels
    recipients = [*(others if admins else ()), *((key.account,) if owner else ())]
    for recipient in dict.fromkeys(recipients):
        context.outbox.enqueue(session, kind=facts.template, facts=facts, recipient=recipient, now=now)


def _note(
    session: Session,
    context: ApprovalContext,
    event: str,
    key: Passkey,
    *,
    actor: str,
    now: datetime,
    **facts: Any,
) -> None:
    chain.append(
        session,
        event,
        key=context.audit_key,
        actor=actor,
        subject=subject_of_key(key),
        facts={"of": key.account, "fingerprint": key.fingerprint, **facts},
        proofs={"passkey": key.mac},
        now=now,
    )


def _fingerprint(new: NewKey) -> str:
    digits = hashlib.sha256(f"{new.id}\0{new.public_key}".encode()).hexdigest()[:16]
    return "-".join(digits[place : place + 4] for place in range(0, 16, 4))
