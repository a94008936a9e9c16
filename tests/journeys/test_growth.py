"""How much the database grows, in bytes: docs/data.md has the figures, and this measures them (N27)."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.world import CARD, JourneyWorld

PURCHASES, REQUESTS = 60, 30
PAGE = Path(__file__).parents[2] / "docs" / "data.md"
ROW = re.compile(r"^\| a (webhook|request) \| ([0-9,]+) \| ([0-9,]+) \| ([0-9,]+) \|$", re.MULTILINE)
MAY_DIFFER = 0.15  # of a figure: pages are filled a little differently each time


def measure(world: JourneyWorld, folder: Path) -> int:
    """The bytes of the database without free pages."""
    compact = folder / "compact.db"
    compact.unlink(missing_ok=True)
    connection = world.bot.database.engine.raw_connection()
    connection.cursor().execute("VACUUM INTO ?", (str(compact),))
    connection.close()
    return compact.stat().st_size


def purchase(world: JourneyWorld, number: int) -> None:
    """Two webhooks, a message and its edit."""
    world.paytend.events.purchase(CARD, f"{number + 1}.00", merchant="MAXIMA LT, X-123 VILNIUS")
    world.hears_from_paytend()
    world.passes(minutes=2)


def top_up(world: JourneyWorld, number: int) -> None:
    world.asks_and_approves(f"{number + 1}.00")
    world.passes(days=1)


def grow(
    world: JourneyWorld, folder: Path, act: Callable[[JourneyWorld, int], None], times: int
) -> Iterator[float]:
    """Yield the bytes of one: on arrival, after retention, and after the rows went."""
    act(world, times)  # what is made once only
    before = measure(world, folder)
    for number in range(times):
        act(world, number)
    yield (measure(world, folder) - before) / times
    world.passes(days=401)
    for job in ("purchases", "sweep", "retention"):
        assert world.bot.jobs.fire(job)
    yield (measure(world, folder) - before) / times
    assert world.bot.jobs.fire("rows")
    yield (measure(world, folder) - before) / times


@pytest.mark.soak
@pytest.mark.parametrize(
    ("what", "act", "times", "per"), [("webhook", purchase, PURCHASES, 2), ("request", top_up, REQUESTS, 1)]
)
def test_n27_the_database_grows_as_documented(
    sqlite_world: JourneyWorld,
    tmp_path: Path,
    what: str,
    act: Callable[[JourneyWorld, int], None],
    times: int,
    per: int,
) -> None:
    found = [round(each / per) for each in grow(sqlite_world, tmp_path, act, times)]
    says = f"bytes of a {what}: on arrival {found[0]:,}, after retention {found[1]:,}, after the rows {found[2]:,}"
    print(f"\n{says}")  # noqa: T201 - for docs/data.md

    documented = {
        name: [int(text.replace(",", "")) for text in rest] for name, *rest in ROW.findall(PAGE.read_text())
    }
    assert found == pytest.approx(documented[what], rel=MAY_DIFFER, abs=60)
