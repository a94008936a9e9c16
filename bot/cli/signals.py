"""What signals do to a running bot: SIGTERM and Ctrl-C end it in steps, SIGHUP has cardops.yml read again."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclass(kw_only=True)
class Signals:
    """The signals that came. `waits_for` is what the end waits for, in words; `say` writes a line.

    The first SIGINT or SIGTERM ends the bot, the second says what is waited for, the third calls `leave` at once
    with the exit status of a process that a signal ended.
    """

    say: Callable[[str], object]
    leave: Callable[[int], object]
    waits_for: str = ""
    is_ended: bool = False
    asks: int = 0
    _wants_reread: bool = False
    _came: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Take the signals of this process from now on."""
        for number in ENDING:
            signal.signal(number, lambda came, _frame: self.end(came))
        signal.signal(signal.SIGHUP, lambda _came, _frame: self.reread())

    def end(self, number: int) -> None:
        """Take a signal that ends the bot."""
        self.asks += 1
        self.is_ended = True
        self._came.set()
        if self.asks == 2:
            awaited = self.waits_for or "what the bot is just starting"
            self.say(
                f"Still waiting for {awaited}. Once more ends it at once; what is open goes on at the next start."
            )
        elif self.asks > 2:
            self.leave(128 + number)

    def reread(self) -> None:
        """Take a wish to read the configuration again."""
        self._wants_reread = True
        self._came.set()

    def wait(self) -> bool:
        """Wait for a signal; return whether the configuration is to be read again (otherwise the bot ends)."""
        while not self.is_ended:
            self._came.wait()
            self._came.clear()
            if self._wants_reread and not self.is_ended:
                self._wants_reread = False
                return True
        return False
