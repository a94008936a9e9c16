"""A client of ours connected to the stand-in over a real socket."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import httpx

from paytend import AmountUnit, Client, Keys, RequestIds, load_private_key, load_public_keys, make_http
from sandbox.paytend import PaytendStandIn
from sandbox.running import Running
from tests import once


@dataclass(kw_only=True)
class Connection:
    stand_in: PaytendStandIn
    client: Client
    url: str
    pauses: list[float] = field(default_factory=list)


def make_client(
    stand_in: PaytendStandIn, http: httpx.Client, *, timeout: float, pauses: list[float], **changes: object
) -> Client:
    facts: dict[str, object] = {
        "http": http,
        "partner_id": stand_in.partner_id,
        "keys": Keys(
            private=load_private_key(stand_in.partner_private_key_pem),
            public=load_public_keys(stand_in.paytend_public_key_pem),
        ),
        "unit": AmountUnit(stand_in.books.unit),
        "timeout": timeout,
        "request_id": RequestIds(stand_in.partner_id, random_below=secrets.randbelow),
        "secret": lambda: secrets.token_bytes(16),
        "jitter": lambda: 0.5,
        "monotonic": time.monotonic,
        "pause": pauses.append,
    }
    return Client(**{**facts, **changes})  # type: ignore[arg-type]  # facts of several types by name


@contextmanager
def connect(
    *, unit: Literal["minor", "major"] = "minor", timeout: float = 5.0, **changes: object
) -> Iterator[Connection]:
    stand_in = PaytendStandIn(unit=unit, seed=1, pairs=once.pairs())
    with Running(stand_in.app) as server, make_http(base_url=server.url, timeout=timeout, tls=once.tls()) as http:
        pauses: list[float] = []
        client = make_client(stand_in, http, timeout=timeout, pauses=pauses, **changes)
        yield Connection(stand_in=stand_in, client=client, url=server.url, pauses=pauses)
