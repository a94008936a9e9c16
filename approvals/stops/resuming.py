"""Resumes what is stopped: two people say so, and one of them may be the stopper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from approvals.audit import row_macs
from approvals.context import ApprovalContext
from approvals.free_text import LONGEST_REASON, ReasonNeeded, refuse_card_number
from approvals.policy.eligibility import SelfApproval, require_eligible
from approvals.policy.people import Member, SamePerson, count_people
from approvals.refusals import Refusal
from approvals.stops import notices, standing
from approvals.stops.evidence import ASKED, RESUMED, StandingStop, StopEvidence
from approvals.stops.stopping import STOPPERS, note
from approvals.tables import Resumption

WORD_COUNTS_FOR = timedelta(hours=1)  # two people mean the same moment, not one today and one next week


class NothingStopped(Refusal):
    """Nothing of this is stopped."""

    is_recorded = False


class ResumesAlone(Refusal):
    """You already confirmed. We need a second person."""


@dataclass(frozen=True, kw_only=True)
class ResumeResult:
    """What goes on from now on, and what still waits for a second person."""

    resumed: Sequence[StandingStop]
    asked: Sequence[StandingStop]


def find_speakers(session: Session, context: ApprovalContext, *, now: datetime) -> frozenset[str]:
    """Return the accounts of those who said lately that a stop shall end, to read who they are now."""
    evidence = standing.read_evidence(session, context)
    return frozenset(word.account for word in evidence.words if word.said_at > now - WORD_COUNTS_FOR)


def resume(
    session: Session,
    context: ApprovalContext,
    *,
    stop_ids: Sequence[str],
    member: Member,
    members_by_account: Mapping[str, Member],
    reason: str,
    now: datetime,
) -> ResumeResult:
    """Count one person's word for resuming these stops; raises a Refusal.

    `members_by_account` are those of `find_speakers` as they are now: an earlier word counts only if its person
    could say it today.
    """
    standing.lock_for_change(session)
    require_eligible(member, requester=(), role_lists=(STOPPERS,))
    refuse_card_number(reason)
    if len(reason.strip()) > LONGEST_REASON:
        raise ReasonNeeded
    evidence = standing.read_evidence(session, context)
    wanted = [stop for stop in evidence.find_standing() if stop.id in stop_ids]
    if not wanted:
        raise NothingStopped
    resumed: list[StandingStop] = []
    asked: list[StandingStop] = []
    alone = 0
    for stop in wanted:
        earlier = _find_earlier(evidence, stop, members_by_account=members_by_account, now=now)
        try:
            seconded = _find_second(earlier, member, same_person=context.same_person)
        except SelfApproval:
            alone += 1
            continue
        _say(session, context, stop, seconded=seconded, earlier=earlier, member=member, reason=reason, now=now)
        (resumed if seconded else asked).append(stop)
    if alone == len(wanted):
        raise ResumesAlone
    return ResumeResult(resumed=resumed, asked=asked)


def _find_earlier(
    evidence: StopEvidence, stop: StandingStop, *, members_by_account: Mapping[str, Member], now: datetime
) -> list[tuple[Resumption, Member]]:
    """Return the words that still count, each with its person as they are now."""
    earlier = []
    for word in evidence.find_words(stop.id, since=now - WORD_COUNTS_FOR):
        speaker = members_by_account.get(word.account)
        try:
            # None: Slack does not say who it is now, so the word does not count.
            if speaker is not None:
                require_eligible(speaker, requester=(), role_lists=(STOPPERS,))
                earlier.append((word, speaker))
        except Refusal:
            continue  # this person could not say it today
    return earlier


def _find_second(
    earlier: Sequence[tuple[Resumption, Member]], member: Member, *, same_person: SamePerson
) -> Resumption | None:
    """Return the word of somebody else; raises SelfApproval where there are only this person's own."""
    others = [
        word
        for word, speaker in earlier
        if count_people((word.account, member.person.account), same_person=same_person) > 1
        # Both ways: either may have been stored before the accounts were joined to one person.
        and not member.person.is_known_as(word.person_id, word.account)
        and not speaker.person.is_known_as(member.person.id, member.person.account)
    ]
    if earlier and not others:
        raise SelfApproval
    return others[0] if others else None


def _say(
    session: Session,
    context: ApprovalContext,
    stop: StandingStop,
    *,
    seconded: Resumption | None,
    earlier: Sequence[tuple[Resumption, Member]],
    member: Member,
    reason: str,
    now: datetime,
) -> None:
    word = Resumption(
        id=context.make_id(),
        stop_id=stop.id,
        person_id=member.person.id,
        account=member.person.account,
        name=member.person.display_name,
        reason=reason.strip(),
        said_at=now,
        mac="",
    )
    word.mac = row_macs.sign_resumption(word, macs=context.macs)
    session.add(word)
    session.flush()
    words = [*([seconded] if seconded else [row for row, _ in earlier]), word]
    notices.update_stop(session, context, stop, words=words, resumed_at=now if seconded else None, now=now)
    facts = {"reason": word.reason, "by": [row.account for row in words]}
    said = {"word": word.id} if seconded is None else {"words": [row.id for row in words]}
    event, proofs = RESUMED if seconded else ASKED, {"stop": stop.id, "mac": word.mac, **said}
    note(session, context, event, actor=word.account, now=now, facts=facts, proofs=proofs)
