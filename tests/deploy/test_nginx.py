"""The proxy's file in a real nginx, where there is one: what reaches the bot, unchanged, and what does not."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from bot.server import LARGEST_BODY, Server
from bot.web import Answer, HttpRequest

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx here")


class Echo:
    """The bot, as far as a proxy sees it; keeps what reached it."""

    def __init__(self) -> None:
        self.seen: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> Answer:
        self.seen.append(request)
        return Answer(status="200 OK", body=b"from the bot")


@dataclass
class Proxy:
    """nginx before an Echo."""

    bot: Echo
    port: int
    folder: Path

    def asks(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        trusts = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        connection = HTTPSConnection("localhost", self.port, context=trusts, timeout=10)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def adapt(text: str, *, folder: Path, bot: int, port: int) -> str:
    """Return the configuration for this machine: other addresses and places, all else as it is."""
    temporary = "".join(
        f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    changes = {
        "server bot:3000;": f"server 127.0.0.1:{bot};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/certificates": str(folder),
        "/tmp/nginx.pid": f"{folder}/nginx.pid",  # noqa: S108 - what stands in the file
        "http {\n": f"http {{\n{temporary}",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, bot, port = tmp_path_factory.mktemp("nginx"), Echo(), free_port()
    server = Server(bot, host="127.0.0.1", port=0)
    server.start()
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "fullchain.pem")]
    making = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject]
    subprocess.run(making, check=True, capture_output=True, timeout=60)
    config = folder / "nginx.conf"
    config.write_text(adapt(CONFIG.read_text(), folder=folder, bot=server.port, port=port))
    more = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"  # root's workers need the folder too
    command = [str(NGINX), "-p", str(folder), "-c", str(config), "-g", more]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=60, check=False)
    assert tested.returncode == 0, tested.stderr
    assert not re.search("warn|deprecated", tested.stderr), tested.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Proxy(bot=bot, port=port, folder=folder)
    finally:
        process.terminate()
        process.wait(timeout=20)
        server.stop()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("nginx does not listen")


@pytest.mark.parametrize("path", ["/slack/events", "/paytend/webhook"])
def test_what_is_posted_reaches_the_bot_byte_by_byte(proxy: Proxy, path: str) -> None:
    body = bytes(range(256)) * 40

    assert proxy.asks("POST", path, body, X_Slack_Signature="v0=ab", X_Slack_Request_Timestamp="17") == (
        200,
        b"from the bot",
    )

    seen = proxy.bot.seen[-1]
    assert (seen.method, seen.path, seen.body) == ("POST", path, body)
    assert (seen.headers["x-slack-signature"], seen.headers["x-slack-request-timestamp"]) == ("v0=ab", "17")


def test_a_body_as_large_as_the_bot_takes_passes_and_a_larger_one_ends_at_the_proxy(proxy: Proxy) -> None:
    assert proxy.asks("POST", "/paytend/webhook", b"x" * LARGEST_BODY)[0] == 200
    count = len(proxy.bot.seen)

    assert proxy.asks("POST", "/paytend/webhook", b"x" * (LARGEST_BODY + 1))[0] == 413
    assert len(proxy.bot.seen) == count


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/", "/slack/events/", "/paytend"])
def test_nothing_else_is_seen_from_outside(proxy: Proxy, path: str) -> None:
    count = len(proxy.bot.seen)

    assert proxy.asks("GET", path)[0] == 404
    assert proxy.asks("GET", "/paytend/webhook")[0] == 403
    assert len(proxy.bot.seen) == count
