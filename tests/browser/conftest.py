"""One demo and one browser for all tests of this folder."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.demo import Demo, Windows

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--disable-lcd-text",  # letters without coloured edges: fewer colours in the pictures
]
PATIENCE_MS = 15_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave storms to the end of this folder: for a minute after one, other notices are gathered too."""
    ours = [at for at, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    ordered = sorted((items[at] for at in ours), key=lambda item: "storm" in item.name)
    for at, item in zip(ours, ordered, strict=True):
        items[at] = item


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Of the package, not the session: its event loop would be in others' way."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("there is no /usr/bin/chromium")
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - see tests/browser/assertions.py

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield found
        found.close()
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, with the real bot; Ctrl-C ends it."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    processes = running.processes()
    assert running.stop() == 0
    assert [each for each in processes if Path(f"/proc/{each}").exists()] == []


@pytest.fixture
def windows(browser: Browser, demo: Demo) -> Iterator[Windows]:
    """Windows that had no error on their console and asked nothing of another machine."""
    opened = Windows(browser=browser, url=demo.url)
    yield opened
    opened.close()
    assert opened.problems == []
