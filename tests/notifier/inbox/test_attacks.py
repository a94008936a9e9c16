"""Attacks on the webhook address, through the whole bot: one answer, no row, no secret, one line of the log."""

import base64
import json
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from bot.database.engine import SqlDatabase
from bot.http.connections import LARGEST_BODY
from bot.http.server import Server
from bot.logs import LineFormatter
from bot.slack.edge import is_instant
from paytend import Flaw
from tests import once
from tests.bot.sockets import Wire, status_of
from tests.journeys.world import JourneyWorld, build_world
from tests.notifier.edge import CONTENT, REFUSED, TAKEN, counted, kept, make_peer, write
from tests.paytend.peer import Peer

SECRET_WORD = "CORNER-SHOP-OF-NOBODY"


@pytest.fixture
def world(sqlite: SqlDatabase, tmp_path: Path) -> Iterator[JourneyWorld]:
    """The whole bot, from its web application to its database."""
    with build_world(sqlite, tmp_path) as world:
        yield world


@pytest.fixture(scope="module")
def peer() -> Peer:
    return make_peer()


@pytest.fixture
def wire(world: JourneyWorld) -> Iterator[Wire]:
    """A connection to the bot behind its own server."""
    server = Server(world.bot.web, host="127.0.0.1", port=0, is_instant=is_instant)
    server.start()
    wire = Wire(server.port)
    yield wire
    wire.close()
    server.stop()


@pytest.fixture
def sealed(peer: Peer) -> dict[str, Any]:
    """The fields of a genuine webhook that the bot would take."""
    fields: dict[str, Any] = json.loads(peer.webhook(write(remark=SECRET_WORD)))
    return fields


def assert_refused(world: JourneyWorld, bodies: list[bytes], *, reason: str = "signature") -> None:
    """Every body gets the one answer, leaves nothing, and is counted."""
    before = counted(world, "refused", reason)

    answers = [world.webhook_arrives(body) for body in bodies]

    assert answers == [REFUSED] * len(bodies)
    assert kept(world) == []
    assert counted(world, "refused", reason) == before + len(bodies)


def change(fields: dict[str, Any], **values: Any) -> bytes:
    return json.dumps({**fields, **values}).encode()


def test_a1_unsigned_webhooks_are_refused(world: JourneyWorld, sealed: dict[str, Any]) -> None:
    missing = {name: value for name, value in sealed.items() if name != "signature"}

    assert_refused(world, [change(missing), change(sealed, signature=None)], reason="unsigned")


def test_a2_a_signature_by_another_key_is_refused(world: JourneyWorld) -> None:
    pairs = once.pairs()
    forger = Peer(ours=pairs.partner, theirs=pairs.forger)

    assert_refused(world, [forger.webhook(write())])


def test_a3_any_flipped_bit_of_the_signature_is_refused(world: JourneyWorld, sealed: dict[str, Any]) -> None:
    signature = base64.b64decode(sealed["signature"])
    flipped = [
        signature[:place] + bytes([signature[place] ^ 1 << bit]) + signature[place + 1 :]
        for place in range(0, len(signature), 4)
        for bit in (0, 7)
    ]

    assert_refused(world, [change(sealed, signature=base64.b64encode(each).decode()) for each in flipped])


def test_a4_a_flipped_bit_of_the_content_is_refused_and_nothing_of_it_is_said(
    world: JourneyWorld, sealed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    content = base64.b64decode(sealed["content"])
    flipped = [
        content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :] for place in range(0, len(content), 8)
    ]

    with caplog.at_level(logging.DEBUG):
        assert_refused(world, [change(sealed, content=base64.b64encode(each).decode()) for each in flipped])
    assert SECRET_WORD not in caplog.text


