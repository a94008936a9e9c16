"""The Paytend stand-in: one object with keys, books, switches and an aiohttp application."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta, tzinfo
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sandbox.clock import Clock
from sandbox.paytend.amounts import Unit
from sandbox.paytend.answers import Answers
from sandbox.paytend.books import Books
from sandbox.paytend.control import add_control
from sandbox.paytend.events import Events
from sandbox.paytend.exchanges import Exchange, PaytendCall, exchange_of, shortened
from sandbox.paytend.misleading import mislead, refusal_of
from sandbox.paytend.operations import OPERATIONS, Operation
from sandbox.paytend.pairs import Pairs, make_pairs
from sandbox.paytend.programme import PARTNER_ID, seed_programme
from sandbox.paytend.records import TopUp
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.switches import FaultKind, PaytendFault, Switches
from sandbox.paytend.webhooks import DEFAULT_PAUSES, Attempt, Sender, Webhook
from sandbox.paytend.wire import Wire

LARGEST_BODY = 8 * 1024 * 1024
_LOOK_EVERY = 0.05


class PaytendStandIn:
    """A working substitute of Paytend, for the demo and the tests."""

    def __init__(
        self,
        *,
        callback: str | None = None,
        seed: int = 1,
        clock: Clock | None = None,
        unit: Unit = "minor",
        zone: tzinfo | None = None,
        key_size: int = 1024,
        pairs: Pairs | None = None,
        partner_id: str = PARTNER_ID,
        programme: bool = True,
        webhook_pauses: tuple[float, ...] = DEFAULT_PAUSES,
        webhook_timeout: float = 10.0,
        webhook_workers: int = 1,
    ) -> None:
        """Make keys (bits: `key_size`; none if `pairs` has them) and books, left empty if `programme` is False.

        `zone` is that of dates in answers (Vilnius unless given). `webhook_pauses` are the seconds before
        each repetition; more than one worker may change the order.
        """
        self.clock = clock or Clock()
        self.partner_id = partner_id
        self._pairs = pairs or make_pairs(key_size=key_size)
        own, partner = self._pairs.own, self._pairs.partner.public_key()
        self._wire = Wire(partner_id=partner_id, own_key=own, partner_key=partner)
        self.switches = Switches()
        self._answers = Answers(wire=self._wire, modes=self.switches.modes)
        self.books = Books(now=self.clock.now, seed=seed, unit=unit, zone=zone)
        if programme:
            seed_programme(self.books)
        self.calls: list[PaytendCall] = []
        self._watch: Callable[[Exchange], None] | None = None
        self._request_ids: set[str] = set()
        self._sender = Sender(
            wire=self._wire,
            switches=self.switches,
            now=self.clock.now,
            callback=callback,
            pauses=webhook_pauses,
            timeout=webhook_timeout,
            workers=webhook_workers,
        )
        self.events = Events(self.books, clock=self.clock, tick=self.tick)
        self._closing = False
        self.app = self._application()

    # What a test or the demo wants to know

    @property
    def partner_private_key_pem(self) -> str:
        """The partner's private key (PKCS#8 PEM), for the bot."""
        return self._pairs.partner.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def paytend_public_key_pem(self) -> str:
        """Paytend's public key (SPKI PEM), for the bot."""
        public = self._pairs.own.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def top_ups(self) -> list[TopUp]:
        """The executed top-ups, oldest first, without the seeded history."""
        return self.books.top_ups

    @property
    def webhooks(self) -> list[Webhook]:
        """Every webhook made, oldest first."""
        return self._sender.webhooks

    @property
    def callback(self) -> str | None:
        """Where webhooks go; may be set at any time."""
        return self._sender.callback

    @callback.setter
    def callback(self, url: str | None) -> None:
        self._sender.callback = url

    def calls_of(self, operation: str) -> list[PaytendCall]:
        """Return the requests received for one operation, like "topup"."""
        return [call for call in list(self.calls) if call.operation == operation]

    def forge_webhook(self, kind: str, content: dict[str, Any]) -> Webhook:
        """Send a webhook that is signed by a key the partner does not know."""
        return self._sender.forge(kind, content, signer=self._pairs.forger)

    def seal_webhook(self, kind: str, content: dict[str, Any]) -> bytes:
        """Return the body of a genuine webhook without sending it, for tests that deliver many at once."""
        return self._sender.seal(kind, content)

    def replay_webhook(self, webhook: Webhook) -> Webhook:
        """Send the bytes of an earlier webhook once more."""
        return self._sender.replay(webhook)

    def release_webhooks(self) -> None:
        """Send the held webhooks, newest first."""
        self._sender.release()

    def wait_for_webhooks(self, timeout: float = 5.0) -> None:
        """Return when all webhooks have been tried; raises TimeoutError. Not from the application's loop."""
        deadline = time.monotonic() + timeout
        while not self._sender.idle:
            if time.monotonic() > deadline:
                raise TimeoutError("webhooks are still waiting")
            time.sleep(0.002)

    def tick(self) -> None:
        """Do everything that is due by the clock and send the webhooks; safe from any thread."""
        with self.books.lock:
            if self.books.agenda.run_due(self.clock.now()):
                self.books.check()
            notices, self.books.notices = self.books.notices, []
            for notice in notices:
                self._sender.tell(notice)

    def watch(self, *, calls: Callable[[Exchange], None], webhooks: Callable[[Webhook, Attempt], None]) -> None:
        """Report every call, answered or not, and every attempt to send a webhook, on the server's thread."""
        self._watch = calls
        self._sender.watch = webhooks

    # The application

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        for operation in OPERATIONS:
            app.router.add_post(operation.path, self._answering(operation))
        add_control(app, self)
        app.cleanup_ctx.append(self._background)
        app.on_shutdown.append(self._close)
        return app

    async def _close(self, _: web.Application) -> None:
        self._closing = True

    async def _background(self, _: web.Application) -> AsyncIterator[None]:
        self._closing = False
        tasks = [asyncio.create_task(self._sender.run()), asyncio.create_task(self._look())]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        while True:
            self.tick()
            self._sender.resume_due()
            await asyncio.sleep(_LOOK_EVERY)

    def _answering(self, operation: Operation) -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(request, operation)

        return answer

    async def _answer(self, request: web.Request, operation: Operation) -> web.StreamResponse:
        body = await request.read()
        call = PaytendCall(operation=operation.name, at=self.clock.now())
        self.calls.append(call)
        begun = time.monotonic()
        response, data = await self._responded(request, operation, call, body)
        if self._watch is not None:
            seconds = time.monotonic() - begun
            self._watch(exchange_of(call, request, body, data=data, response=response, seconds=seconds))
        return response

    async def _responded(
        self, request: web.Request, operation: Operation, call: PaytendCall, body: bytes
    ) -> tuple[web.StreamResponse, dict[str, Any] | None]:
        try:
            opened = self._wire.open_request(body)
            call.request_id, call.biz_data = opened.request_id, shortened(opened.biz_data)
            self._use_request_id(opened.request_id)
        except PaytendRefusal as refused:
            call.outcome = refused.code
            return web.json_response({"respCode": refused.code, "respMsg": refused.message}), None
        delay, fault = self.switches.take(operation.name)
        call.fault = fault.kind if fault else ""
        before = await self._fail_before(request, operation, call, opened.biz_data, fault)
        if before is not None:
            return before, None
        data, answer = self._carry_out(operation, call, opened.biz_data, fault)
        await asyncio.sleep(delay)
        return await self._fail_after(request, answer, fault) or web.json_response(answer), data

    def _use_request_id(self, request_id: str) -> None:
        if request_id in self._request_ids:
            raise PaytendRefusal(Reason.REQUEST_ID_REPEATED)
        self._request_ids.add(request_id)

    async def _fail_before(
        self,
        request: web.Request,
        operation: Operation,
        call: PaytendCall,
        biz_data: dict[str, Any],
        fault: PaytendFault | None,
    ) -> web.StreamResponse | None:
        match fault.kind if fault else None:
            case FaultKind.LOSE_BEFORE:
                return _abort(request)
            case FaultKind.HANG:
                return await self._hang(request)
            case FaultKind.ERROR_BEFORE:
                return web.Response(status=500, text="Internal Server Error")
        if fault and fault.kind is FaultKind.REFUSE:
            call.outcome = fault.code
            return web.json_response(self._answers.refusal(fault.code, fault.words))
        if fault and fault.kind in {FaultKind.LATE, FaultKind.REFUSE_LATE}:
            due = self.clock.now() + timedelta(seconds=fault.seconds)
            with self.books.lock:
                self.books.agenda.add(due, lambda: self._do_late(operation, call, biz_data))
            refusal = refusal_of(fault)
            return web.json_response(self._answers.refusal(*refusal)) if refusal else _abort(request)
        return None

    async def _fail_after(
        self, request: web.Request, answer: dict[str, Any], fault: PaytendFault | None
    ) -> web.StreamResponse | None:
        if refusal := refusal_of(fault):
            return web.json_response(self._answers.refusal(*refusal))
        match fault.kind if fault else None:
            case FaultKind.LOSE_AFTER:
                return _abort(request)
            case FaultKind.HANG_AFTER:
                return await self._hang(request)
            case FaultKind.ERROR_AFTER:
                return web.Response(status=500, text="Internal Server Error")
            case FaultKind.NOT_JSON:
                return web.Response(text="<html><body>Please stand by</body></html>", content_type="text/html")
            case FaultKind.TAMPER if "signature" in answer:
                first, *rest = answer["signature"]
                answer["signature"] = ("B" if first == "A" else "A") + "".join(rest)
        return None

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        while not self._closing and request.transport is not None:
            await asyncio.sleep(0.02)
        return _abort(request)

    def _do_late(self, operation: Operation, call: PaytendCall, biz_data: dict[str, Any]) -> None:
        self._carry_out(operation, call, biz_data)

    def _carry_out(
        self, operation: Operation, call: PaytendCall, biz_data: dict[str, Any], fault: PaytendFault | None = None
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """Do the work and return its data (None: refused) and the answer as it travels."""
        self.tick()
        try:
            data = mislead(operation.carry_out(self.books, biz_data, self.switches.modes), fault)
        except PaytendRefusal as refused:
            call.outcome = refused.code
            return None, self._answers.refusal(refused.code, refused.message)
        call.outcome = "00"
        return data, self._answers.success(data)


def _abort(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
