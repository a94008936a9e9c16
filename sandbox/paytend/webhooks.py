"""Sends webhooks to the partner: sealed, in order, repeated with growing pauses until they are accepted."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.paytend.answers import texts_of
from sandbox.paytend.records import Notice
from sandbox.paytend.switches import Switches
from sandbox.paytend.wire import VERSION, Wire

DEFAULT_PAUSES = (10.0, 20.0, 40.0, 80.0, 160.0)
"""Seconds after the first, second ... bad attempt: six tries in all."""


@dataclass(kw_only=True)
class Attempt:
    """One try: HTTP status (None when there was no answer), the answer's beginning, accepted or not."""

    at: datetime
    http_status: int | None
    answer: str
    good: bool


@dataclass(kw_only=True)
class Webhook:
    """One webhook; `state` is waiting, held, delivered, given up, dropped or no callback."""

    kind: str
    content: dict[str, Any]
    plaintext: str
    sealed: dict[str, str]
    state: str = "waiting"
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(kw_only=True)
class _Paused:
    webhook: Webhook
    due: datetime
    due_real: float


class Sender:
    """Keeps every webhook and sends it when the application runs; `tell` may be called from any thread."""

    def __init__(
        self,
        *,
        wire: Wire,
        switches: Switches,
        now: Callable[[], datetime],
        callback: str | None,
        pauses: tuple[float, ...] = DEFAULT_PAUSES,
        timeout: float = 10.0,
        workers: int = 1,
    ) -> None:
        """Send to `callback` (None: nowhere); a pause ends when real time or the clock has passed it."""
        self.callback = callback
        self.webhooks: list[Webhook] = []
        self.watch: Callable[[Webhook, Attempt], None] | None = None
        self._wire = wire
        self._switches = switches
        self._now = now
        self._pauses = pauses
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._workers = workers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[Webhook] = asyncio.Queue()
        self._paused: list[_Paused] = []
        self._held: list[Webhook] = []
        self._unsent = 0
        self._count_lock = threading.Lock()

    @property
    def idle(self) -> bool:
        """True when nothing waits to be sent now; what pauses before a repetition does not count."""
        return self._unsent == 0

    def tell(self, notice: Notice) -> Webhook:
        """Seal a notice and send it, as the switches say."""
        webhook = self._made(notice.kind, notice.content)
        switches = self._switches.webhooks
        if switches.drop > 0:
            switches.drop -= 1
            webhook.state = "dropped"
        elif switches.hold:
            webhook.state = "held"
            self._held.append(webhook)
        else:
            self._send(webhook)
            self._repeat(notice, webhook)
        return webhook

    def forge(self, kind: str, content: dict[str, Any], *, signer: RSAPrivateKey) -> Webhook:
        """Send a webhook that another key has signed."""
        webhook = self._made(kind, content, signer=signer)
        self._send(webhook)
        return webhook

    def seal(self, kind: str, content: dict[str, Any]) -> bytes:
        """Return the body of a webhook, which is neither kept nor sent."""
        return json.dumps(self._sealed(kind, content).sealed).encode()

    def replay(self, webhook: Webhook) -> Webhook:
        """Send the very bytes of an earlier webhook once more."""
        again = Webhook(
            kind=webhook.kind, content=webhook.content, plaintext=webhook.plaintext, sealed=webhook.sealed
        )
        self.webhooks.append(again)
        self._send(again)
        return again

    def release(self) -> None:
        """Send the webhooks that were held back, newest first."""
        self._switches.webhooks.hold = False
        held, self._held = self._held, []
        for webhook in reversed(held):
            self._send(webhook)

    def _repeat(self, notice: Notice, webhook: Webhook) -> None:
        switches = self._switches.webhooks
        if switches.duplicate > 0:
            switches.duplicate -= 1
            self.replay(webhook)
        if switches.duplicate_resealed > 0:
            switches.duplicate_resealed -= 1
            self._send(self._made(notice.kind, notice.content))

    def _made(self, kind: str, content: dict[str, Any], *, signer: RSAPrivateKey | None = None) -> Webhook:
        webhook = self._sealed(kind, content, signer=signer)
        self.webhooks.append(webhook)
        return webhook

    def _sealed(self, kind: str, content: dict[str, Any], *, signer: RSAPrivateKey | None = None) -> Webhook:
        modes = self._switches.modes
        text, signed = texts_of(content, reserialised=modes.reserialised_signatures)
        fields = {"notifyType": kind, "partnerId": self._wire.partner_id, "version": VERSION}
        sealed = self._wire.seal(fields, name="content", text=text, signed_text=signed, signer=signer)
        if modes.encrypt_flag:
            sealed["encryptFlag"] = "1"
        return Webhook(kind=kind, content=content, plaintext=text, sealed=sealed)

    def _send(self, webhook: Webhook) -> None:
        if self.callback is None:
            webhook.state = "no callback"
            return
        webhook.state = "waiting"
        self._count(1)
        if self._loop is None:
            self._queue.put_nowait(webhook)
        else:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, webhook)

    def _count(self, change: int) -> None:
        with self._count_lock:
            self._unsent += change

    async def run(self) -> None:
        """Send until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session, asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work(session))
        finally:
            self._loop = None

    def resume_due(self) -> None:
        """Send again what has paused long enough; on the application's loop only."""
        now, real = self._now(), asyncio.get_running_loop().time()
        due = [paused for paused in self._paused if paused.due <= now or paused.due_real <= real]
        for paused in due:
            self._paused.remove(paused)
            self._count(1)
            self._queue.put_nowait(paused.webhook)

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            webhook = await self._queue.get()
            attempt = await self._attempt(session, webhook)
            webhook.attempts.append(attempt)
            self._settle(webhook, good=attempt.good)
            self._count(-1)
            if self.watch is not None:
                self.watch(webhook, attempt)

    def _settle(self, webhook: Webhook, *, good: bool) -> None:
        tries = len(webhook.attempts)
        if good:
            webhook.state = "delivered"
        elif tries > len(self._pauses):
            webhook.state = "given up"
        else:
            pause = self._pauses[tries - 1]
            real = asyncio.get_running_loop().time() + pause
            due = self._now() + timedelta(seconds=pause)
            self._paused.append(_Paused(webhook=webhook, due=due, due_real=real))

    async def _attempt(self, session: aiohttp.ClientSession, webhook: Webhook) -> Attempt:
        at = self._now()
        try:
            posting = session.post(str(self.callback), json=webhook.sealed, allow_redirects=False)
            async with posting as response:
                status, answer = response.status, (await response.read())[:2000].decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return Attempt(at=at, http_status=None, answer=type(error).__name__, good=False)
        return Attempt(at=at, http_status=status, answer=answer, good=_accepted(status, answer))


def _accepted(status: int, answer: str) -> bool:
    try:
        reply = json.loads(answer)
    except ValueError:
        return False
    return status == 200 and isinstance(reply, dict) and reply.get("status") == "00"
