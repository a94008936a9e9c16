"""Where rows wait to be compared: a database of this run alone, in a temporary file that nobody else can open.

A day may have more rows than fit into memory, and each has to be found by its reference and by its trade.
"""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from approvals.books.entries import REFERENCE_LENGTH, SHORTEST_CUT, BookedRow, Movement, fold_reference
from paytend.money import Money

_CACHE = "PRAGMA cache_size = -8192"  # KiB; what is more goes to the file
_TABLES = """
CREATE TABLE booked (
    n INTEGER PRIMARY KEY, list TEXT, trade TEXT, trade_id TEXT, reference TEXT, key TEXT, money TEXT, type TEXT,
    movement TEXT, card TEXT, day TEXT, at TEXT, booked TEXT, own TEXT, contradicted INTEGER DEFAULT 0);
CREATE INDEX booked_list ON booked (list);
CREATE INDEX booked_key ON booked (key);
CREATE INDEX booked_trade ON booked (trade);
CREATE INDEX booked_own ON booked (own, n);
CREATE INDEX booked_money ON booked (money) WHERE key = '' AND own IS NULL;
CREATE TABLE own (id TEXT PRIMARY KEY, key TEXT, trade TEXT, day TEXT) WITHOUT ROWID;
CREATE INDEX own_key ON own (key);
CREATE INDEX own_trade ON own (trade) WHERE trade <> '';
CREATE TABLE missing (money TEXT, day TEXT);
CREATE INDEX missing_money ON missing (money);
CREATE TABLE wanted (n INTEGER PRIMARY KEY, key TEXT);
"""
_ROW = "trade, trade_id, reference, key, money, type, movement, card, day, at, booked, contradicted"
_ROWS_OF_ONE = 10  # of those with the same reference: enough to say that they are too many


@dataclass(frozen=True, kw_only=True)
class SpooledTopUp:
    """One of ours as it is matched: by the folded reference, or by the trade that Paytend's answer named."""

    request_id: str
    reference: str
    trade: str
    day: date | None


