"""Compares Paytend's lists of some days with our top-ups; it only reads, and nothing at Paytend is changed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

from approvals.books.classification import BookClass, Finding, FindingKind, judge_own, judge_stranger
from approvals.books.entries import BookedRow, OwnTopUp, read_row
from approvals.books.rules import BookRule
from approvals.context import ApprovalContext
from bot.books.day_list import DayList, is_near, read_day_list
from bot.books.own_top_ups import list_named, list_sent, portions, read_own
from bot.books.spool import Spool
from commands.slash_command import CallSender
from paytend import PaytendError, Refused, operations
from paytend.models import PartnerTransaction
from storage.database import Database

_PORTION = 200  # top-ups that are opened at once, so that memory does not grow with the day
_MOST_ASKED = 20  # results of top-ups that differ, in one comparison
_MOST_EARLIER = 5  # days outside of those that are compared, of top-ups with a row that came much later
_DAY = timedelta(days=1)
_MAY_BE_IT = "A row without a reference has its amount, and may be it."


@dataclass(frozen=True, kw_only=True)
class BookSource:
    """What is compared: Paytend's lists by `ask`, and the requests here. `zone` is that of Paytend's dates."""

    ask: CallSender
    database: Database
    context: ApprovalContext
    rule: BookRule
    zone: tzinfo
    now: Callable[[], datetime]
    report: Callable[[int], None] = lambda _rows: None


@contextmanager
def compare_days(source: BookSource, *, first: date, last: date) -> Iterator["Comparison"]:
    """Read the lists of these days and the ones beside them, and yield the comparison."""
    spool = Spool(prefix=source.rule.prefix)
    try:
        comparison = Comparison(source=source, spool=spool, first=first, last=last)
        comparison.read()
        yield comparison
    finally:
        spool.close()


@dataclass(kw_only=True)
class Comparison:
    """The comparison of the days from `first` to `last`, once it was read."""

    source: BookSource
    spool: Spool
    first: date
    last: date
    rows: int = 0
    _lists: dict[tuple[date, str], DayList] = field(default_factory=dict)
    _general: str = ""
    _asked: int = 0
    _unanswered: DayList | None = None
    _currencies: tuple[str, ...] = ()

    def read(self) -> None:
        """Read Paytend's lists and then our requests, so that a request is never older than its row."""
        self._currencies, self._general = _find_currencies(self.source)
        today = self.source.now().astimezone(self.source.zone).date()
        # A day more on either side: where Paytend counts days in another zone, a row is in its neighbour's list.
        self._read_lists(self.first - _DAY, min(self.last + _DAY, today))
        self._match()
        # A row may come days after its top-up: then all of its days are needed to see whether it is one too many.
        earlier = sorted(day for day in self.spool.days_of_matched() if not self._has_read(day, today))
        for day in earlier[-_MOST_EARLIER:]:
            self._read_lists(day - _DAY, min(day + _DAY, today))
        if earlier:
            self._match()

    def troubles(self, day: date) -> list[str]:
        """Return why Paytend's lists of a day are not whole; empty when they are."""
        lists = (self._lists.get((day, currency)) for currency in self._currencies)
        found = [each.trouble if each else f"the list of {day:%d.%m.%Y} was not read" for each in lists]
        return [trouble for trouble in (self._general, *found) if trouble]

    def rows_of(self, day: date) -> int:
        """Return how many rows Paytend lists for a day."""
        return sum(read.rows for (of, _), read in self._lists.items() if of == day)

    @property
    def is_whole(self) -> bool:
        """Whether every list that was read is the whole of what Paytend has."""
        return not self._general and all(read.is_whole for read in self._lists.values())

    def findings(self) -> Iterator[Finding]:
        """Yield what was found for these days: our top-ups first, then what is not ours."""
        now = self.source.now()
        for portion in portions(self.spool.groups(), size=_PORTION):
            # A transaction for each portion: none is open while somebody else works on what was yielded.
            with self.source.database.reading() as session:
                ids = [request_id for request_id, _ in portion]
                own = read_own(session, self.source.context, ids, timezone=self.source.zone)
            for request_id, rows in portion:
                if request_id in own:
                    yield from self._of_these_days(self._judge(own[request_id], rows, now=now))
        # After all of ours: only now is it known which of them have no row.
        for row in self.spool.strangers():
            may_be_ours = self.spool.may_be_missing(row)
            yield from self._of_these_days(
                judge_stranger(row, prefix=self.source.rule.prefix, may_be_ours=may_be_ours)
            )

    def _judge(self, own: OwnTopUp, rows: Sequence[BookedRow], *, now: datetime) -> Finding | None:
        finding = self._ask_about(judge_own(own, rows, is_whole=self._is_whole(own), now=now))
        missing = finding is not None and finding.kind is FindingKind.ABSENT
        # No alarm: Paytend may have listed it without our reference.
        if finding and missing and own.money and self.spool.note_missing(own.money, own.day):
            return replace(finding, kind=FindingKind.UNCLEAR, words=_MAY_BE_IT)
        return finding

    def _ask_about(self, finding: Finding | None) -> Finding | None:
        """Add what Paytend's own result of a top-up says where its list and our request differ."""
        if (
            finding is None
            or finding.own is None
            or finding.book_class is not BookClass.DIFFERS
            or self._asked >= _MOST_ASKED
        ):
            return finding
        self._asked += 1
        try:
            result = self.source.ask(operations.GET_TOP_UP_RESULT(reference=finding.own.reference))
        except Refused:
            said = "Asked for its result, Paytend knows no such top-up."
        except PaytendError:
            said = "Paytend isn’t responding about its result."
        else:
            status = result.status.text if result.status else "not told"
            said = f"Its result at Paytend: {status}{f', {result.amount}' if result.amount else ''}."
        return replace(finding, words=f"{finding.words} {said}")

    def _of_these_days(self, finding: Finding | None) -> Iterator[Finding]:
        # What has no day that can be read is told with the first: it must not be lost.
        if finding and self.first <= (finding.day or self.first) <= self.last:
            yield finding

    def _is_whole(self, own: OwnTopUp) -> bool:
        currencies = (own.money.currency,) if own.money else self._currencies
        today = self.source.now().astimezone(self.source.zone).date()
        days = (own.day - _DAY, own.day, own.day + _DAY) if own.day else ()
        lists = [self._lists.get((day, currency)) for day in days if day <= today for currency in currencies]
        return bool(lists) and all(each is not None and each.is_whole for each in lists)

    def _has_read(self, day: date, today: date) -> bool:
        around = [near for near in (day - _DAY, day, day + _DAY) if near <= today]
        return all((near, currency) in self._lists for near in around for currency in self._currencies)

    def _read_lists(self, first: date, last: date) -> None:
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day in days:
            for currency in self._currencies:
                if (day, currency) in self._lists:
                    continue
                read = self._unanswered or self._read_list(day, currency)
                self._lists[day, currency] = read
                # One that does not answer takes a minute: nothing else is asked in this run.
                self._unanswered = read if read.is_unanswered else None

    def _read_list(self, day: date, currency: str) -> DayList:
        name, strays = f"{day} {currency}", 0

        def keep(rows: Sequence[PartnerTransaction]) -> None:
            nonlocal strays
            found = [read_row(row, timezone=self.source.zone) for row in rows]
            strays += sum(not is_near(row.day, asked=day) for row in found)
            self.spool.add_rows(found, of_list=name)
            self.rows += len(found)
            self.source.report(self.rows)

        read = read_day_list(
            self.source.ask,
            day=day,
            currency=currency,
            others=self._currencies,
            keep=keep,
            forget=lambda: self.spool.forget_list(name),
        )
        if strays and read.is_whole:
            return replace(read, trouble=f"Paytend answers the list of {day:%d.%m.%Y} with other days.")
        return read

    def _match(self) -> None:
        zone, prefix = self.source.zone, self.source.rule.prefix
        with self.source.database.reading() as session:
            sent = list_sent(session, first=self.first - _DAY, last=self.last + _DAY, timezone=zone)
            for some in portions(sent, size=_PORTION):
                self.spool.add_own(some)
            for keys in self.spool.unknown_keys(size=_PORTION):
                self.spool.add_own(list_named(session, keys, prefix=prefix, timezone=zone))
        self.spool.match()


def _find_currencies(source: BookSource) -> tuple[tuple[str, ...], str]:
    """Return the currencies to compare, and why there may be more of them."""
    known = dict.fromkeys(source.rule.currencies)
    try:
        balances = source.ask(operations.GET_PARTNER_BALANCE()).balances
    except PaytendError:
        return tuple(known), "Paytend does not say which currencies the partner account has."
    return tuple(known | dict.fromkeys(row.currency for row in balances if row.currency)), ""
