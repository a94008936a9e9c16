"""The web application: what is found, what is refused, and what health and metrics say."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry, Counter

from bot.http.app import HttpRequest, HttpResponse, WebApp, respond_json


@dataclass
class Edges:
    """What stands behind the application, and what reached it."""

    seen: list[tuple[str, object]] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=lambda: {"database": "ok", "workers": "ok"})

    def slack(self, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        self.seen.append(("slack", (dict(headers), body)))
        return respond_json("200 OK", {})

    def webhook(self, body: bytes) -> Future[HttpResponse]:
        self.seen.append(("webhook", body))
        later: Future[HttpResponse] = Future()
        later.set_result(respond_json("200 OK", {"status": "00"}))
        return later


@pytest.fixture
def edges() -> Edges:
    return Edges()


def make_web(edges: Edges, *, http: bool = True) -> WebApp:
    registry = CollectorRegistry()
    Counter("cardops_webhooks", "Webhooks.", registry=registry).inc()
    slack: Callable[..., HttpResponse] | None = edges.slack if http else None
    return WebApp(slack=slack, webhook=edges.webhook, ready=lambda: edges.checks, registry=registry)


def ask(web: WebApp, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes]:
    length = {"content-length": str(len(body))} if body else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = web(HttpRequest(method=method, path=path, headers={**length, **named}, body=body))
    found = answer if isinstance(answer, HttpResponse) else answer.result()
    return int(found.status[:3]), found.type, found.body


@pytest.mark.parametrize(
    "path", ["/", "/slack", "/slack/events/", "/paytend", "/healthz/x", "/../metrics", "//", ""]
)
def test_anything_else_is_not_found(edges: Edges, path: str) -> None:
    for method in ("GET", "POST"):
        assert ask(make_web(edges), method, path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/slack/events"),
        ("PUT", "/paytend/webhook"),
        ("GET", "/paytend/webhook"),
        ("POST", "/healthz"),
        ("DELETE", "/readyz"),
        ("POST", "/metrics"),
        ("BREW", "/metrics"),
    ],
)
def test_another_method_is_refused(edges: Edges, method: str, path: str) -> None:
    assert ask(make_web(edges), method, path)[0] == 405
    assert edges.seen == []


def test_bodies_reach_their_edges(edges: Edges) -> None:
    web = make_web(edges)

    assert ask(web, "POST", "/paytend/webhook", b"{}")[0] == 200
    assert ask(web, "POST", "/slack/events", b"a=b", x_slack_signature="v0=1")[0] == 200

    assert edges.seen[0] == ("webhook", b"{}")
    assert edges.seen[1] == ("slack", ({"content-length": "3", "x-slack-signature": "v0=1"}, b"a=b"))


@pytest.mark.parametrize("path", ["/slack/events", "/paytend/webhook"])
@pytest.mark.parametrize(
    "headers",
    [
        {"transfer_encoding": "chunked", "content_length": "2"},
        {"content_encoding": "gzip"},
        {"content_encoding": "identity, gzip"},
        {"content_encoding": "br"},
    ],
    ids=["two lengths", "gzip", "two encodings", "brotli"],
)
def test_what_a_strict_reader_refuses_is_a_bad_request(edges: Edges, path: str, headers: dict[str, str]) -> None:
    assert ask(make_web(edges), "POST", path, b"{}", **headers)[0] == 400
    assert edges.seen == []


def test_in_socket_mode_slack_has_no_address_here(edges: Edges) -> None:
    assert ask(make_web(edges, http=False), "POST", "/slack/events", b"{}")[0] in {404, 405}
    assert edges.seen == []


def test_health_is_that_of_the_process_alone(edges: Edges) -> None:
    edges.checks["database"] = "OperationalError"

    status, kind, content = ask(make_web(edges), "GET", "/healthz")

    assert (status, json.loads(content)) == (200, {"status": "ok"})
    assert kind == "application/json"


def test_readiness_names_its_checks_and_fails_when_one_does(edges: Edges) -> None:
    web = make_web(edges)
    assert ask(web, "GET", "/readyz")[0] == 200

    edges.checks["workers"] = "a worker has stopped"
    status, _, content = ask(web, "GET", "/readyz")

    assert status == 503
    assert json.loads(content)["checks"] == {"database": "ok", "workers": "a worker has stopped"}


def test_metrics_are_in_the_form_of_prometheus(edges: Edges) -> None:
    status, kind, content = ask(make_web(edges), "GET", "/metrics")

    assert status == 200
    assert kind.startswith("text/plain; version=")
    assert b"cardops_webhooks_total 1.0" in content
