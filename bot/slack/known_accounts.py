"""Which accounts are one person: those of cardops.yml, and those that Slack writes in two ways. No I/O."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

Accounts = tuple[str, ...]


class KnownAccounts(Sequence[Sequence[str]]):
    """Lists of accounts of one human, as `approvals.policy.people` reads them; it grows, and is thread-safe.

    On Enterprise Grid an account has an id of the organisation and perhaps an older one of the workspace.
    """

    def __init__(self, configured: Iterable[Sequence[str]] = ()) -> None:
        """Begin with the lists of cardops.yml."""
        self._lists: tuple[Accounts, ...] = tuple(tuple(each) for each in configured)
        self._learned: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def is_learned(self, account: str) -> bool:
        """Whether it is known how else Slack writes this account."""
        return account in self._learned

    def learn(self, account: str, aliases: frozenset[str]) -> None:
        """Remember that these are ways to write one account."""
        if self._learned.get(account) == aliases:
            return
        with self._lock:
            self._learned[account] = aliases
            pair = tuple(sorted(aliases))
            # A new tuple: a thread that walks over the old one goes on with it.
            if len(pair) > 1 and pair not in self._lists:
                self._lists = (*self._lists, pair)

    def __len__(self) -> int:
        """Return how many lists there are."""
        return len(self._lists)

    @overload
    def __getitem__(self, place: int) -> Accounts: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Accounts]: ...

    def __getitem__(self, place: int | slice) -> Accounts | Sequence[Accounts]:
        """Return one of the lists, or several."""
        return self._lists[place]

    def __iter__(self) -> Iterator[Accounts]:
        """Walk over the lists that there are now."""
        return iter(self._lists)
