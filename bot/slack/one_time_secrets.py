"""Secrets that Paytend answered with: in the memory of this process, for a short time, to be shown once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

KEPT = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class OneTimeSecrets:
    """Secrets by their request. A restart loses them: then it is asked for again, as nothing may be stored."""

    now: Callable[[], datetime]
    _kept: dict[str, tuple[SecretStr, datetime]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def keep(self, request_id: str, secret: SecretStr) -> None:
        """Keep one for a short time."""
        with self._lock:
            self._forget_old()
            self._kept[request_id] = (secret, self.now() + KEPT)

    def take(self, request_id: str) -> SecretStr | None:
        """Return one and forget it; None when it was seen, is too old, or went with a restart."""
        with self._lock:
            self._forget_old()
            # Taken under the lock: of two clicks at once only one sees it.
            secret, _ = self._kept.pop(request_id, (None, None))
        return secret

    def _forget_old(self) -> None:
        now = self.now()
        for request_id in [name for name, (_, until) in self._kept.items() if until <= now]:
            del self._kept[request_id]
