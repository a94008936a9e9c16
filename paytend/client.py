"""Sends calls to Paytend over HTTPS: reads are tried again, changes are sent once.

Never sent, and so safe to repeat: `httpx.ConnectError`, `ConnectTimeout`, `PoolTimeout`. Everything after that
is in doubt for a change: timeouts and errors while writing or reading, any 5xx, any answer that does not verify.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from paytend.errors import OutcomeUnknown, PaytendError, ProtocolError, Refused, RefusedChange, Unreachable
from paytend.models import Answer
from paytend.money import AmountUnit
from paytend.operations.call import Call, Operation, refuse_another
from paytend.wire import envelope
from paytend.wire.keys import Keys

T = TypeVar("T", bound=Answer)

LARGEST_ANSWER = 4 * 1024 * 1024  # bytes
CONNECT_TIMEOUT = 5.0  # seconds at the most, for a free connection and again for connecting
READ_ATTEMPTS = 3
FIRST_PAUSE = 0.2  # seconds, doubled for each further attempt, times a jitter of 0.5 to 1.5

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = logging.getLogger(__name__)


def make_http(*, base_url: str, timeout: float, tls: ssl.SSLContext | None = None) -> httpx.Client:
    """Return the pooled HTTP client to be kept: no redirects, no transport retries, no environment proxies.

    `tls` says which certificates to trust; by default those of `certifi`.
    """
    return httpx.Client(
        base_url=base_url,
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT), pool=min(timeout, CONNECT_TIMEOUT)),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=30),
        headers={
            "Content-Type": "application/json;charset=UTF-8",
            "Accept": "application/json",
            # The answer is read as it arrives, and its size is limited in these bytes: nothing may unpack to more.
            "Accept-Encoding": "identity",
        },
        # A redirect would carry a signed change to another host.
        follow_redirects=False,
        # A variable of the environment must not send these calls elsewhere or add certificates to trust.
        trust_env=False,
        verify=True if tls is None else tls,
    )


@dataclass(frozen=True, kw_only=True)
class Client:
    """A partner's connection to Paytend; thread-safe.

    `request_id` returns 32 characters that were never used, `secret` 16 random bytes, `jitter` 0 to 1,
    `monotonic` seconds, `pause` sleeps seconds. `paths` overrides an operation's path by its name. `observe` is
    called after each attempt with the operation, "ok" or the name of the exception, and the seconds it took.
    """

    http: httpx.Client
    partner_id: str
    keys: Keys = field(repr=False)
    unit: AmountUnit
    timeout: float
    request_id: Callable[[], str]
    secret: Callable[[], bytes]
    jitter: Callable[[], float]
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    paths: Mapping[str, str] = field(default_factory=dict)
    observe: Callable[[str, str, float], None] = lambda _operation, _outcome, _seconds: None
    empty_as_object: bool = True  # b.3: `{}` (B), or no bizData at all (A)

    def send(self, call: Call[T]) -> T:
        """Return the answer.

        Raises Refused; Unreachable when nothing happened; for a change OutcomeUnknown or ProtocolError when it
        may have happened; for a read ProtocolError when the answer cannot be trusted; NotSendable before all.
        """
        operation = call.operation
        content = call.content(unit=self.unit)
        attempts = 1 if operation.changes else READ_ATTEMPTS
        for attempt in range(1, attempts):
            try:
                return self._send_once(call, content)
            except Unreachable:
                self.pause(FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + self.jitter()))
        return self._send_once(call, content)

    def _send_once(self, call: Call[T], content: Mapping[str, Any]) -> T:
        operation = call.operation
        started = self.monotonic()
        outcome, form = "ok", None
        try:
            response = self._exchange(call, content)
            form = response.form
            if response.code != envelope.SUCCESS:
                refusal = RefusedChange if operation.changes else Refused
                raise refusal(code=response.code, reason=response.message, verified=form is not None)
        except PaytendError as error:
            # One word in the metrics for every refusal.
            outcome = Refused.__name__ if isinstance(error, Refused) else type(error).__name__
            raise
        finally:
            seconds = round(self.monotonic() - started, 3)
            self.observe(operation.name, outcome, seconds)
            _log.info(
                "paytend.called",
                # `form`, because the document leaves open which text Paytend signs (b.5 no. 1 and 2).
                extra={"operation": operation.name, "outcome": outcome, "form": form, "seconds": seconds},
            )
        answer = operation.answer.decode(response.data, unit=self.unit)
        # What the answer to a change proves is judged where it was approved: it may have happened all the same.
        if not operation.changes:
            refuse_another(call, answer)
        return answer

    def _exchange(self, call: Call[Any], content: Mapping[str, Any]) -> envelope.Response:
        body = envelope.seal(
            content if content or self.empty_as_object else None,
            keys=self.keys,
            partner_id=self.partner_id,
            # A new one for each attempt: Paytend wants ids that are globally unique.
            request_id=self.request_id(),
            secret=self.secret(),
        )
        operation = call.operation
        path = self.paths.get(operation.name, operation.path)
        # Before connecting as well: not every transport reports what it does.
        check = call.before_sending or _allow
        check()
        try:
            with self.http.stream("POST", path, content=body, extensions={"trace": _before(check)}) as answer:
                raw = self._read(answer)
                status = answer.status_code
        except _NEVER_SENT as error:
            raise Unreachable("Paytend could not be reached; nothing was sent.") from error
        except httpx.HTTPError as error:
            raise self._no_answer(operation) from error
        # A gateway may say this after Paytend did the work (F10). Any other status counts for nothing, as in the
        # demo: the signed respCode decides (b.1 no. 7).
        if status >= 500:
            raise self._no_answer(operation)
        return envelope.open_response(raw, keys=self.keys)

    def _read(self, answer: httpx.Response) -> bytes:
        """Read the answer within its size and within the timeout as a whole, not only between two bytes."""
        until = self.monotonic() + self.timeout
        raw = bytearray()
        for chunk in answer.iter_raw():
            raw += chunk
            if len(raw) > LARGEST_ANSWER:
                raise ProtocolError
            if self.monotonic() > until:
                raise httpx.ReadTimeout("the answer as a whole took too long")
        return bytes(raw)

    def _no_answer(self, operation: Operation[Any]) -> PaytendError:
        if operation.changes:
            return OutcomeUnknown("The change was sent to Paytend, but no answer came.")
        return Unreachable("Paytend did not answer.")


def _allow() -> None:
    """Let a call be sent at any time."""


def _before(check: Callable[[], None]) -> Callable[[str, object], None]:
    """Return what httpx reports its steps to; `check` runs before the head is written and before the body is.

    Connecting may take long, and a process may sleep between the two. Without its body Paytend reads nothing.
    """

    def trace(step: str, _details: object) -> None:
        if step.endswith((".send_request_headers.started", ".send_request_body.started")):
            check()

    return trace
