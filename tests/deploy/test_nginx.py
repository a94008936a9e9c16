"""The proxy's configuration, run by nginx itself with the bot behind it, where nginx is installed."""

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.http.connections import LARGEST_BODY
from tests.journeys.world import CARD
from tests.paytend import openssl
from tests.process.nursery import Nursery
from tests.process.world import LONGEST, Child, ProcessWorld, find_port, make_process_world

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"


@pytest.fixture(scope="module")
def nginx() -> str:
    """The program, if it is here: no test of ours is worth installing a server for."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no nginx")
    return program


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """nginx in front of a bot: by TLS as in production, and without it for stand-ins, who know no certificate."""

    https: str
    http: str
    certificate: Path
    log: Path

    def client(self) -> httpx.Client:
        """Someone outside who believes the certificate."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(base_url=self.https, verify=trusted, trust_env=False, timeout=10)


def adapt(text: str, *, folder: Path, bot: int, tls: int, plain: int) -> str:
    """Return the configuration with addresses and folders of this machine, and nothing else changed."""
    for old, new in (
        ("include bot-servers.conf;", f"server 127.0.0.1:{bot};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl; listen 127.0.0.1:{plain}; server_name localhost;"),
        ("/etc/nginx/certificates", str(folder)),
        ("pid /tmp/nginx.pid;", f"pid {folder}/nginx.pid;"),
        ("error_log /dev/stderr warn;", f"error_log {folder}/error.log warn;"),
        ("worker_processes auto;", "worker_processes 1;"),
    ):
        assert text.count(old) >= 1, f"the configuration says {old!r} no more"
        text = text.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f" {kind}_temp_path {folder}/{kind};" for kind in kinds)
    return text.replace("http {", "http {" + folders, 1)


def make_certificate(folder: Path) -> Path:
    """Make key.pem and fullchain.pem of localhost."""
    name = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "fullchain.pem"))
    openssl.run("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2", *name, *files)
    return folder / "fullchain.pem"


def run_nginx(nginx: str, folder: Path, *, bot: int) -> tuple[Proxy, "subprocess.Popen[bytes]"]:
    """Check the configuration and start it in the foreground."""
    certificate, tls, plain = make_certificate(folder), find_port(), find_port()
    file = folder / "nginx.conf"
    file.write_text(adapt(CONFIGURATION.read_text(), folder=folder, bot=bot, tls=tls, plain=plain))
    words = [nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(file)]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr, checked.stderr
    process = subprocess.Popen([*words, "-g", "daemon off;"])
    proxy = Proxy(
        https=f"https://localhost:{tls}",
        http=f"http://127.0.0.1:{plain}",
        certificate=certificate,
        log=folder / "error.log",
    )
    return proxy, process


def wait_for(port: int) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")


@pytest.fixture(scope="module")
def world(nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessWorld]:
    """Stand-ins and a bot, for all tests here: none of them minds what another one did."""
    del nginx  # skips before anything is started
    nursery = Nursery()
    with make_process_world("sqlite", tmp_path_factory.mktemp("bot"), nursery=nursery) as world:
        yield world
    nursery.end()


@pytest.fixture(scope="module")
def bot(world: ProcessWorld) -> Child:
    return world.start()


