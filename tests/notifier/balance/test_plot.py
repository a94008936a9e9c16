"""The times under the picture of the partner balance have room beside each other, however long it was watched."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

# In a process of its own, as the bot draws: matplotlib and its fonts stay out of the tests' memory.
MEASURE = """
import json, sys
from matplotlib.figure import Figure
from notifier.balance import plot

class Kept(Figure):
    def add_subplot(self):
        self.__class__.last = super().add_subplot()
        return self.last

sys.modules["matplotlib.figure"].Figure = Kept
found = []
for asked in json.load(sys.stdin):
    plot.draw(asked)
    low, high = Kept.last.get_xlim()
    shown = [each for each in Kept.last.get_xticklabels() if low <= each.get_position()[0] <= high]
    boxes = [each.get_window_extent() for each in shown]
    found.append([(each.get_text(), box.x0, box.x1) for each, box in zip(shown, boxes)])
print(json.dumps(found))
"""
WATCHED = (
    *(timedelta(minutes=each) for each in (1, 8, 11, 59, 300)),
    *(timedelta(hours=each) for each in (19, 21, 71, 73, 168)),
)
START = datetime(2026, 11, 20, 7, 29, tzinfo=UTC)


def asked(watched: timedelta) -> dict[str, object]:
    return {
        "samples": [((START + watched * i / 4).isoformat(), f"{25_000 - 6_000 * i}.00") for i in range(5)],
        "currency": "EUR",
        "thresholds": {"warn": "5000.00", "critical": "1000.00"},
        "timezone": "Europe/Vilnius",
    }


def test_no_time_is_written_over_another_or_twice() -> None:
    wanted = json.dumps([asked(each) for each in WATCHED]).encode()

    done = subprocess.run([sys.executable, "-c", MEASURE], input=wanted, capture_output=True, check=True)

    for watched, labels in zip(WATCHED, json.loads(done.stdout), strict=True):
        assert len(labels) >= 2, watched
        assert len({text for text, _, _ in labels}) == len(labels), (watched, labels)
        assert all(one[2] + 10 < other[1] for one, other in pairwise(labels)), (watched, labels)
