"""`/cardops silence` and `/cardops silences`: their declarations, and what they and their buttons do."""

from approvals.audit import chain
from approvals.policy.people import Member
from approvals.refusals import Refusal, write_moment
from bot.jobs.silence_ends import note_silence_end
from bot.slack.context import SlackContext
from bot.slack.declarations import ReplyClick, ReplyForm, read_text, told
from bot.slack.payloads import Incoming
from commands.cardops import silences
from commands.cardops.silences import SilenceHeldReply, SilenceRow, SilencesReply
from commands.reading.arguments import read_nothing
from commands.roles import SILENCE
from commands.slash_command import Reply
from notifier.routing import silences as silencing
from notifier.routing.silence_matcher import NAMES
from notifier.routing.tables import Silence


class SilencedAlready(Refusal):
    """{matcher} is already silenced until {until}: {reason}. To change it, end it first: `/cardops silences`.

    Two that are the same would hold the same notices back, under one reason of two.
    """

    is_recorded = False


class SilenceOver(Refusal):
    """This silence has already ended."""

    is_recorded = False


def _silence(context: SlackContext, incoming: Incoming, member: Member, typed: silences.TypedSilence) -> Reply:
    try:
        with context.database.writing() as session:
            now = context.now_in(session)
            silence = silencing.begin(
                session,
                typed.matcher,
                owner=member.person.account,
                reason=typed.reason,
                until=now + typed.lasts,
                routes=context.routes,
                outbox=context.approvals.outbox,
                now=now,
            )
            chain.append(
                session,
                "silence:began",
                key=context.approvals.audit_key,
                actor=member.person.account,
                subject=silence.id,
                facts={
                    "matcher": str(typed.matcher),
                    "reason": typed.reason,
                    "until": silence.ends_at.isoformat(),
                },
                now=now,
            )
    except silencing.AlreadySilenced as error:
        raise SilencedAlready(
            matcher=str(typed.matcher), until=write_moment(error.until), reason=error.reason
        ) from error
    context.work.wake_deliverer()
    return _list(context, incoming, member, None)


def _list(context: SlackContext, _incoming: Incoming, _member: Member, _read: None) -> Reply:
    with context.database.reading() as session:
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


def _end(context: SlackContext, _incoming: Incoming, member: Member, silence_id: str) -> Reply:
    by = member.person.account
    try:
        with context.database.writing() as session:
            now = context.now_in(session)
            silence, held = silencing.end(
                session,
                silence_id,
                by=by,
                routes=context.routes,
                outbox=context.approvals.outbox,
                now=now,
            )
            note_silence_end(session, silence, held, key=context.approvals.audit_key, actor=by, now=now)
    except silencing.NoSuchSilence as error:
        raise SilenceOver from error
    context.work.wake_deliverer()
    says = "1 notice was held back." if held == 1 else f"{held} notices were held back."
    more = " Each is a line in the thread of its message." if held else ""
    return told("The silence has ended", says + more)


def _show_held(context: SlackContext, _incoming: Incoming, member: Member, silence_id: str) -> Reply:
    with context.database.reading() as session:
        silence = session.get(Silence, silence_id)
        # Once it has ended, its notices are lines in the thread of its message.
        if silence is None or silence.ended_at is not None:
            raise SilenceOver
        rows = silencing.list_held(session, silence_id, outbox=context.approvals.outbox)
        held = silencing.count_held(session, silence_id)
        matcher = str(silencing.read_matcher(silence))
    context.note("silence:read", member=member, subject=silence_id)
    return SilenceHeldReply(matcher=matcher, rows=rows, held=held)


FORMS = (
    ReplyForm(
        word="silence",
        usage="<name>=<value> … for <duration> <reason>",
        does=f"hold notices back for a while; names: {', '.join(NAMES)}",
        roles=SILENCE,
        read=silences.read_silence,
        answer=_silence,
        changes=True,
    ),
    ReplyForm(
        word="silences",
        usage="",
        does="active silences: who set them, and until when",
        roles=SILENCE,
        read=read_nothing,
        answer=_list,
    ),
)
CLICKS = (
    ReplyClick(
        action="silence_end", roles=SILENCE, read=read_text("silence"), answer=_end, changes=True, replaces=True
    ),
    ReplyClick(action="silence_held", roles=SILENCE, read=read_text("silence"), answer=_show_held),
)
