"""Whether a decision is proved by a passkey of its person: when it is made, and again before it is carried out."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from approvals.context import ApprovalContext
from approvals.policy.people import Member
from approvals.policy.rules import Rule
from approvals.refusals import Refusal
from approvals.step_up import states
from approvals.step_up.assertions import Assertion, ProofRefused, RelyingParty, check_assertion, make_challenge
from approvals.step_up.tables import Passkey, PasskeyUse
from approvals.tables import Decision

PASSKEY = "passkey"


class PasskeyNeeded(Refusal):
    """This takes your passkey, on our own page."""

    is_recorded = False


class NoPasskey(Refusal):
    """This takes a passkey, and you have none that counts. Enrol one with /cardops passkey."""


class ProofMissing(Refusal):
    """The rule asks for a passkey, and no valid proof of one is kept."""


@dataclass(frozen=True, kw_only=True)
class ProofSubject:
    """What is to be proved: that this person says this verdict on this content."""

    digest: str
    member: Member
    verdict: str


def needs_passkey(*rules: Rule) -> bool:
    """Whether one of these rules asks for a passkey."""
    return any(rule.step_up == PASSKEY for rule in rules)


def require_proof(
    session: Session,
    context: ApprovalContext,
    *,
    subject: ProofSubject,
    assertion: Assertion | None,
    now: datetime,
) -> str:
    """Return what a decision keeps of its proof; raises PasskeyNeeded, NoPasskey or ProofRefused."""
    found = {key.id: key for key in states.find_active(session, context, account=subject.member.person.account)}
    if not found:
        raise NoPasskey
    if assertion is None:
        raise PasskeyNeeded
    key = found.get(assertion.credential)
    if key is None:
        raise ProofRefused(what="it is no passkey of yours that counts")
    use = session.get(PasskeyUse, key.id, with_for_update=True)
    # Each has one since it was enrolled, and the database deletes none.
    if use is None:
        raise ProofRefused(what="how often it was used is not known any more: remove it and enrol again")
    count = _check(
        context,
        assertion,
        key,
        digest=subject.digest,
        person=subject.member.person.id,
        verdict=subject.verdict,
        count=use.count,
    )
    use.count, use.used_at = count, now
    session.add(use)
    return assertion.write()


def require_stored_proof(session: Session, context: ApprovalContext, decision: Decision) -> None:
    """Check the kept proof of a decision once more, by the keys that count now; raises ProofMissing."""
    if not decision.step_up:
        raise ProofMissing
    try:
        assertion = Assertion.read(decision.step_up)
        row = session.get(Passkey, assertion.credential)
        state = None if row is None else states.judge(session, context, row)
        if state is None or not state.is_active or state.passkey.person_id != decision.person_id:
            raise ProofMissing
        _check(
            context,
            assertion,
            state.passkey,
            digest=decision.digest,
            person=decision.person_id,
            verdict=decision.verdict,
            count=0,  # others were made with this key since
        )
    except ProofRefused as error:
        raise ProofMissing from error


def _check(
    context: ApprovalContext,
    assertion: Assertion,
    key: Passkey,
    *,
    digest: str,
    person: str,
    verdict: str,
    count: int,
) -> int:
    challenge = make_challenge(digest=digest, person=person, verdict=verdict, nonce=assertion.nonce)
    party = RelyingParty(origin=context.public_url)
    return check_assertion(assertion, public_key=key.public_key, challenge=challenge, party=party, count=count)
