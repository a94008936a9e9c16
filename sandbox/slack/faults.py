"""What can be made to go wrong on the way to the Web API, for so many calls."""

import socket
import struct
import threading
from dataclasses import dataclass, field, replace

from aiohttp import web

from sandbox.slack.shapes import Json


@dataclass(frozen=True, kw_only=True)
class SlackFault:
    """One thing that goes wrong with the next `times` calls of a method ("*" for any)."""

    method: str
    kind: str
    times: int = 1
    error: str = ""
    status: int = 200
    seconds: float = 0.0
    fields: Json = field(default_factory=dict)


class Faults:
    """The faults that are still to come; thread-safe, first armed first taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[SlackFault] = []

    def arm(self, fault: SlackFault) -> None:
        """Let this go wrong."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Let all go right again."""
        with self._lock:
            self._armed.clear()

    @property
    def armed(self) -> tuple[SlackFault, ...]:
        """What is still to go wrong."""
        with self._lock:
            return tuple(self._armed)

    def take(self, method: str) -> SlackFault | None:
        """Return the fault for a call of `method` that arrives now, and count it down."""
        with self._lock:
            for place, fault in enumerate(self._armed):
                if fault.method in {method, "*"}:
                    if fault.times <= 1:
                        del self._armed[place]
                    else:
                        self._armed[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def answers(self, method: str, error: str, *, times: int = 1, **fields: object) -> None:
        """Refuse the next calls with `{"ok": false, "error": …}`; nothing is done."""
        self.arm(SlackFault(method=method, kind="error", error=error, times=times, fields=dict(fields)))

    def fails(self, method: str, *, status: int = 500, times: int = 1) -> None:
        """Answer the next calls with an HTTP status and a page instead of JSON; nothing is done."""
        self.arm(SlackFault(method=method, kind="status", status=status, times=times))

    def limits(self, method: str, *, retry_after: int = 30, times: int = 1) -> None:
        """Answer the next calls with 429 and Retry-After."""
        self.arm(SlackFault(method=method, kind="limited", seconds=retry_after, times=times))

    def resets(self, method: str, *, accepted: bool, times: int = 1) -> None:
        """Reset the connection: when `accepted` after the call was carried out, else before."""
        self.arm(SlackFault(method=method, kind="reset_after" if accepted else "reset_before", times=times))

    def hangs(self, method: str, *, accepted: bool = False, times: int = 1) -> None:
        """Never answer the next calls; when `accepted` they are carried out all the same."""
        self.arm(SlackFault(method=method, kind="hang_after" if accepted else "hang_before", times=times))

    def slows(self, method: str, *, seconds: float, times: int = 1) -> None:
        """Answer the next calls late, in real time."""
        self.arm(SlackFault(method=method, kind="slow", seconds=seconds, times=times))


def reset(request: web.Request) -> None:
    """Tear the connection of a request down so that the peer sees a reset."""
    if request.transport is None:
        return
    peer = request.transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
