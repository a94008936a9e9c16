"""The demo as a guest on somebody's machine: small while it idles."""

from pathlib import Path

import pytest

from tests.browser.demo import Demo

pytestmark = pytest.mark.browser
MOST_MEGABYTES = 250


def test_it_idles_in_little_memory(demo: Demo) -> None:
    processes = demo.processes()
    if not processes:
        pytest.skip("there is no /proc")
    kilobytes = [
        int(line.split()[1])
        for process in processes
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]

    assert len(kilobytes) == 2
    assert sum(kilobytes) / 1024 < MOST_MEGABYTES
