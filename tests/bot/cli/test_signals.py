"""O13: what the second and the third Ctrl-C do, and that SIGHUP is a wish for a new configuration."""

import signal
from dataclasses import dataclass, field

from bot.cli.signals import Signals


@dataclass
class Heard:
    lines: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)


def made() -> tuple[Signals, Heard]:
    heard = Heard()
    return Signals(say=heard.lines.append, leave=heard.left.append), heard


def test_o13_the_first_ends_the_second_says_what_is_waited_for_the_third_ends_at_once() -> None:
    signals, heard = made()

    signals.end(signal.SIGINT)
    assert signals.wait() is False
    assert heard == Heard()

    signals.waits_for = "changes that are being made at Paytend"
    signals.end(signal.SIGINT)
    (line,) = heard.lines
    assert "changes that are being made at Paytend" in line
    assert "Once more" in line
    assert not heard.left

    signals.end(signal.SIGTERM)
    assert heard.left == [128 + 15]


def test_o13_sighup_is_a_wish_to_read_the_configuration_again_once() -> None:
    signals, heard = made()

    signals.reread()
    signals.reread()
    assert signals.wait() is True
    signals.end(signal.SIGTERM)
    signals.reread()

    assert signals.wait() is False
    assert heard == Heard()
