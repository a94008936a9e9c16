"""`cardops books`: compares Paytend's partner transactions with our requests; it reads only."""

import argparse
import csv
import sys
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from approvals.books.classification import BookClass, Finding
from approvals.books.tally import Tally, say_result, sum_up, write_money
from bot.books.comparison import BookSource, compare_days
from bot.cli.installation import Installation, open_installation
from bot.cli.shell import FINE, WRONG, Commands, add_command, complain, finish_progress, show_progress
from bot.wiring.clients import open_paytend

_COLUMNS = (
    *("day", "class", "kind", "words", "request", "reference", "card", "approved", "listed", "trade", "type"),
    *("movement", "booked"),
)
_MOST_DAYS = 31
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out
_REPORT_EVERY = 3_000  # rows


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "books", compare, "compare the partner account at Paytend with the requests of some days"
    )
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="DAY", help="the first day, as 2026-11-01 (default: yesterday)"
    )
    parser.add_argument("--to", dest="last", type=_day, metavar="DAY", help="the last day (default: the first)")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write every top-up and every row with its class; - is stdout"
    )


def compare(chosen: argparse.Namespace) -> int:
    """Compare, write the table and say what it comes to."""
    with ExitStack() as stack:
        installation = stack.enter_context(open_installation())
        zone = ZoneInfo(installation.settings.PAYTEND_TIMEZONE)
        today = installation.clock.now().astimezone(zone).date()
        first = chosen.first or chosen.last or today - timedelta(days=1)
        last = chosen.last or first
        if problem := _find_problem(first, last, today=today):
            return complain(
                problem, [], "Write `cardops books --from 2026-11-01 --to 2026-11-30 --csv books.csv`."
            )
        try:
            file = _open(stack, chosen.csv)
        except OSError as error:
            return complain(f"{chosen.csv} cannot be written: {error.strerror}.", [], "Give another file.")
        source = _make_source(stack, installation)
        return _compare(source, first=first, last=last, file=file)


def _compare(source: BookSource, *, first: date, last: date, file: TextIO | None) -> int:
    table = csv.writer(file) if file else None
    if table:
        table.writerow(_COLUMNS)
    tally = Tally()
    with compare_days(source, first=first, last=last) as comparison:
        finish_progress()
        for finding in comparison.findings():
            tally.add(finding)
            if table:
                table.writerow([_safe(text) for text in _cells(finding)])
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        troubles = [trouble for day in days for trouble in comparison.troubles(day)]
        rows = sum(comparison.rows_of(day) for day in days)
    result = sum_up(tally, rows=rows, troubles=list(dict.fromkeys(troubles)))
    # The table may go to stdout, and must stay a table.
    told = sys.stderr if file is sys.stdout else sys.stdout
    told.write(f"{first} to {last}: {say_result(result)}\n")
    for trouble in result.troubles:
        told.write(f"  could not be compared: {trouble}\n")
    alarming = source.rule.others == "alarm" and tally.counts[BookClass.NOT_OURS]
    return FINE if result.agrees and not alarming else WRONG


def _make_source(stack: ExitStack, installation: Installation) -> BookSource:
    config = installation.read_config()

    def report(rows: int) -> None:
        if rows % _REPORT_EVERY < 30:  # a page has 30 rows at most
            show_progress(f"{rows} rows read")

    return BookSource(
        ask=stack.enter_context(open_paytend(installation.settings, clock=installation.clock)).send,
        database=installation.database,
        context=installation.make_approval_context(config),
        rule=config.books,
        zone=ZoneInfo(installation.settings.PAYTEND_TIMEZONE),
        now=installation.clock.now,
        report=report,
    )


def _open(stack: ExitStack, path: Path | None) -> TextIO | None:
    if path is None:
        return None
    if str(path) == "-":
        return sys.stdout
    return stack.enter_context(path.open("w", encoding="utf-8", newline=""))


def _find_problem(first: date, last: date, *, today: date) -> str:
    if first > last:
        return f"{first} is after {last}."
    if last > today:
        return f"{last} is in the future."
    if (last - first).days >= _MOST_DAYS:
        return f"{first} to {last} is more than {_MOST_DAYS} days."
    return ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write it as 2026-11-01") from error


def _cells(finding: Finding) -> list[str]:
    own, row = finding.own, finding.row
    return [
        finding.day.isoformat() if finding.day else "",
        finding.book_class.value,
        finding.kind.value,
        finding.words,
        own.request_id if own else "",
        own.reference if own else row.reference if row else "",
        own.card_id if own else row.card_id if row else "",
        write_money(own.money) if own else "",
        write_money(row.money) if row else "",
        row.trade_id if row else "",
        row.type if row else "",
        row.movement.value if row else "",
        row.booked if row else "",
    ]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
