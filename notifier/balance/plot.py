"""The trend of the partner balance as a picture, and the same in words for who does not see it.

matplotlib takes half a second to import and 55 MB to hold, so `draw_apart` draws in a process of its own: nothing
of it stays in a bot at rest. The picture is for a phone: 1200 by 900 pixels, few and large letters.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from notifier.balance.forecast import Sample
from notifier.balance.levels import Thresholds
from paytend import Money

WINDOW = timedelta(days=7)
LONGEST = 30.0  # seconds that drawing may take
_INK, _WARN, _CRITICAL = "#1d3557", "#a16207", "#b91c1c"
_LEVELS = (("warn", "low", _WARN, (0, (6, 3))), ("critical", "critical", _CRITICAL, (0, (1.5, 1.5))))
# How times are written under a picture that covers more than so much, and how many of them find room.
_FORMS = (
    (timedelta(days=3), "%d %b", 6),
    (timedelta(hours=20), "%a %H:%M", 4),
    (timedelta(minutes=10), "%H:%M", 6),
    (timedelta(0), "%H:%M:%S", 5),
)


class NotDrawn(Exception):
    """The picture could not be drawn; the message is the end of what the drawing process said."""


def describe(samples: Sequence[Sample], *, currency: str, thresholds: Thresholds, timezone: ZoneInfo) -> str:
    """Return the words for the picture; `timezone` is that of its dates."""

    def money(amount: Decimal) -> str:
        return str(Money(amount=amount, currency=currency))

    amounts = [amount for _, amount in samples]
    first, last = (f"{at.astimezone(timezone):%d %b %H:%M}" for at in (samples[0][0], samples[-1][0]))
    return (
        f"Partner balance from {first} to {last} ({timezone.key}): {money(amounts[0])} at first, "
        f"{money(amounts[-1])} at the end, between {money(min(amounts))} and {money(max(amounts))}. "
        f"Low below {money(thresholds.warn)}, critical below {money(thresholds.critical)}."
    )


def draw_apart(samples: Sequence[Sample], *, currency: str, thresholds: Thresholds, timezone: str) -> bytes:
    """Return the picture as PNG, drawn by a child process; raises NotDrawn."""
    asked = {
        "samples": [(at.isoformat(), str(amount)) for at, amount in samples],
        "currency": currency,
        "thresholds": thresholds.model_dump(mode="json"),
        "timezone": timezone,
    }
    with tempfile.TemporaryDirectory() as folder:  # where it may keep its list of fonts
        try:
            done = subprocess.run(
                [sys.executable, "-m", "notifier.balance.plot"],
                input=json.dumps(asked).encode(),
                capture_output=True,
                timeout=LONGEST,
                env={**_without_secrets(os.environ), "MPLCONFIGDIR": folder},
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise NotDrawn(type(error).__name__) from error
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        raise NotDrawn(done.stderr.decode(errors="replace").strip()[-200:])
    return done.stdout


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a child needs of our environment: where programs and modules lie, and no settings."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "TMPDIR", "SYSTEMROOT", "LANG", "LC_ALL")
    return {name: environment[name] for name in kept if name in environment}


def draw(asked: Mapping[str, Any]) -> bytes:
    """Return the picture as PNG; `asked` is what `draw_apart` sends."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - only the child imports it
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure: Any = Figure(figsize=(8, 6), dpi=150, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    zone = ZoneInfo(asked["timezone"])
    times = [datetime.fromisoformat(at).astimezone(zone) for at, _ in asked["samples"]]
    amounts = [float(amount) for _, amount in asked["samples"]]  # for places on a picture, never for money
    axes.plot(times, amounts, color=_INK, linewidth=3.5, drawstyle="steps-post")
    axes.plot(times[-1:], amounts[-1:], "o", color=_INK, markersize=13)
    _draw_thresholds(axes, asked["thresholds"], lowest=min(amounts), highest=max(amounts))
    now = Decimal(asked["samples"][-1][1])
    _label(axes, title=f"Partner balance: {now:,} {asked['currency']}", zone=zone)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_thresholds(axes: Any, thresholds: Mapping[str, str], *, lowest: float, highest: float) -> None:
    for name, word, colour, dashes in _LEVELS:
        at = float(thresholds[name])
        axes.axhline(at, color=colour, linewidth=3, linestyle=dashes)
        axes.text(
            0.02,
            at,
            f"{word} below {at:,.0f}" if at == int(at) else f"{word} below {Decimal(thresholds[name]):,}",
            transform=axes.get_yaxis_transform(),
            va="bottom",
            fontsize=21,
            fontweight="bold",
            color=colour,
        )
    axes.set_ylim(min(lowest, 0) * 1.18, max(highest, float(thresholds["warn"])) * 1.18)


def _label(axes: Any, *, title: str, zone: ZoneInfo) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter, num2date  # noqa: PLC0415 - as in draw
    from matplotlib.ticker import StrMethodFormatter  # noqa: PLC0415 - as in draw

    axes.set_title(title, fontsize=25, fontweight="bold", color=_INK, loc="left", pad=18)
    axes.set_xlabel(f"times in {zone.key}", fontsize=18)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    begin, end = (num2date(edge) for edge in axes.get_xlim())
    _, form, most = next(each for each in _FORMS if end - begin > each[0])
    axes.xaxis.set_major_locator(AutoDateLocator(tz=zone, minticks=2, maxticks=most))
    axes.xaxis.set_major_formatter(DateFormatter(form, tz=zone))
    axes.tick_params(labelsize=20, length=8, width=2)
    axes.grid(visible=True, axis="y", color="#d7dde5", linewidth=1.2)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