class Spool:
    """Rows and top-ups of one comparison; for one thread."""

    def __init__(self, *, prefix: str) -> None:
        """Open it; `prefix` begins our references."""
        self._length = REFERENCE_LENGTH + len(prefix)
        # "" is a file that SQLite deletes by itself, also when the process is killed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(_CACHE)
        self._database.executescript(_TABLES)

    def close(self) -> None:
        """Close it, and the file is gone."""
        self._database.close()

    def add_rows(self, rows: Iterable[BookedRow], *, of_list: str) -> None:
        """Add rows of a list."""
        self._database.execute("BEGIN")
        self._database.executemany(
            f"INSERT INTO booked (list, {_ROW}) VALUES ({', '.join('?' * 13)})",  # noqa: S608 - our own names
            ((of_list, *_as_values(row)) for row in rows),
        )
        self._database.execute("COMMIT")

    def forget_list(self, of_list: str) -> None:
        """Drop the rows of a list that is read again."""
        self._database.execute("DELETE FROM booked WHERE list = ?", (of_list,))

    def add_own(self, top_ups: Iterable[SpooledTopUp]) -> None:
        """Add top-ups of ours; one that is there already stays as it is."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT OR IGNORE INTO own VALUES (?, ?, ?, ?)",
            (
                (top_up.request_id, fold_reference(top_up.reference), top_up.trade, _as_text(top_up.day))
                for top_up in top_ups
            ),
        )
        self._database.execute("COMMIT")

    def unknown_keys(self, *, size: int) -> Iterator[list[str]]:
        """Yield, in batches, references that none of the top-ups here has; longer ones also cut to our length."""
        self._database.execute("DELETE FROM wanted")
        self._database.execute(
            "INSERT INTO wanted (key) "
            "SELECT DISTINCT key FROM booked WHERE key <> '' AND key NOT IN (SELECT key FROM own) "
            "UNION SELECT DISTINCT substr(key, 1, ?) FROM booked WHERE length(key) > ?",
            (self._length, self._length),
        )
        last = 0
        while batch := self._database.execute(
            "SELECT n, key FROM wanted WHERE n > ? ORDER BY n LIMIT ?", (last, size)
        ).fetchall():
            last = batch[-1][0]
            yield [key for _, key in batch]

    def match(self) -> None:
        """Give each row the top-up that it belongs to, and mark what contradicts itself."""
        self._database.execute("BEGIN")
        for statement, values in self._matches():
            self._database.execute(statement, values)
        self._database.execute("COMMIT")

    def _matches(self) -> Sequence[tuple[str, tuple[int, ...]]]:
        # '~' sorts behind every letter and digit, which is all that a folded reference has.
        cut = "o.key > booked.key AND o.key < booked.key || '~'"
        same = " AND ".join(f"o.{name} = booked.{name}" for name in ("trade", "key", "money", "type", "booked"))
        return (
            (
                # The lists of two days may overlap, where Paytend counts its days in another zone.
                (
                    "DELETE FROM booked WHERE trade <> '' AND EXISTS (SELECT 1 FROM booked o "  # noqa: S608 - our own names
                    f"WHERE {same} AND o.movement = booked.movement AND o.list <> booked.list AND o.n < booked.n)"
                ),
                (),
            ),
            ("UPDATE booked SET own = (SELECT id FROM own o WHERE o.key = booked.key) WHERE key <> ''", ()),
            (
                # Something was added to our reference: it is the same top-up, perhaps done again.
                (
                    "UPDATE booked SET own = (SELECT id FROM own o WHERE o.key = substr(booked.key, 1, ?)) "
                    "WHERE own IS NULL AND length(key) > ?"
                ),
                (self._length, self._length),
            ),
            (
                # It was cut: it is ours if exactly one of ours begins with it.
                (
                    f"UPDATE booked SET own = (SELECT id FROM own o WHERE {cut}) WHERE own IS NULL "  # noqa: S608 - our own names
                    f"AND length(key) >= ? AND (SELECT count(*) FROM own o WHERE {cut}) = 1"
                ),
                (SHORTEST_CUT,),
            ),
            (
                (
                    "UPDATE booked SET own = "
                    "(SELECT id FROM own o WHERE o.trade = booked.trade AND o.trade <> '') "
                    "WHERE own IS NULL AND trade <> ''"
                ),
                (),
            ),
            (
                (
                    # One trade under two references or amounts: nobody can say which of the rows is right.
                    "UPDATE booked SET contradicted = 1 WHERE trade IN "
                    "(SELECT trade FROM booked WHERE trade <> '' "
                    "GROUP BY trade, type, movement HAVING min(key) <> max(key) OR min(money) <> max(money))"
                ),
                (),
            ),
        )

    def days_of_matched(self) -> set[date]:
        """Return the days of the top-ups that some row belongs to."""
        query = "SELECT DISTINCT o.day FROM own o JOIN booked b ON b.own = o.id WHERE o.day <> ''"
        return {date.fromisoformat(day) for (day,) in self._database.execute(query)}

    def groups(self) -> Iterator[tuple[str, list[BookedRow]]]:
        """Yield the id of each top-up, in order, with the rows that belong to it."""
        query = f"SELECT o.id, {_prefixed('b')} FROM own o LEFT JOIN booked b ON b.own = o.id ORDER BY o.id, b.n"  # noqa: S608 - our own names
        found = self._database.execute(query)
        for request_id, rows in itertools.groupby(found, key=lambda row: str(row[0])):
            some = itertools.islice(rows, _ROWS_OF_ONE)
            yield request_id, [_as_row(row[1:]) for row in some if row[1] is not None]

    def strangers(self) -> Iterator[BookedRow]:
        """Yield the rows that belong to none of the top-ups."""
        found = self._database.execute(f"SELECT {_ROW} FROM booked WHERE own IS NULL ORDER BY n")  # noqa: S608 - our own names
        return (_as_row(row) for row in found)

    def note_missing(self, money: Money, day: date | None) -> bool:
        """Note that a top-up of ours has no row; return whether a row without a reference may be it."""
        self._database.execute("INSERT INTO missing VALUES (?, ?)", (str(money), _as_text(day)))
        rows = self._database.execute(
            "SELECT day FROM booked WHERE money IN (?, ?) AND key = '' AND own IS NULL",
            (str(money), str(Money(amount=-money.amount, currency=money.currency))),
        )
        return any(_are_near(day, found) for (found,) in rows)

    def may_be_missing(self, row: BookedRow) -> bool:
        """Whether a row without a reference has the money of one of ours that has no row."""
        if row.key or row.money is None:
            return False
        money = Money(amount=abs(row.money.amount), currency=row.money.currency)
        rows = self._database.execute("SELECT day FROM missing WHERE money = ?", (str(money),))
        return any(_are_near(row.day, found) for (found,) in rows)


def _are_near(day: date | None, found: str) -> bool:
    return day is None or not found or abs(date.fromisoformat(found) - day) <= timedelta(days=1)


def _prefixed(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _ROW.split(", "))


def _as_text(value: date | datetime | None) -> str:
    return value.isoformat() if value else ""


def _as_values(row: BookedRow) -> tuple[Any, ...]:
    money = str(row.money) if row.money else ""
    when = _as_text(row.day), _as_text(row.at), row.booked
    return (
        row.trade,
        row.trade_id,
        row.reference,
        row.key,
        money,
        row.type,
        row.movement.value,
        row.card_id,
        *when,
        int(row.is_contradicted),
    )


def _as_row(values: Sequence[Any]) -> BookedRow:
    trade, trade_id, reference, key, money, type_, movement, card, day, at, booked, contradicted = values
    return BookedRow(
        trade=trade,
        trade_id=trade_id,
        reference=reference,
        key=key,
        money=Money.read(money) if money else None,
        type=type_,
        movement=Movement(movement),
        card_id=card,
        day=date.fromisoformat(day) if day else None,
        at=datetime.fromisoformat(at) if at else None,
        booked=booked,
        is_contradicted=bool(contradicted),
    )
