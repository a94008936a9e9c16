"""The examples for Caddy and HAProxy, each run by the program itself where it is installed."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.http.app import HttpRequest, HttpResponse
from bot.http.connections import LARGEST_BODY
from bot.http.server import Server
from tests.deploy.test_nginx import make_certificate, wait_for
from tests.process.world import LONGEST, find_port

DEPLOY = Path(__file__).parents[2] / "deploy"
pytestmark = pytest.mark.soak


@dataclass
class Seen:
    """The bot's own server, with an application that only remembers what reached it."""

    requests: list[HttpRequest] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/readyz":  # HAProxy asks by itself
            self.requests.append(request)
        return HttpResponse(status="200 OK", body=b"{}")


def write_caddy(program: str, folder: Path, *, bot: int, port: int) -> list[str]:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    if re.match(r"v?2\.[0-6]\.", version):  # as the comment in the file says
        text = text.replace("\t\t\trequest_buffers 1MiB\n", "\t\t\tbuffer_requests\n")
    text = text.replace("cards.example.com", f"http://127.0.0.1:{port}").replace(
        "127.0.0.1:3000 {", f"127.0.0.1:{bot} {{"
    )
    (folder / "Caddyfile").write_text(text)
    return [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def write_haproxy(program: str, folder: Path, *, bot: int, port: int) -> list[str]:
    certificate = make_certificate(folder)
    (folder / "certificate.pem").write_text((folder / "key.pem").read_text() + certificate.read_text())
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    for old, new in (
        ("/etc/haproxy/certificate.pem", str(folder / "certificate.pem")),
        ("bind :443 ssl", f"bind 127.0.0.1:{port}\n    bind 127.0.0.1:{find_port()} ssl"),
        ("server bot1 127.0.0.1:3000", f"server bot1 127.0.0.1:{bot}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "haproxy.cfg").write_text(text)
    subprocess.run([program, "-c", "-f", str(folder / "haproxy.cfg")], check=True, capture_output=True)
    return [program, "-db", "-f", str(folder / "haproxy.cfg")]


WRITERS: dict[str, Callable[..., list[str]]] = {"caddy": write_caddy, "haproxy": write_haproxy}


@pytest.fixture(params=WRITERS, scope="module")
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Seen]]:
    """The address of a proxy, and what reaches the bot behind it."""
    program = shutil.which(request.param) or shutil.which(request.param, path="/usr/sbin")
    if program is None:
        pytest.skip(f"there is no {request.param}")
    folder, seen, port = tmp_path_factory.mktemp(request.param), Seen(), find_port()
    server = Server(seen, host="127.0.0.1", port=0, is_instant=lambda _request: True)
    server.start()
    words = WRITERS[request.param](program, folder, bot=server.port, port=port)
    home = {"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin"}
    with (folder / "log").open("w") as log, subprocess.Popen(words, env=home, stdout=log, stderr=log) as proxy:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}", seen
        finally:
            proxy.terminate()
            proxy.wait(timeout=LONGEST)
            server.stop()


@pytest.mark.parametrize("path", ["/slack/events", "/paytend/webhook"])
def test_o15_a_body_passes_as_it_is_and_nobody_says_who_they_are(behind: tuple[str, Seen], path: str) -> None:
    address, seen = behind
    body = bytes(range(256)) * 4096

    answer = httpx.post(f"{address}{path}", content=body, headers={"X-Forwarded-For": "8.8.8.8"}, trust_env=False)

    assert answer.status_code == 200
    reached = seen.requests.pop()
    assert (reached.path, reached.body) == (path, body)
    assert len(body) == LARGEST_BODY
    assert reached.headers["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [
        ("GET", "/metrics", 0, {404}),
        ("GET", "/readyz", 0, {404}),
        ("POST", "/", 0, {404}),
        ("GET", "/slack/events", 0, {404}),
        # Caddy 2.6 refuses it as if the bot had failed.
        ("POST", "/slack/events", LARGEST_BODY + 1, {413, 502}),
        ("POST", "/slack/events", -20_000, {400, 431}),
    ],
)
def test_o15_nothing_else_passes(
    behind: tuple[str, Seen], method: str, path: str, size: int, status: set[int]
) -> None:
    address, seen = behind
    before = len(seen.requests)
    headers = {"X-Long": "x" * -size} if size < 0 else {}

    answer = httpx.request(
        method, f"{address}{path}", content=b"x" * max(size, 0), headers=headers, trust_env=False
    )

    assert answer.status_code in status
    assert len(seen.requests) == before
