"""`/cardops stop` and `/cardops resume`: their declarations, and what they and their buttons do."""

from collections.abc import Sequence

from approvals.policy.people import DirectoryUnreadable, Member
from approvals.stops import resuming, standing, stopping
from approvals.stops.evidence import StandingStop
from approvals.stops.resuming import NothingStopped
from bot.slack.context import SlackContext
from bot.slack.declarations import ReplyClick, ReplyForm, read_text
from bot.slack.payloads import Incoming
from commands.cardops import stops
from commands.cardops.stops import StopRow, StopsReply, TypedResume, TypedStop, show_stop
from commands.reading.arguments import misread
from commands.roles import STOP
from commands.slash_command import Reply

_MOST = 10  # that are shown
_GOES_ON = (
    "What was sent already finishes. Requests can be made and decided, and wait. Lost cards can be reported."
)


def _stop(context: SlackContext, _incoming: Incoming, member: Member, typed: TypedStop) -> Reply:
    with context.recording_refusals(member, subject="stops"), context.database.writing() as session:
        stopped = stopping.stop(
            session,
            context.approvals,
            scope=typed.scope,
            member=member,
            reason=typed.reason,
            now=context.now_in(session),
        )
    context.work.wake_deliverer()
    return StopsReply(headline=f"Stopped: {typed.scope.words}", next=_GOES_ON, rows=[show_stop(stopped)])


def _list(context: SlackContext, _member: Member) -> Reply | None:
    """Show what is stopped when nothing is typed behind the word; None when nothing is."""
    rows = _show_standing(context)
    return StopsReply(headline="Stopped now", next="", rows=rows) if rows else None


def _resume(context: SlackContext, _incoming: Incoming, member: Member, typed: TypedResume) -> Reply:
    found = _find_standing(context)
    scopes = {stop.scope.typed for stop in found}
    if typed.scope is None and len(scopes) > 1:
        problem = f"Which? Stopped are: {', '.join(sorted(scopes))}."
        raise misread(problem, form="/cardops resume [top-ups|all|card <id>] [reason]")
    wanted = [stop for stop in found if typed.scope in (None, stop.scope)]
    return _say_resume(context, member, wanted, reason=typed.reason)


def _click_resume(context: SlackContext, _incoming: Incoming, member: Member, stop_id: str) -> Reply:
    wanted = [stop for stop in _find_standing(context) if stop.id == stop_id]
    return _say_resume(context, member, wanted, reason="")


def _say_resume(context: SlackContext, member: Member, wanted: Sequence[StandingStop], *, reason: str) -> Reply:
    if not wanted:
        raise NothingStopped
    with context.database.reading() as session:
        accounts = resuming.find_speakers(session, context.approvals, now=context.now_in(session))
    # Read before the transaction, which must not wait for Slack.
    members_by_account = {account: who for account in accounts if (who := _find_member(context, account))}
    with context.recording_refusals(member, subject="stops"), context.database.writing() as session:
        result = resuming.resume(
            session,
            context.approvals,
            stop_ids=[stop.id for stop in wanted],
            member=member,
            members_by_account=members_by_account,
            reason=reason,
            now=context.now_in(session),
        )
    context.work.wake_deliverer()
    context.work.wake_executor()
    rows = _show_standing(context)
    if result.asked:
        what = ", ".join(dict.fromkeys(stop.scope.words for stop in result.asked))
        more = "Another manager, on-call or admin has to say the same within an hour."
        return StopsReply(headline=f"1 of 2 people: resume {what}", next=more, rows=rows)
    what = ", ".join(dict.fromkeys(stop.scope.words for stop in result.resumed))
    return StopsReply(
        headline=f"Resumed: {what}", next="What waits is carried out now, if it has time left.", rows=rows
    )


def _find_member(context: SlackContext, account: str) -> Member | None:
    """Return who somebody is now; None where Slack does not say, and then their word does not count."""
    try:
        return context.members.find(account)
    except DirectoryUnreadable:
        return None


def _show_standing(context: SlackContext) -> Sequence[StopRow]:
    """Return what is shown of the stops that stand: anybody who has the database can write any number."""
    return [show_stop(stop) for stop in _find_standing(context)[:_MOST]]


def _find_standing(context: SlackContext) -> Sequence[StandingStop]:
    with context.database.reading() as session:
        return standing.find_standing(session, context.approvals)


FORMS = (
    ReplyForm(
        word="stop",
        usage="[top-ups|all|card <id>] <reason>",
        does="stop carrying out top-ups, everything, or what is asked for one card: at once, by you alone",
        roles=STOP,
        read=stops.read_stop,
        answer=_stop,
        suggest=_list,
        at_once=True,
    ),
    ReplyForm(
        word="resume",
        usage="[top-ups|all|card <id>] [reason]",
        does="end a stop; it takes two people",
        roles=STOP,
        read=stops.read_resume,
        answer=_resume,
        at_once=True,
    ),
)
CLICKS = (
    ReplyClick(action="stop_resume", roles=STOP, read=read_text("stop"), answer=_click_resume, decides=True),
)
