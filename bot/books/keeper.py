"""Keeps the books: compares each hour, tells differences at once, and the day before each morning."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session

from approvals.books import days, differences
from approvals.books.classification import BookClass, Finding
from approvals.books.differences import MOST_LISTED, Audience, is_listed
from approvals.books.tally import Tally, sum_up
from approvals.policy.stop_conditions import StopCause
from approvals.stops import stopping
from bot.books.comparison import BookSource, Comparison, compare_days
from bot.books.own_top_ups import portions

_PORTION = 200

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class BookKeeper:
    """Compares the partner account with our requests, and keeps what it finds; several replicas may run it.

    `now_in` is the clock of the database, by which a stop begins where cardops.yml wants one for new differences.
    """

    source: BookSource
    audience: Audience
    channel: str
    now_in: Callable[[Session], datetime]
    wake_deliverer: Callable[[], None]

    def keep(self) -> None:
        """Compare yesterday and today, and days before with something open; in the morning tell yesterday's."""
        now = self.source.now()
        local = now.astimezone(self.source.zone)
        with self.source.database.reading() as session:
            first = days.first_to_compare(session, today=local.date())
        self.compare(first, local.date())
        last = local.date() - timedelta(days=1 if local.hour >= days.MORNING else 2)
        with self.source.database.writing() as session:
            for row in days.find_days(session, first, last):
                days.tell_day(session, self.source.context, row=row, channel=self.channel, now=self.source.now())
            differences.forget_old(session, now=now)
        self.wake_deliverer()

    def compare(self, first: date, last: date) -> int:
        """Compare some days, keep the results and tell new differences; return how many there are."""
        began = self.source.now()
        with compare_days(self.source, first=first, last=last) as comparison:
            work = _Work(keeper=self, comparison=comparison, began=began)
            work.do()
            _log.info("books.compared", extra={"rows": comparison.rows, "new": work.new})
        self.wake_deliverer()
        return work.new


@dataclass(kw_only=True)
class _Work:
    """What one comparison writes down."""

    keeper: BookKeeper
    comparison: Comparison
    began: datetime
    new: int = 0
    to_tell: list[str] = field(default_factory=list)
    listed: Counter[BookClass] = field(default_factory=Counter)
    tallies: dict[date, Tally] = field(default_factory=dict)

    def do(self) -> None:
        """Keep the findings portion by portion, so that memory stays as it is however many there are."""
        wanted = self._days()
        self.tallies = {day: Tally() for day in wanted}
        for portion in portions(self._listed(), size=_PORTION):
            self._keep(portion)
        source, now = self.keeper.source, self.keeper.source.now()
        with source.database.writing() as session:
            told = differences.tell(session, source.context, self.to_tell, audience=self.keeper.audience, now=now)
            self.new = len(told)
            if told:
                # In the same transaction: nothing is sent any more once people know of the difference.
                stopping.stop_by_itself(
                    session,
                    source.context,
                    cause=StopCause.BOOKS_DIFFER,
                    reason=f"the books differ: {told[0].kind}, {told[0].money}",
                    mark=told[0].id,
                    now=self.keeper.now_in(session),
                )
        for day in wanted:
            self._finish(day, now=now)

    def _days(self) -> list[date]:
        first, last = self.comparison.first, self.comparison.last
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def _listed(self) -> Iterator[Finding]:
        """Count every finding, and yield those that are kept."""
        most = MOST_LISTED * len(self.tallies)
        for finding in self.comparison.findings():
            self.tallies[finding.day or self.comparison.first].add(finding)
            if not is_listed(finding, others=self.keeper.source.rule.others):
                continue
            self.listed[finding.book_class] += 1
            if self.listed[finding.book_class] <= most:
                yield finding

    def _keep(self, findings: Sequence[Finding]) -> None:
        source = self.keeper.source
        with source.database.writing() as session:
            self.to_tell += differences.keep(
                session,
                source.context,
                findings,
                day=self.comparison.first,
                others=source.rule.others,
                now=source.now(),
            )

    def _finish(self, day: date, *, now: datetime) -> None:
        source = self.keeper.source
        result = sum_up(
            self.tallies[day], rows=self.comparison.rows_of(day), troubles=self.comparison.troubles(day)
        )
        with source.database.writing() as session:
            days.write_day(session, source.context, day=day, result=result, now=now)
            # Gone is only what a whole comparison did not find, with every finding kept.
            most = MOST_LISTED * len(self.tallies)
            if self.comparison.is_whole and all(count <= most for count in self.listed.values()):
                differences.end_unseen(session, source.context, day=day, since=self.began, now=now)
