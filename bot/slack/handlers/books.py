"""`/partner books`, the pages of a day, and the button *Known…* under a difference."""

from dataclasses import dataclass
from datetime import date, timedelta

from approvals.books import days, differences, known
from approvals.books.notices import KnownForm
from approvals.books.tables import BooksDay, BooksDifference
from approvals.free_text import check_reason
from approvals.policy.people import Member
from approvals.stops import stopping
from approvals.stops.scope import StopKind, StopScope
from bot.slack.context import SlackContext
from bot.slack.declarations import (
    Click,
    Modal,
    ModalClick,
    OldButton,
    ReplyClick,
    read_text,
    take_start,
    take_text,
    told,
)
from bot.slack.payloads import Incoming, SentValue
from commands.cardops.stops import StopsReply, show_stop
from commands.lists.pages import ROWS
from commands.partner import books
from commands.partner.books import BookLine, BooksReply
from commands.roles import PARTNER, STOP
from commands.slash_command import Reply

_FRESH = timedelta(seconds=10)  # what is older is compared again when somebody asks
_LARGE = 3_000  # rows: more take minutes to read, so the hourly comparison has to do
_HOURLY = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class BooksPage:
    """A page of what was found on a day."""

    day: date
    start: int


def show_day(context: SlackContext, _incoming: Incoming, member: Member, day: date) -> BooksReply:
    """Compare a day now, unless that was just done, and return its first page."""
    # Reading Paytend's lists takes many calls: two people who look at one day share a comparison.
    if _needs_comparison(context, day):
        context.books.compare(day, day)
    return show_page(context, _incoming, member, BooksPage(day=day, start=0))


def show_page(context: SlackContext, _incoming: Incoming, member: Member, page: BooksPage) -> BooksReply:
    """Return a page of a day as it was compared last."""
    with context.database.reading() as session:
        row = session.get(BooksDay, page.day)
        if row is None:
            raise OldButton
        total = differences.count_of_day(session, page.day)
        found = differences.list_day(session, page.day, start=page.start, size=ROWS)
        reply = books.show(
            page.day,
            result=days.read_result(row),
            rows=[_line(each) for each in found],
            start=page.start,
            total=total,
            compared=row.compared_at,
        )
    context.note("books:read", member=member, subject=f"books:{page.day.isoformat()}", start=page.start)
    return reply


def _needs_comparison(context: SlackContext, day: date) -> bool:
    with context.database.reading() as session:
        row = session.get(BooksDay, day)
        if row is None:
            return True
        age = context.now() - row.compared_at
        return age > (_HOURLY if days.read_result(row).rows > _LARGE else _FRESH)


def _line(row: BooksDifference) -> BookLine:
    return BookLine(
        kind=row.kind,
        money=row.money,
        words=row.words,
        state="gone" if row.gone_at else "known" if row.known_at else "open",
        reference=row.reference,
        trade_id=row.trade_id,
        booked=row.booked,
    )


def _read_page(value: SentValue) -> BooksPage:
    try:
        return BooksPage(day=date.fromisoformat(take_text(value, "day")), start=take_start(value))
    except ValueError as error:
        raise OldButton from error


def _open_known(context: SlackContext, _incoming: Incoming, member: Member, difference_id: str) -> KnownForm:
    """Ask for the reason; a person who may not say so learns it before typing one."""
    with context.database.reading() as session:
        row = known.require_open(session, context.approvals, difference_id=difference_id, member=member)
        value = {"difference": row.id}
        return KnownForm(kind=row.kind, words=row.words, reference=row.reference, button_value=value)


def _say_known(context: SlackContext, incoming: Incoming, member: Member) -> Reply:
    difference_id = take_text(incoming.value, "difference")
    with context.database.writing() as session:
        row = known.say_known(
            session,
            context.approvals,
            difference_id=difference_id,
            member=member,
            reason=incoming.fields["reason"],
            now=context.now_in(session),
        )
        is_known = row.known_at is not None
    context.work.wake_deliverer()
    return told("Recorded", "It is a known difference now." if is_known else "A second person has to agree.")


def _stop(context: SlackContext, _incoming: Incoming, member: Member, difference_id: str) -> StopsReply:
    """Stop top-ups at once, because of a difference."""
    with context.recording_refusals(member, subject="stops"), context.database.writing() as session:
        row = session.get(BooksDifference, difference_id)
        if row is None:
            raise known.NoSuchDifference
        stopped = stopping.stop(
            session,
            context.approvals,
            scope=StopScope(kind=StopKind.TOP_UPS),
            member=member,
            reason=f"the books differ: {row.kind}, {row.money}",
            now=context.now_in(session),
        )
    context.work.wake_deliverer()
    more = "What was sent already finishes. Two people resume it: `/cardops resume top-ups`."
    return StopsReply(headline=f"Stopped: {stopped.scope.words}", next=more, rows=[show_stop(stopped)])


CLICKS: tuple[Click, ...] = (
    *(
        ReplyClick(action=action, roles=PARTNER, read=_read_page, answer=show_page, replaces=True)
        for action in ("partner_books_next", "partner_books_previous")
    ),
    ReplyClick(action="books_stop", roles=STOP, read=read_text("difference"), answer=_stop, changes=True),
    ModalClick(action="books_known", roles=PARTNER, read=read_text("difference"), opens=_open_known),
)
MODALS = (
    Modal(
        name="books_known",
        roles=PARTNER,
        title="Known difference",
        working="Writing it down…",
        check=check_reason,
        submit=_say_known,
    ),
)
