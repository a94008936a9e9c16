"""Bytes that nobody signed, posted to the bot as it runs: they cost little, write little, and break nothing."""

import hashlib
import hmac
import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from bot.http.app import HttpRequest, HttpResponse, Path
from bot.logs import start_logging
from bot.slack.edge import is_instant
from sandbox.slack.seed import SIGNING_SECRET
from sandbox.slack.signing import sign
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import SUPPORT, JourneyWorld

MEBIBYTE = 1024 * 1024
MARK = "nobody-may-read-this"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log of the bot as `cardops run` sets it up, before Bolt makes its own loggers."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    start_logging("json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def served(make_world: MakesWorld, lines: io.StringIO) -> Iterator[tuple[JourneyWorld, httpx.Client]]:
    """The bot behind its own server, and somebody who posts to it."""
    with make_world(over_http=True) as world:
        address = str(world.slack.courier.request_url).removesuffix(Path.SLACK)
        with httpx.Client(base_url=address, trust_env=False, timeout=10) as client:
            yield world, client


def post(client: httpx.Client, body: bytes, headers: dict[str, str] | list[tuple[str, str]]) -> httpx.Response:
    return client.post(Path.SLACK, content=body, headers=headers)


def signed(body: bytes, *, late: int = 0, secret: str = SIGNING_SECRET) -> dict[str, str]:
    return sign(body, secret=secret, timestamp=int(time.time()) + late)


def refusals(client: httpx.Client) -> dict[str, float]:
    """Refused deliveries of Slack, by reason."""
    rows = [
        row
        for row in client.get(Path.METRICS).text.splitlines()
        if row.startswith('cardops_refused_total{door="slack"')
    ]
    counts = {row.partition('reason="')[2].partition('"')[0]: float(row.rpartition(" ")[2]) for row in rows}
    return {reason: count for reason, count in counts.items() if count}


