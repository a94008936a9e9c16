"""Raw connections to a server: what a well-behaved client never sends."""

import socket
import time

LONGEST = 10.0  # seconds


class Wire:
    """One TCP connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)

    def send(self, data: bytes) -> bool:
        """Send, and return whether the other side still takes it."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self) -> bytes:
        """Return the head and the body of one answer, or what came before the end."""
        raw = b""
        while b"\r\n\r\n" not in raw:
            part = self._receive()
            if not part:
                return raw
            raw += part
        head, _, body = raw.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        wanted = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(body) < wanted and (part := self._receive()):
            body += part
        return head + b"\r\n\r\n" + body

    def first_part(self) -> bytes:
        """Return what comes with the first packet."""
        return self._receive()

    def seconds_until_closed(self) -> float:
        """Wait for the other side to close, and return how long that took."""
        begun = time.monotonic()
        while self._receive():
            pass
        return time.monotonic() - begun

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.socket.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ")[1]) if answer else 0
