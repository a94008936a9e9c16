"""The whole demo as a child process, and browser windows that show it."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize


ROOT = Path(__file__).parents[2]
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
APPROVALS, WITHDRAW = "C0APPROVALS", "request_withdraw"
PATIENCE = 30.0


class Demo:
    """`python -m sandbox demo` in a folder of its own, on any free ports."""

    def __init__(self, folder: Path) -> None:
        """Start it, and return when it has printed its address."""
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "demo", "--port", "0"],
            cwd=folder,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = self._read_url()

    def _read_url(self) -> str:
        said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said += line
            found = re.search(r"Open +(\S+)", line)
            if found:
                return found[1]
        raise AssertionError(f"the demo did not start: {said}")

    def processes(self) -> list[int]:
        """The ids of the demo's process and its children, where there is a /proc."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not children.exists():
            return []
        return [self.process.pid, *map(int, children.read_text().split())]

    def stop(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=40)
        return self.process.returncode


@dataclass(kw_only=True)
class Windows:
    """Opens windows, each a browser of its own; `problems` are what no window may have."""

    browser: Browser
    url: str
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self, person: str, place: str, *, guide: bool = False, size: ViewportSize = WIDE, **options: Any
    ) -> Page:
        """Open a window of this person at this place and wait until it shows something."""
        context = self.browser.new_context(viewport=size, bypass_csp=True, **options)
        if not guide:
            context.add_init_script("localStorage.setItem('guide', 'closed')")
        self.contexts.append(context)
        # What an earlier window of this person left open.
        context.request.post(f"{self.url}/_page/act", data={"kind": "close", "person": person, "all": True})
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console", lambda message: self._note(message.text) if message.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", lambda request: None if request.url.startswith(self.url) else self._note(request.url))
        page.goto(f"{self.url}/#/{person}/{place}")
        page.locator("#place-name:not(:empty)").wait_for()
        return page

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def close(self) -> None:
        """Withdraw what is still open, so that the next test may ask for the same card, and close all windows."""
        try:
            if self.contexts:
                self._withdraw_all()
        finally:
            for context in self.contexts:
                context.close()

    def _withdraw_all(self) -> None:
        request, last = self.contexts[0].request, monotonic() + PATIENCE
        asked: set[str] = set()
        while waiting := self._open_requests():
            assert monotonic() < last, f"not withdrawn: {waiting}"
            for ts, person in waiting.items():
                if ts not in asked:
                    act = {
                        "kind": "click",
                        "person": person,
                        "channel": APPROVALS,
                        "ts": ts,
                        "action_id": WITHDRAW,
                    }
                    request.post(f"{self.url}/_page/act", data=act)
            asked |= waiting.keys()
            sleep(0.05)

    def _open_requests(self) -> dict[str, str]:
        """Each message in the channel with a request that can be withdrawn, and who asked."""
        shown = self.contexts[0].request.get(
            f"{self.url}/_page/state", params={"person": "U0OLGA", "channel": APPROVALS}
        )
        messages = {each["ts"]: str(each) for each in shown.json()["messages"]}
        return {ts: re.findall(r"<@(\w+)>", text)[0] for ts, text in messages.items() if WITHDRAW in text}


def happens(page: Page, title: str, **values: str) -> None:
    """Make something happen in the outside world, as its panel does."""
    answer = page.request.post(f"{page.url.partition('#')[0]}_page/panel", data={"title": title, "values": values})
    assert answer.json()["ok"], answer.text()


def types(page: Page, text: str) -> None:
    """Type a command or message and send it."""
    field_ = page.locator("#composer-text")
    field_.fill(text)
    field_.press("Escape")  # closes what completes
    field_.press("Enter")
