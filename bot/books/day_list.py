"""Reads Paytend's list of partner transactions of a day and currency: all pages, and whether it is whole."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from commands.slash_command import CallSender
from paytend import PaytendError, ProtocolError, Refused, operations
from paytend.models import Answer, PartnerTransaction, PartnerTransactions
from paytend.redaction import mask_text

PAGE = 30  # rows: what the predecessor gives at most (paytend-api.md a.1)
MOST_PAGES = 10_000
TRIES = 3  # a list that grows while it is read is read again


@dataclass(frozen=True, kw_only=True)
class DayList:
    """What was read of a day in a currency. `trouble` says why it is not the whole; empty when it is.

    `is_unanswered`: Paytend cannot be reached, so that asking for other lists now would only take long.
    """

    day: date
    currency: str
    rows: int
    trouble: str = ""
    is_unanswered: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether Paytend gave everything that it has."""
        return not self.trouble


class _NotWhole(Exception):
    """The list cannot be read whole; the message says why."""


class _Unanswered(_NotWhole):
    """Paytend cannot be reached."""


class _Moved(_NotWhole):
    """The list changed while it was read."""


def read_day_list(
    ask: CallSender,
    *,
    day: date,
    currency: str,
    others: Iterable[str],
    keep: Callable[[Sequence[PartnerTransaction]], None],
    forget: Callable[[], None],
) -> DayList:
    """Read a list page by page and `keep` its rows; `forget` drops what an earlier try kept.

    `others` are the currencies whose rows have lists of their own, for a Paytend that does not filter.
    """
    reader = _Reader(ask=ask, day=day, currency=currency, others=frozenset(others) - {currency}, keep=keep)
    problem: _NotWhole | None = None
    for _ in range(TRIES):
        forget()
        problem = reader.read()
        if not isinstance(problem, _Moved):
            break
    return DayList(
        day=day,
        currency=currency,
        rows=reader.kept,
        trouble=str(problem or ""),
        is_unanswered=isinstance(problem, _Unanswered),
    )


@dataclass(kw_only=True)
class _Reader:
    """One list, from its first row to its last."""

    ask: CallSender
    day: date
    currency: str
    others: frozenset[str]
    keep: Callable[[Sequence[PartnerTransaction]], None]
    kept: int = 0

    def read(self) -> _NotWhole | None:
        """Keep all rows, and return why they are not the whole."""
        try:
            self._read()
        except _NotWhole as problem:
            return problem
        return None

    def _read(self) -> None:
        self.kept, start, total, marks = 0, 0, None, ("", "")
        for number in range(MOST_PAGES):
            page = self._ask(start)
            # A row that came in meanwhile moves others to pages that were read already: one would be missed.
            if number and page.total != total:
                raise _Moved(f"{self._name} changed while it was read.")
            total, mark = page.total, _fingerprint(page.rows)
            # Where Paytend ignores `start`, the first page comes again and again (paytend-api.md b.5 no. 6).
            if mark and mark in marks:
                raise _NotWhole(f"Paytend answers a later page of {self._name} with an earlier one.")
            marks = (marks[0] or mark, mark)
            self._keep(page.rows)
            start += len(page.rows)
            if not page.rows or (total is not None and start >= total):
                break
        else:
            raise _NotWhole(f"{self._name} has more than {MOST_PAGES} pages.")
        if total is not None and start != total:
            raise _NotWhole(f"Paytend says that {self._name} has {total} rows, and gives {start}.")
        # A filter that Paytend ignores: taken for an empty list, it would make every top-up of ours a difference.
        if start and not self.kept:
            raise _NotWhole(f"Paytend answers {self._name} with other currencies.")

    @property
    def _name(self) -> str:
        return f"the list of {self.day:%d.%m.%Y} in {self.currency}"

    def _ask(self, start: int) -> PartnerTransactions:
        # "ALL": without a status the predecessor leaves out what was reversed (paytend-api.md a.1).
        call = operations.GET_PARTNER_TRANSACTIONS(
            status="ALL", begin=self.day, end=self.day, currency=self.currency, start=start, size=PAGE
        )
        try:
            return self.ask(call)
        except Refused as refused:
            raise _NotWhole(f"Paytend refuses {self._name}: {mask_text(refused.reason[:200])}") from refused
        except ProtocolError as error:
            raise _NotWhole(f"Paytend's answer about {self._name} cannot be verified.") from error
        except PaytendError as error:
            raise _Unanswered(f"Paytend isn’t responding about {self._name}.") from error

    def _keep(self, rows: Sequence[PartnerTransaction]) -> None:
        found = [row for row in rows if row.currency not in self.others]
        self.kept += len(found)
        self.keep(found)


def is_near(day: date | None, *, asked: date) -> bool:
    """Whether a row may be in the list of a day: clocks of two zones differ by a day at most."""
    return day is None or abs(day - asked) <= timedelta(days=1)


def _fingerprint(rows: Sequence[Answer]) -> str:
    content = json.dumps([row.raw for row in rows], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest() if rows else ""
