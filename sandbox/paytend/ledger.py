"""Double entry: money only moves from one account to another, so that every sum can be checked."""

from collections import defaultdict
from dataclasses import dataclass

OUTSIDE = "outside"
PARTNER = "partner"
TRANSIT = "transit"
FEES = "fees"
SPENT = "spent"

# What comes in is taken from here, and a refund may bring back more than was spent.
_MAY_BE_NEGATIVE = frozenset({OUTSIDE, SPENT})


class Unbalanced(Exception):
    """The books do not add up: a bug of the stand-in, never a fault it plays."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One movement, in minor units."""

    source: str
    target: str
    currency: str
    amount: int


class Ledger:
    """Accounts and the movements that made them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._balances: dict[tuple[str, str], int] = defaultdict(int)

    def balance(self, account: str, *, currency: str) -> int:
        """Return the balance of an account, in minor units; 0 for one that was never used."""
        return self._balances.get((account, currency), 0)

    def currencies(self, account: str) -> list[str]:
        """Return the currencies an account was ever used in, sorted."""
        return sorted(currency for name, currency in self._balances if name == account)

    def move(self, source: str, target: str, *, currency: str, amount: int) -> None:
        """Move a positive amount; raises Unbalanced when it is not there."""
        if amount <= 0 or (source not in _MAY_BE_NEGATIVE and self.balance(source, currency=currency) < amount):
            raise Unbalanced(f"{amount} {currency} from {source} to {target}")
        self._balances[source, currency] -= amount
        self._balances[target, currency] += amount
        self.entries.append(Entry(source=source, target=target, currency=currency, amount=amount))

    def check(self) -> None:
        """Raise Unbalanced unless all accounts of a currency sum to nothing and none is overdrawn."""
        sums: dict[str, int] = defaultdict(int)
        for (account, currency), amount in self._balances.items():
            sums[currency] += amount
            if amount < 0 and account not in _MAY_BE_NEGATIVE:
                raise Unbalanced(f"{account} has {amount} {currency}")
        if any(sums.values()):
            raise Unbalanced(f"sums: {dict(sums)}")

    def recount(self) -> None:
        """Raise Unbalanced unless the accounts are what the movements make of them."""
        counted: dict[tuple[str, str], int] = defaultdict(int)
        for entry in self.entries:
            counted[entry.source, entry.currency] -= entry.amount
            counted[entry.target, entry.currency] += entry.amount
        if counted != self._balances:
            raise Unbalanced("the accounts are not what the movements make of them")
