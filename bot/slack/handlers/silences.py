"""What `/cardops silence` and its buttons do."""

from collections.abc import Sequence

from approvals.audit import chain
from approvals.policy.people import Member
from approvals.refusals import Refusal
from bot.jobs.silence_ends import note_silence_end
from bot.slack.declarations import Click, Typed, take_text, told
from bot.slack.payloads import Incoming
from bot.wiring.dependencies import Parts, require_any
from commands.cardops import silences
from commands.cardops.silences import SilenceHeldReply, SilenceRow, SilencesReply
from commands.reading.arguments import no_more
from commands.slash_command import Reply
from notifier.routing import silences as silencing
from notifier.routing.tables import Silence


class SilenceOver(Refusal):
    """This silence has ended already."""

    is_recorded = False


def _silence(parts: Parts, _incoming: Incoming, member: Member, words: Sequence[str]) -> Reply:
    wish = silences.read_silence(words)
    now = parts.clock.now()
    with parts.database.writing() as session:
        silence = silencing.begin(
            session,
            wish.matcher,
            owner=member.person.account,
            reason=wish.reason,
            until=now + wish.lasts,
            routes=parts.routes,
            outbox=parts.outbox,
            now=now,
        )
        chain.append(
            session,
            "silence:began",
            key=parts.context.audit_key,
            actor=member.person.account,
            subject=silence.id,
            facts={"matcher": str(wish.matcher), "reason": wish.reason, "until": silence.ends_at.isoformat()},
            now=now,
        )
    parts.wake_deliverer()
    return _list(parts)


def _silences(parts: Parts, _incoming: Incoming, _standing: Member, words: Sequence[str]) -> Reply:
    no_more(words, form="/cardops silences")
    return _list(parts)


def _list(parts: Parts) -> SilencesReply:
    with parts.database.reading() as session:
        rows = [
            SilenceRow(
                id=silence.id,
                matcher=str(silencing.read_matcher(silence)),
                owner=silence.owner,
                reason=silence.reason,
                until=silence.ends_at,
                held=held,
            )
            for silence, held in silencing.list_silences(session)
        ]
    return SilencesReply(rows=rows)


def _click_end(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, silences.SILENCERS)
    silence_id, by = take_text(incoming.value, "silence"), member.person.account
    try:
        with parts.database.writing() as session:
            silence, held = silencing.end(
                session,
                silence_id,
                by=by,
                routes=parts.routes,
                outbox=parts.outbox,
                now=parts.clock.now(),
            )
            note_silence_end(session, silence, held, key=parts.context.audit_key, actor=by, now=parts.clock.now())
    except silencing.NoSuchSilence as error:
        raise SilenceOver from error
    parts.wake_deliverer()
    says = "1 notice was held back." if held == 1 else f"{held} notices were held back."
    more = " Each is a line in the thread of its message." if held else ""
    ended = told("The silence has ended", says + more)
    parts.replier.reply(incoming, ended, replace=incoming.is_ephemeral)


def _click_held(parts: Parts, incoming: Incoming, member: Member) -> None:
    require_any(member, silences.SILENCERS)
    silence_id = take_text(incoming.value, "silence")
    with parts.database.reading() as session:
        silence = session.get(Silence, silence_id)
        if silence is None or silence.ended_at is not None:
            raise SilenceOver
        rows = silencing.list_held(session, silence_id, outbox=parts.outbox)
        held = silencing.count_held(session, silence_id)
        matcher = str(silencing.read_matcher(silence))
    parts.note("silence:read", member=member, subject=silence_id)
    parts.replier.reply(incoming, SilenceHeldReply(matcher=matcher, rows=rows, held=held))


TYPED: dict[str, Typed] = {"silence": _silence, "silences": _silences}
CLICKS = {"silence_end": Click(act=_click_end), "silence_held": Click(act=_click_held)}