@pytest.fixture(scope="module")
def proxy(
    world: ProcessWorld, bot: Child, nginx: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """nginx with our configuration; Slack and Paytend deliver to it and not to the bot."""
    port = int(bot.url.rpartition(":")[2])
    proxy, process = run_nginx(nginx, tmp_path_factory.mktemp("nginx"), bot=port)
    try:
        wait_for(int(proxy.http.rpartition(":")[2]))
        world.slack.courier.request_url = f"{proxy.http}/slack/events"
        world.paytend.callback = f"{proxy.http}/paytend/webhook"
        yield proxy
    finally:
        process.terminate()
        process.wait(timeout=LONGEST)


def test_o15_nginx_takes_it_on_a_machine_without_compose(nginx: str, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    text = CONFIGURATION.read_text()
    for old, new in (
        ("/etc/nginx/certificates", str(tmp_path)),
        ("pid /tmp", f"pid {tmp_path}"),
        ("/dev/stderr", f"{tmp_path}/error.log"),
        ("listen 443", f"listen 127.0.0.1:{find_port()}"),
    ):
        text = text.replace(old, new)
    (tmp_path / "nginx.conf").write_text(text)
    shutil.copy(CONFIGURATION.with_name("bot-servers.conf"), tmp_path)
    words = [
        nginx,
        "-t",
        "-p",
        str(tmp_path),
        "-e",
        str(tmp_path / "error.log"),
        "-c",
        str(tmp_path / "nginx.conf"),
    ]

    checked = subprocess.run(words, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr


def test_commands_clicks_and_webhooks_pass_with_their_signatures(world: ProcessWorld, proxy: Proxy) -> None:
    world.approves(world.asks("20.50"))
    world.says("Completed", of="20.50 EUR")

    world.paytend.events.purchase(CARD, "3.21")

    webhooks = world.paytend.webhooks
    world.until(lambda: webhooks and all(webhook.state == "delivered" for webhook in webhooks))
    world.until(lambda: any("3.21" in str(message) for message in world.slack.messages("C0ALERTS")))
    assert proxy.log.read_text() == ""


def test_only_two_doors_are_open_to_the_outside(proxy: Proxy, bot: Child) -> None:
    with proxy.client() as client:
        inside = [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/")]
        looked_at = [client.get(path).status_code for path in ("/slack/events", "/paytend/webhook")]
        forged = client.post("/slack/events", content=b"{}")
        other = client.post("/slack/events/more", content=b"{}")

    assert httpx.get(f"{bot.url}/healthz", trust_env=False).status_code == 200
    assert inside == [404] * 4
    assert looked_at == [403] * 2
    assert forged.status_code == 401
    assert other.status_code == 404
    assert "max-age=" in forged.headers["strict-transport-security"]


def test_what_the_bot_takes_passes_and_no_byte_more(proxy: Proxy, bot: Child) -> None:
    before = refused(bot)
    with proxy.client() as client:
        largest = client.post("/paytend/webhook", content=b"x" * LARGEST_BODY)
        larger = client.post("/paytend/webhook", content=b"x" * (LARGEST_BODY + 1))

    assert largest.json()["status"] != "00", "read whole by the bot, and refused as no webhook"
    assert refused(bot) == before + 1
    assert larger.status_code == 413
    assert "nginx" in larger.text, "the proxy says so; the bot never saw it"


def test_a_sender_who_stops_in_the_middle_is_never_seen_by_the_bot(proxy: Proxy, bot: Child) -> None:
    address = ("127.0.0.1", int(proxy.http.rpartition(":")[2]))
    before = refused(bot)
    with socket.create_connection(address, timeout=10) as slow:
        slow.sendall(b"POST /paytend/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        said = slow.recv(4096)  # nginx ends it after five seconds

    assert said == b"" or b" 408 " in said.partition(b"\r\n")[0]
    assert refused(bot) == before


def test_x10_one_address_holds_only_so_many_requests_and_gets_room_again(proxy: Proxy) -> None:
    address = ("127.0.0.1", int(proxy.http.rpartition(":")[2]))
    slow = [socket.create_connection(address, timeout=10) for _ in range(96)]
    for each in slow:
        each.sendall(b"POST /paytend/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    until, status = time.monotonic() + 4, 401
    while status != 503 and time.monotonic() < until:
        status = httpx.post(f"{proxy.http}/paytend/webhook", content=b"{}", trust_env=False).status_code
    for each in slow:
        each.close()

    assert status == 503
    until = time.monotonic() + LONGEST
    while status == 503 and time.monotonic() < until:
        status = httpx.post(f"{proxy.http}/paytend/webhook", content=b"{}", trust_env=False).status_code
    assert status == 401


def test_x6_headers_over_16_kib_end_at_the_proxy(proxy: Proxy) -> None:
    long = {f"X-{number}": "y" * 3_000 for number in range(8)}

    answer = httpx.post(f"{proxy.http}/paytend/webhook", headers=long, content=b"{}", trust_env=False)

    assert answer.status_code == 400
    assert "nginx" in answer.text


def refused(bot: Child) -> float:
    """How many webhooks the bot has refused."""
    text = httpx.get(f"{bot.url}/metrics", trust_env=False).text
    return sum(map(float, re.findall(r'^cardops_webhooks_total\{outcome="refused".*\} (\S+)', text, re.MULTILINE)))
