"""`cardops books`: what it says and writes, and its exit status."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from tests import once
from tests.bot.cli.conftest import Operator


@contextmanager
def paytend(operator: Operator) -> Iterator[PaytendStandIn]:
    """A Paytend that answers this operator."""
    stand_in = PaytendStandIn(seed=1, pairs=once.pairs())
    with Running(stand_in.app) as server:
        operator.environment |= {
            "PAYTEND_BASE_URL": server.url,
            "PAYTEND_PARTNER_ID": stand_in.partner_id,
            "PAYTEND_PRIVATE_KEY": stand_in.partner_private_key_pem,
            "PAYTEND_PUBLIC_KEY": stand_in.paytend_public_key_pem,
        }
        yield stand_in


def yesterday() -> datetime:
    return datetime.now(UTC) - timedelta(days=1)


def test_a_quiet_day_agrees(operator: Operator) -> None:
    with paytend(operator):
        status, out, _ = operator.types("books")

    assert (status, "0 of 0 agree; nothing else moved" in out) == (0, True)


def test_the_table_has_every_row_and_no_formulas(small: Operator) -> None:
    with paytend(small) as stand_in, stand_in.books.pretending(yesterday()):
        stand_in.events.change_books("foreign")
        stand_in.books.partner_entries[-1].order_no = "=HYPERLINK(1)"
        status, out, _ = small.types("books", "--csv", "books.csv")

    with (small.folder / "books.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert status == 0
    assert "1 not ours, 7.00 EUR" in out
    assert [(row["class"], row["reference"], row["listed"]) for row in rows] == [
        ("not ours", "'=HYPERLINK(1)", "7.00 EUR")
    ]


def test_a_difference_ends_with_1(small: Operator) -> None:
    world = small.world()
    request = world.asks()
    for database in small.opened:
        database.close()
    with paytend(small) as stand_in, stand_in.books.pretending(yesterday()):
        stand_in.events.change_books("foreign", "10.00")
        stand_in.books.partner_entries[-1].order_no = request.reference
        status, out, _ = small.types("books")

    assert (status, "1 differs" in out) == (1, True)


def test_a_paytend_that_is_not_there_is_no_agreement(small: Operator) -> None:
    status, out, _ = small.types("books")

    assert status == 1
    assert "could not be compared: Paytend does not" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2999-01-01"), "is in the future"),
        (("--from", "2026-11-02", "--to", "2026-11-01"), "is after"),
        (("--from", "2026-01-01", "--to", "2026-11-01"), "more than 31 days"),
        (("--csv", "no/such/folder.csv"), "cannot be written"),
    ],
)
def test_days_and_files_that_cannot_be_end_with_2(small: Operator, words: tuple[str, ...], says: str) -> None:
    status, _, err = small.types("books", *words)

    assert (status, says in err) == (2, True)


def test_a_date_that_is_none_ends_with_2(small: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        small.types("books", "--from", "yesterday")

    assert ended.value.code == 2
    assert "write it as 2026-11-01" in capsys.readouterr().err