def spoil(signature: str) -> dict[str, object]:
    raw = base64.b64decode(signature)
    return {
        "zeros": base64.b64encode(bytes(len(raw))).decode(),
        "too short": base64.b64encode(raw[:-1]).decode(),
        "too long": base64.b64encode(raw * 5).decode(),
        "not base64": "!" * len(signature),
        "not ASCII": "é" + signature[1:],
        "spaces": " ".join(signature),
        "a line end": signature + "\n",
        "the URL alphabet": base64.urlsafe_b64encode(b"\xff\xef\xbf" + raw[3:]).decode(),
        "a number": 12,
        "true": True,
    }


def test_a5_signatures_that_are_none_are_refused_alike(world: JourneyWorld, sealed: dict[str, Any]) -> None:
    assert_refused(world, [change(sealed, signature=value) for value in spoil(sealed["signature"]).values()])
    assert_refused(world, [change(sealed, signature="")], reason="unsigned")


def test_a7_a_replay_sealed_anew_under_another_key_has_no_effect(world: JourneyWorld, peer: Peer) -> None:
    keys = [base64.b64encode(os.urandom(16)) for _ in range(3)]

    answers = [world.webhook_arrives(peer.webhook(write(), key=key)) for key in keys]
    world.settles()

    assert answers == [TAKEN] * 3
    assert len(kept(world)) == 1
    assert len(world.slack.messages("C0ONCALL")) == 1
    assert counted(world, "known") == 2


def test_a8_other_order_and_white_space_do_not_make_it_another_event(world: JourneyWorld, peer: Peer) -> None:
    reordered = json.dumps(dict(reversed(CONTENT.items())))
    spread = json.dumps(CONTENT, indent=4)
    escaped = json.dumps(CONTENT).replace("S", "\\u0053")

    answers = [world.webhook_arrives(peer.webhook(text)) for text in (write(), reordered, spread, escaped)]
    world.settles()

    assert answers == [TAKEN] * 4
    assert len(kept(world)) == 1
    assert len(world.slack.messages("C0ONCALL")) == 1


def test_a9_a_name_that_stands_twice_is_refused_inside_and_outside(
    world: JourneyWorld, peer: Peer, sealed: dict[str, Any]
) -> None:
    twice = write().replace('"amount": "1250"', '"amount": "1250", "amount": "1"')
    outside = change(sealed).replace(b'"notifyType"', b'"notifyType": "3", "notifyType"')

    assert_refused(world, [peer.webhook(twice)])
    assert_refused(world, [outside], reason="unreadable")


@pytest.mark.parametrize("notify_type", ["1", "2", "3"])
def test_n23_a_signed_array_is_kept_as_unrecognised_and_told(
    world: JourneyWorld, peer: Peer, notify_type: str
) -> None:
    looks_known = {
        "tradeId": "T1",
        "tradeStatus": 1,
        "holderId": "1",
        "auditStatus": 2,
        "orderNo": "R1",
        "cardId": "1",
    }
    array = json.dumps([{**looks_known, "applyStatus": 1}])

    assert world.webhook_arrives(peer.webhook(array, notify_type=notify_type)) == TAKEN
    world.settles()

    [event] = kept(world)
    assert (event.kind, event.failures) == ("unrecognised", 0)
    assert event.told_at is not None


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 400, "0." + "1" * 400])
def test_a10_numbers_beyond_all_measure_are_refused(world: JourneyWorld, peer: Peer, number: str) -> None:
    assert_refused(world, [peer.webhook(write().replace('"1250"', number))])


