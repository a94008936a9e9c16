"""What `/cardops silence` and its buttons do."""

from collections.abc import Sequence

from approvals import audit
from approvals.people import Standing
from approvals.refusals import Refusal
from bot.acts.kinds import Click, Typed, take_text, told
from bot.calm import note_end
from bot.incoming import Incoming
from bot.parts import Parts, require_any
from commands import silences
from commands.arguments import no_more
from commands.surface import Reply
from notifier import silencing
from notifier.calm_tables import Silence


class SilenceOver(Refusal):
    """This silence has ended already."""

    is_recorded = False


def _silence(parts: Parts, _incoming: Incoming, standing: Standing, words: Sequence[str]) -> Reply:
    wish = silences.read_silence(words)
    now = parts.clock.now()
    with parts.database.writing() as session:
        silence = silencing.begin(
            session,
            wish.matcher,
            owner=standing.person.account,
            reason=wish.reason,
            until=now + wish.lasts,
            routes=parts.routes,
            outbox=parts.outbox,
            now=now,
        )
        audit.append(
            session,
            "silence:began",
            key=parts.desk.audit_key,
            actor=standing.person.account,
            subject=silence.id,
            facts={"matcher": str(wish.matcher), "reason": wish.reason, "until": silence.ends_at.isoformat()},
            now=now,
        )
    parts.wake_deliverer()
    return _list(parts)


def _silences(parts: Parts, _incoming: Incoming, _standing: Standing, words: Sequence[str]) -> Reply:
    no_more(words, form="/cardops silences")
    return _list(parts)


def _list(parts: Parts) -> Reply:
    with parts.database.reading() as session:
        rows = [
            {
                "id": silence.id,
                "matcher": str(silencing.read_matcher(silence)),
                "owner": silence.owner,
                "reason": silence.reason,
                "until": silence.ends_at,
                "held": held,
            }
            for silence, held in silencing.list_silences(session)
        ]
    return silences.show_silences(rows)


def _click_end(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, silences.SILENCERS)
    silence_id, by = take_text(incoming.value, "silence"), standing.person.account
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
            note_end(session, parts, silence, held, actor=by)
    except silencing.NoSuchSilence as error:
        raise SilenceOver from error
    parts.wake_deliverer()
    says = "1 notice was held back." if held == 1 else f"{held} notices were held back."
    more = " Each is a line in the thread of its message." if held else ""
    ended = told("The silence has ended", says + more)
    parts.replier.reply(incoming, ended, replace=incoming.is_ephemeral)


def _click_held(parts: Parts, incoming: Incoming, standing: Standing) -> None:
    require_any(standing, silences.SILENCERS)
    silence_id = take_text(incoming.value, "silence")
    with parts.database.reading() as session:
        silence = session.get(Silence, silence_id)
        if silence is None or silence.ended_at is not None:
            raise SilenceOver
        rows = silencing.list_held(session, silence_id, outbox=parts.outbox)
        held = silencing.count_held(session, silence_id)
        matcher = str(silencing.read_matcher(silence))
    parts.note("silence:read", standing=standing, subject=silence_id)
    parts.replier.reply(incoming, silences.show_held(matcher, rows, held=held))


TYPED: dict[str, Typed] = {"silence": _silence, "silences": _silences}
CLICKS = {"silence_end": Click(act=_click_end), "silence_held": Click(act=_click_held)}
