"""The lists of movements: of a card, its authorizations, and of the partner account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from commands.lists import pages as lists
from commands.lists.pages import ListPage, MovementRow
from commands.reading.amounts import CURRENCIES
from commands.reading.arguments import TypedWords, guess, misread, read_card_id
from commands.reading.dates import Period, guess_date, read_period
from commands.slash_command import ButtonValue, CallSender, Reply
from paytend import operations
from paytend.models import Transactions
from paytend.models.codes import TransactionStatus

CARD, AUTHORIZATIONS, PARTNER = "card", "authorizations", "partner"

# What can be typed for a status; "all" is what is asked for when nothing is.
STATUSES: dict[str, str] = {
    "all": "ALL",  # without a filter the predecessor lists only 1 and 10, the final successes (a.1)
    **{code: code for code in TransactionStatus.TEXTS},
    "success": "1",
    "reversal": "2",
    "reversed": "3",
    "cancelled": "6",
    "voided": "7",
    "refund": "10",
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """One page of a list. `first` is the fingerprint of its first page, by which a repeated one is known."""

    kind: str
    card_id: str
    period: Period
    status: str = "ALL"
    currency: str = CURRENCIES[0]
    start: int = 0
    first: str = ""

    def as_value(self) -> dict[str, str | int]:
        """Return what a button carries."""
        return {
            "kind": self.kind,
            "card_id": self.card_id,
            "begin": self.period.begin.isoformat(),
            "end": self.period.end.isoformat(),
            "status": self.status,
            "currency": self.currency,
            "first": self.first,
        }


@dataclass(frozen=True, kw_only=True)
class MovementsReply(Reply, template="movements"):
    """One page of movements; one that `repeats` the first has no rows."""

    title: str
    begin: date
    end: date
    status: str
    currency: str
    rows: Sequence[MovementRow]
    totals: Sequence[str]
    repeats: bool
    page: ListPage


def read_query(kind: str, typed: TypedWords) -> Query:
    """Return the first page of what was typed; raises Misread."""
    words, form, card_id = typed.words, typed.form, ""
    if kind != PARTNER:
        card_id, words = read_card_id(words, form=form)
    period, rest = read_period(words, today=typed.today, form=form)
    status, currency = "ALL", CURRENCIES[0]
    for word in rest:
        if word.upper() in CURRENCIES:
            currency = word.upper()
        elif kind != AUTHORIZATIONS and word.lower() in STATUSES:
            status = STATUSES[word.lower()]
        else:
            near = guess_date(word) or ("" if kind == AUTHORIZATIONS else guess(word, STATUSES))
            what = "no date" if kind == AUTHORIZATIONS else "neither a date nor a status"
            raise misread(f"“{word[:40]}” is {what}.", form=form, guess=near)
    return Query(kind=kind, card_id=card_id, period=period, status=status, currency=currency)


def read_value(value: Mapping[str, object]) -> Query:
    """Return the page that a button asks for; raises KeyError, TypeError or ValueError for a value not of ours."""
    # Checked like anything from outside: a click can be forged or come from an older version's button (A20).
    start = value["start"]
    if value["kind"] not in (CARD, AUTHORIZATIONS, PARTNER) or not isinstance(start, int) or start < 0:
        raise ValueError("not a page of ours")
    period = Period(begin=_read_date(value["begin"]), end=_read_date(value["end"]))
    texts = {name: str(value[name]) for name in ("kind", "card_id", "status", "currency", "first")}
    return Query(**texts, period=period, start=start)


def _read_date(value: object) -> date:
    if not isinstance(value, str):
        raise TypeError("not a date of ours")
    return date.fromisoformat(value)


def show(query: Query, *, ask: CallSender, timezone: tzinfo) -> MovementsReply:
    """Return one page; where Paytend answers a later page with the first again, the rest cannot be shown."""
    found = _ask(query, ask)
    # However many rows Paytend answers with: the next page begins ten rows further.
    rows = found.rows[: lists.ROWS]
    mark = lists.fingerprint(rows)
    repeats = query.start > 0 and bool(rows) and mark == query.first
    rows = () if repeats else rows
    value: ButtonValue = {**query.as_value(), "first": query.first or mark}
    total = int(found.total) if found.total is not None else None
    return MovementsReply(
        title=_title(query),
        begin=query.period.begin,
        end=query.period.end,
        status="" if query.status == "ALL" else lists.in_words(TransactionStatus(query.status)),
        currency=query.currency,
        rows=lists.movement_rows(rows, timezone=timezone),
        totals=lists.totals(rows),
        repeats=repeats,
        page=lists.make_page(shown=len(rows), start=query.start, total=total, value=value, repeats=repeats),
    )


def _title(query: Query) -> str:
    match query.kind:
        case "card":
            return f"Transactions of card {query.card_id}"
        case "authorizations":
            return f"Authorisations of card {query.card_id}"
        case _:
            return "Transactions of the partner account"


def _ask(query: Query, ask: CallSender) -> Transactions:
    period: dict[str, str | int | date] = {
        "begin": query.period.begin,
        "end": query.period.end,
        "currency": query.currency,
        "start": query.start,
        "size": lists.ROWS,
    }
    match query.kind:
        case "card":
            return ask(operations.GET_CARD_TRANSACTIONS(card_id=query.card_id, status=query.status, **period))
        case "authorizations":
            return ask(operations.GET_AUTHORIZATION_TRANSACTIONS(card_id=query.card_id, **period))
        case _:
            return ask(operations.GET_PARTNER_TRANSACTIONS(status=query.status, **period))