JUNK = {
    "a form of a thousand names": (FORM, b"a=&" * (MEBIBYTE // 3)),
    "deep JSON": ({"Content-Type": "application/json"}, b'{"a":' * (MEBIBYTE // 5)),
    "endless numbers": ({"Content-Type": "application/json"}, b"[" + b"1e308," * (MEBIBYTE // 6)),
    "a payload in a form": (FORM, b"payload=" + b"%5B" * (MEBIBYTE // 3)),
    "words that decide": (FORM, b"request_approve block_suggestio" * (MEBIBYTE // 31)),
}


def cpu(call: Callable[[], object], *, rounds: int = 3) -> float:
    best = 9.0
    for _ in range(rounds):
        begun = time.process_time()
        call()
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize("kind", JUNK)
def test_x2_a_mebibyte_that_nobody_signed_costs_little_more_than_hashing_it(
    sqlite_world: JourneyWorld, kind: str
) -> None:
    headers, body = JUNK[kind]
    request = HttpRequest(
        method="POST",
        path=Path.SLACK,
        headers={
            name.lower(): value for name, value in (headers | signed(b"another body", secret="no secret")).items()
        },
        body=body,
    )

    def ask() -> None:
        is_instant(request)
        answer = sqlite_world.bot.web(request)
        assert isinstance(answer, HttpResponse)
        assert answer.status.startswith("401")

    hashing = cpu(lambda: hmac.new(b"secret", body, hashlib.sha256).hexdigest(), rounds=5)

    assert cpu(ask) < 6 * hashing + 0.002, "it was read before its signature"


REFUSED: dict[str, Callable[[bytes], dict[str, str] | list[tuple[str, str]]]] = {
    "no headers": lambda _body: {},
    "no timestamp": lambda body: {"X-Slack-Signature": signed(body)["X-Slack-Signature"]},
    "another secret": lambda body: signed(body, secret="another"),
    "another body": lambda body: signed(body + b"&"),
    "too old": lambda body: signed(body, late=-302),
    "of the future": lambda body: signed(body, late=302),
    "a timestamp of 5,000 digits": lambda body: signed(body) | {"X-Slack-Request-Timestamp": "9" * 5000},
    "a negative timestamp": lambda body: signed(body) | {"X-Slack-Request-Timestamp": "-1"},
    "another version": lambda body: signed(body) | {"X-Slack-Signature": "v1=" + "0" * 64},
    "capital letters": lambda body: (
        signed(body) | {"X-Slack-Signature": "v0=" + signed(body)["X-Slack-Signature"][3:].upper() + "A"}
    ),
    "two signatures": lambda body: [
        *signed(body).items(),
        ("X-Slack-Signature", "v0=" + "0" * 64),
    ],
    "a right signature behind a wrong one": lambda body: [
        ("X-Slack-Signature", "v0=" + "0" * 64),
        *signed(body).items(),
    ],
    "two timestamps": lambda body: [*signed(body).items(), ("X-Slack-Request-Timestamp", "1")],
}
BODIES = {
    "an array": b"[]",
    "half an object": b"{x",
    "a form": f"command=/topup&text={MARK}".encode(),
    "no UTF-8": b"\xff\xfe",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_x3_whatever_is_wrong_with_a_signature_is_401_and_no_traceback(
    served: tuple[JourneyWorld, httpx.Client], lines: io.StringIO, kind: str
) -> None:
    _, client = served
    for name, make in REFUSED.items():
        for body in BODIES.values():
            made = make(body)
            headers = [*(made.items() if isinstance(made, dict) else made), ("Content-Type", kind)]
            assert post(client, body, headers).status_code == 401, name

    assert "Traceback" not in lines.getvalue()
    assert MARK not in lines.getvalue()


@pytest.mark.parametrize("name", [b"X-Slack-Signature", b"X-Slack-Request-Timestamp"])
@pytest.mark.parametrize("value", ["é".encode("latin-1"), "٣".encode(), b"\xff" * 64, b"v0=" + b"\xc3" * 64])
def test_x3_a_header_that_is_no_ascii_is_401(
    served: tuple[JourneyWorld, httpx.Client], lines: io.StringIO, name: bytes, value: bytes
) -> None:
    _, client = served
    headers = {key.encode(): text.encode() for key, text in signed(b"{}").items()} | {name: value}

    assert client.post(Path.SLACK, content=b"{}", headers=list(headers.items())).status_code == 401
    assert "Traceback" not in lines.getvalue()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"[]"),
        ("application/json", b"{x"),
        ("application/json", b"null"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"user":"U0","team":[],"type":"block_actions","actions":7}'),
        ("application/x-www-form-urlencoded", b"payload=[]"),
        ("application/x-www-form-urlencoded", b"payload={x"),
        ("application/x-www-form-urlencoded", b"\xff"),
    ],
)
def test_x3_what_is_rightly_signed_and_cannot_be_read_is_400_and_no_traceback(
    served: tuple[JourneyWorld, httpx.Client], lines: io.StringIO, kind: str, body: bytes
) -> None:
    _, client = served

    assert post(client, body, signed(body) | {"Content-Type": kind}).status_code in {400, 401}
    assert "Traceback" not in lines.getvalue()


def test_x3_refusals_are_counted_by_reason_and_told_once_a_second(
    served: tuple[JourneyWorld, httpx.Client], lines: io.StringIO
) -> None:
    _, client = served
    begun = time.monotonic()
    for _ in range(20):
        post(client, f"text={MARK}".encode(), FORM | signed(b"", secret="another"))
        post(client, f"text={MARK}".encode(), FORM | signed(b"", late=-1000))
        post(client, f"text={MARK}".encode(), FORM)
    seconds = time.monotonic() - begun

    told = [line for line in lines.getvalue().splitlines() if "refused" in line]
    assert refusals(client) == {"wrong signature": 20, "stale": 20, "not signed": 20}
    assert 1 <= len(told) <= 2 + seconds
    assert all("left_out" in line for line in told)


def test_o2_no_logger_of_bolt_writes_a_body_however_it_is_set_up(
    served: tuple[JourneyWorld, httpx.Client], lines: io.StringIO
) -> None:
    _, client = served
    body = f"command=/topup&text={MARK}".encode()
    post(client, body, FORM | signed(body, secret="the secret before it was changed"))
    post(client, body, FORM | signed(body, late=-1000))
    names = [name for name in logging.Logger.manager.loggerDict if name.startswith("slack")]
    assert "slack_bolt.RequestVerification" in names or "slack_bolt.App" in names
    with everything_said(names):
        for name in names:
            for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                logging.getLogger(name).log(level, f"Unhandled request ({{'body': '{MARK}'}})")  # noqa: G004
            logging.getLogger(name).warning("Unhandled request (%s)", MARK * 100_000)

    assert MARK not in lines.getvalue()
    assert "Unhandled request" in lines.getvalue(), "that something was said is told"


@contextmanager
def everything_said(names: list[str]) -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_o2_a_line_of_the_log_is_bounded(lines: io.StringIO) -> None:
    log = logging.getLogger("bot.anything")
    log.warning(
        "much", extra={"fact": "x" * MEBIBYTE, "more": ["y" * 100] * 100_000, "deep": {"a": {"b": "z" * MEBIBYTE}}}
    )
    log.warning("w" * MEBIBYTE)
    try:
        int("v" * MEBIBYTE)
    except ValueError:
        log.exception("broken")
    log.warning("many", extra={f"fact{number}": "x" * 1000 for number in range(1000)})

    told = lines.getvalue().splitlines()
    assert len(told) == 4
    for line in told:
        assert len(line) <= 20_000
        assert json.loads(line)["level"] in {"warning", "error"}


def test_x2_what_slack_signs_is_taken_as_before(served: tuple[JourneyWorld, httpx.Client]) -> None:
    world, client = served

    assert world.types(SUPPORT, "/cardops help").status == 200
    assert refusals(client) == {}
