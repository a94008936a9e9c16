"""What a day's comparison comes to: counts and sums, and what could not be compared. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from approvals.books.classification import BookClass, Finding, FindingKind
from paytend.money import Money

_MOST_REASONS = 20


@dataclass(kw_only=True)
class Tally:
    """Counts and sums of findings, added one by one; the sums are by currency."""

    counts: Counter[BookClass] = field(default_factory=Counter)
    early: int = 0
    _sums: dict[tuple[BookClass, str], Decimal] = field(default_factory=dict)
    _reasons: Counter[str] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        if finding.kind is FindingKind.EARLY:
            self.early += 1
            return
        self.counts[finding.book_class] += 1
        if finding.money is not None:
            key = (finding.book_class, finding.money.currency)
            self._sums[key] = self._sums.get(key, Decimal(0)) + abs(finding.money.amount)
        if finding.book_class is BookClass.UNCLEAR:
            self._reasons[finding.words] += 1

    @property
    def reasons(self) -> list[str]:
        """Why some could not be compared, each with how many."""
        return [f"{count}: {words}" for words, count in self._reasons.most_common(_MOST_REASONS)]

    def sums(self, book_class: BookClass) -> list[str]:
        """Return the sums of a class in words, such as "1,240.00 EUR"."""
        found: Mapping[str, Decimal] = {
            currency: amount for (of, currency), amount in self._sums.items() if of is book_class
        }
        return [f"{_write(amount)} {currency}" for currency, amount in sorted(found.items())]


@dataclass(frozen=True, kw_only=True)
class DayResult:
    """The comparison of one day as people see it; `rows` is how many Paytend lists.

    `troubles` are what could not be compared, Paytend's lists that are not whole before all.
    """

    agreed: int
    agreed_sums: Sequence[str]
    differing: int
    not_ours: int
    not_ours_sums: Sequence[str]
    unclear: int
    early: int
    rows: int
    troubles: Sequence[str]

    @property
    def ours(self) -> int:
        """How many of our top-ups were compared, or should have been."""
        return self.agreed + self.differing + self.unclear

    @property
    def agrees(self) -> bool:
        """Whether everything could be compared, and nothing differs."""
        return not (self.differing or self.unclear or self.troubles)


def sum_up(tally: Tally, *, rows: int, troubles: Sequence[str]) -> DayResult:
    """Return the result of a day; `rows` is how many Paytend listed."""
    return DayResult(
        agreed=tally.counts[BookClass.AGREED],
        agreed_sums=tally.sums(BookClass.AGREED),
        differing=tally.counts[BookClass.DIFFERS],
        not_ours=tally.counts[BookClass.NOT_OURS],
        not_ours_sums=tally.sums(BookClass.NOT_OURS),
        unclear=tally.counts[BookClass.UNCLEAR],
        early=tally.early,
        rows=rows,
        troubles=[*troubles, *tally.reasons],
    )


def say_result(result: DayResult) -> str:
    """Return a result in one sentence: "31 of 31 agree, 1,240.00 EUR; nothing else moved"."""
    sums = f", {', '.join(result.agreed_sums)}" if result.agreed_sums else ""
    said = f"{result.agreed} of {result.ours} agree{sums}"
    if result.not_ours:
        said += f"; {result.not_ours} not ours, {', '.join(result.not_ours_sums)}"
    elif not (result.differing or result.unclear or result.troubles):
        said += "; nothing else moved"
    if result.differing:
        said += f"; {result.differing} {'differs' if result.differing == 1 else 'differ'}"
    if result.unclear:
        said += f"; {result.unclear} cannot be told"
    if result.early:
        said += f"; {result.early} too new to compare"
    return said


def _write(amount: Decimal) -> str:
    return f"{amount:,}"


def write_money(money: Money | None) -> str:
    """Return money as people read it, or that it cannot be read."""
    return str(money) if money is not None else "amount not readable"