def post(wire: Wire, head: bytes, body: bytes = b"") -> int:
    wire.send(b"POST /paytend/webhook HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + body)
    return status_of(wire.answer())


def test_a11_ten_megabytes_are_refused_by_their_length(world: JourneyWorld, wire: Wire) -> None:
    assert post(wire, b"Content-Length: %d" % (10 * LARGEST_BODY), b"x" * 1024) == 413
    assert kept(world) == []


def test_a11_a_body_in_another_encoding_is_refused(world: JourneyWorld, wire: Wire) -> None:
    assert post(wire, b"Content-Encoding: gzip\r\nContent-Length: 4", b"\x1f\x8b\x08\x00") == 400
    assert kept(world) == []


def test_a12_what_is_nested_100_000_deep_is_refused_and_the_bot_lives(world: JourneyWorld, peer: Peer) -> None:
    deep = "[" * 100_000 + "]" * 100_000

    assert_refused(world, [peer.webhook(write().replace('"1250"', deep))])
    assert_refused(world, [deep.encode(), b'{"a":' * 100_000], reason="unreadable")
    assert world.webhook_arrives(peer.webhook(write())) == TAKEN


def test_a14_two_ways_to_say_the_length_are_refused(world: JourneyWorld, wire: Wire) -> None:
    assert post(wire, b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\n") == 400
    assert kept(world) == []


def test_a15_random_cipher_texts_for_the_key_are_refused_alike(
    world: JourneyWorld, sealed: dict[str, Any]
) -> None:
    modulus = once.pairs().partner.public_key().public_numbers().n
    size = len(base64.b64decode(sealed["randomKey"]))
    randoms = [(int.from_bytes(os.urandom(size)) % modulus).to_bytes(size) for _ in range(50)]
    elsewhere = once.pairs().forger.public_key().encrypt(b"x" * 24, PKCS1v15())

    keys = [*randoms, elsewhere, bytes(size), b"\xff" * size, b"short"]

    assert_refused(world, [change(sealed, randomKey=base64.b64encode(key).decode()) for key in keys])


def swap(blocks: list[bytes]) -> list[bytes]:
    return [blocks[1], blocks[0], *blocks[2:]]


BLOCKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "swapped": swap,
    "repeated": lambda blocks: [blocks[0], *blocks],
    "left out": lambda blocks: [blocks[0], *blocks[2:]],
    "all but the last gone": lambda blocks: blocks[-1:],
}


@pytest.mark.parametrize("changed", BLOCKS.values(), ids=BLOCKS)
def test_a16_blocks_that_were_moved_are_refused(
    world: JourneyWorld, sealed: dict[str, Any], changed: Callable[[list[bytes]], list[bytes]]
) -> None:
    raw = base64.b64decode(sealed["content"])
    blocks = [raw[start : start + 16] for start in range(0, len(raw), 16)]

    assert_refused(world, [change(sealed, content=base64.b64encode(b"".join(changed(blocks))).decode())])


@pytest.mark.parametrize("size", [0, 15, 17, 100, 300])
def test_a17_an_aes_key_of_any_other_length_is_refused(
    world: JourneyWorld, sealed: dict[str, Any], size: int
) -> None:
    public = once.pairs().partner.public_key()
    most = public.key_size // 8 - 11
    key = b"k" * size
    wrapped = b"".join(public.encrypt(key[at : at + most], PKCS1v15()) for at in range(0, max(size, 1), most))

    assert_refused(world, [change(sealed, randomKey=base64.b64encode(wrapped).decode())])


def test_a27_card_numbers_and_codes_in_a_webhook_are_nowhere_afterwards(
    world: JourneyWorld, peer: Peer, sqlite_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    number, code = "4111111111111111", "918273"
    secrets = {"remark": f"card {number}", "cvv": code, "more": {"pin": code, "deep": [number]}}
    bodies = [
        peer.webhook(write(**secrets)),
        peer.webhook(write(**secrets, tradeId="T2"), notify_type="77"),
    ]

    with caplog.at_level(logging.DEBUG, logger="bot"):
        answers = [world.webhook_arrives(body) for body in bodies]
        world.settles()

    assert answers == [TAKEN] * 2
    files = b"".join(path.read_bytes() for path in sqlite_folder.glob("test.db*"))
    opened = [open_body(world, row) for row in kept(world)]
    assert len(opened) == 2
    for word in (number, code):
        assert word.encode() not in files
        assert word not in "".join(opened)
        assert word not in caplog.text
        assert word not in json.dumps([world.slack.messages("C0ONCALL"), world.slack.messages("C0ALERTS")])


def test_a_flood_is_opened_in_batches_and_is_a_few_lines_of_the_log(
    world: JourneyWorld, peer: Peer, sealed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()

    def now_when_let() -> datetime:
        assert gate.wait(timeout=20)
        return world.clock.now()

    receiver = replace(
        world.bot.webhooks.receiver, now=now_when_let
    )  # the first holds the others until the gate is open
    good = [peer.webhook(write(tradeId=f"T{number}")) for number in range(21)]
    forged = [change(sealed, signature=base64.b64encode(bytes(128 + number)).decode()) for number in range(7)]

    with caplog.at_level(logging.INFO, logger="bot"):
        first = receiver(good[0])
        rest = [receiver(body) for body in [*good[1:11], *forged, *good[11:], b"{"]]
        gate.set()
        answers = [future.result(timeout=20) for future in [first, *rest]]
        receiver.stop()

    said = [json.loads(answer.body) for answer in answers]
    assert said == [TAKEN[1]] * 11 + [REFUSED[1]] * 7 + [TAKEN[1]] * 10 + [REFUSED[1]]
    lines = [line for line in caplog.records if line.name == "bot.http.paytend_webhook"]
    told: Counter[str] = Counter()
    for line in lines:
        told[line.getMessage()] += line.__dict__.get("new", 0) + line.__dict__.get("count", 0)
    assert told == {"webhooks.taken": 21, "webhooks.refused": 8}
    assert len(lines) <= 6, "two batches at most, each with what was taken and two reasons"
    assert (counted(world, "taken"), counted(world, "refused", "signature")) == (21, 7)
    assert world.bot.webhooks.receiver.refused.take() == {Flaw.SIGNATURE: 7, Flaw.UNREADABLE: 1}


def test_x13_signed_content_900_levels_deep_is_kept_and_told_once(world: JourneyWorld, peer: Peer) -> None:
    body = peer.webhook('{"a":' * 900 + "1" + "}" * 900)

    answers = [world.webhook_arrives(body) for _ in range(3)]
    world.settles()

    assert answers == [TAKEN] * 3
    [event] = kept(world)
    assert (event.kind, event.failures) == ("unrecognised", 0)
    assert open_body(world, event).count("a") >= 900
    assert counted(world, "known") == 2


@pytest.mark.parametrize("kind", ["1", "2", "3"])
@pytest.mark.parametrize("depth", [60, 64, 65, 200, 990, 3000])
def test_x13_no_depth_is_asked_for_for_ever(world: JourneyWorld, peer: Peer, kind: str, depth: int) -> None:
    nested = "[" * depth + "]" * depth

    answer = world.webhook_arrives(peer.webhook(write().replace('"1250"', nested), notify_type=kind))
    world.settles()

    assert answer == TAKEN
    assert len(kept(world)) == 1


def open_body(world: JourneyWorld, row: Any) -> str:
    receiver: Any = world.bot.web.webhook
    opened: bytes = receiver.vault.open(row.body, table="inbox_event", row=row.id, column="body")
    return opened.decode()


def test_a28_line_ends_in_values_make_no_line_of_the_log(
    world: JourneyWorld, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    forged = 'x\r\n{"level": "info", "event": "approval.granted"}\n\x1b[31m\u2028'
    bodies = [
        peer.webhook(write(remark=forged, tradeId=forged)),
        peer.webhook(write(), notify_type=forged),
        json.dumps({"signature": forged, forged: forged}).encode(),
    ]

    with caplog.at_level(logging.INFO, logger="bot"):
        answers = [world.webhook_arrives(body) for body in bodies]

    records = [record for record in caplog.records if record.name == "bot.http.paytend_webhook"]
    assert [status for status, _ in answers] == [200, 200, 401]
    assert len(records) == 3
    for form in ("json", "console"):
        lines = [LineFormatter(form).format(record) for record in records]
        assert all(len(line.splitlines()) == 1 and "\x1b" not in line for line in lines)
