"""Seeded mutations of sealed webhooks through the whole bot: only documented answers leave, and memory stays."""

import base64
import gc
import json
import logging
import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.database.engine import SqlDatabase
from tests.journeys.world import JourneyWorld, build_world
from tests.notifier.edge import REFUSED, TAKEN, kept, make_peer, write

SEED = 20261122
DOCUMENTED = {json.dumps(answer) for answer in (REFUSED, TAKEN)}
GROWTH = 1_000_000  # bytes that may be held more after all rounds than after the first tenth of them
TYPES: list[object] = [
    None,
    True,
    0,
    -1,
    10**30,
    0.5,
    [],
    {},
    ["x"],
    {"a": {"b": []}},
    "",
    "x",
    "é",
    "\x00",
    "\ud800",
]


@pytest.fixture
def world(sqlite: SqlDatabase, tmp_path: Path) -> Iterator[JourneyWorld]:
    with build_world(sqlite, tmp_path) as world:
        yield world


@pytest.fixture
def any_world(database: SqlDatabase, tmp_path: Path) -> Iterator[JourneyWorld]:
    """The whole bot on each database."""
    with build_world(database, tmp_path) as world:
        yield world


def flip_bits(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.choice([1, 1, 2, 16])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def flip_decoded_bit(body: bytes, chance: random.Random) -> bytes:
    fields = json.loads(body)
    name = chance.choice(["content", "randomKey", "signature"])
    raw = bytearray(base64.b64decode(fields[name]))
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return json.dumps({**fields, name: base64.b64encode(raw).decode()}).encode()


def resize_decoded(body: bytes, chance: random.Random) -> bytes:
    fields = json.loads(body)
    name = chance.choice(["content", "randomKey", "signature"])
    raw = base64.b64decode(fields[name])
    changed = chance.choice([raw[: chance.randrange(len(raw))], raw * 2, raw + chance.randbytes(16), raw[16:]])
    return json.dumps({**fields, name: base64.b64encode(changed).decode()}).encode()


def remove_fields(body: bytes, chance: random.Random) -> bytes:
    fields = json.loads(body)
    for name in chance.sample(sorted(fields), chance.randint(1, len(fields))):
        del fields[name]
    return json.dumps(fields).encode()


def change_types(body: bytes, chance: random.Random) -> bytes:
    fields = json.loads(body)
    for name in chance.sample(sorted(fields), chance.randint(1, 3)):
        fields[name] = chance.choice(TYPES)
    return json.dumps(fields).encode()


def truncate(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def insert_noise(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    return body[:place] + chance.randbytes(chance.randint(1, 40)) + body[place + chance.randint(0, 40) :]


def make_noise(_body: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randint(0, 400))


def splice(body: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.sample(range(len(body)), 2))
    return body[:end] + body[start:end] + body[end:]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    flip_bits,
    flip_decoded_bit,
    resize_decoded,
    remove_fields,
    change_types,
    truncate,
    insert_noise,
    make_noise,
    splice,
]


def make_genuine() -> list[bytes]:
    """Webhooks that the bot takes: two kinds it knows, and one that it does not."""
    peer = make_peer()
    contents: list[tuple[str, Any]] = [
        ("1", write()),
        ("2", write(cardholderId="101982")),
        ("77", write(tradeId="X")),
    ]
    return [peer.webhook(text, notify_type=kind) for kind, text in contents]


@pytest.mark.parametrize("rounds", [1_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_no_mutation_gets_another_answer_than_the_documented_ones(world: JourneyWorld, rounds: int) -> None:
    logging.getLogger("bot.http.paytend_webhook").setLevel(
        logging.ERROR
    )  # a line for each would be kept for the report
    chance, genuine = random.Random(SEED), make_genuine()  # noqa: S311 - it shall be repeatable
    answers: Counter[str] = Counter()
    held: list[int] = []
    if rounds > 1_000:
        tracemalloc.start()
    try:
        for number in range(rounds):
            mutate = MUTATIONS[number % len(MUTATIONS)]
            answers[json.dumps(world.webhook_arrives(mutate(chance.choice(genuine), chance)))] += 1
            if tracemalloc.is_tracing() and (number + 1) % (rounds // 10) == 0:
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        logging.getLogger("bot.http.paytend_webhook").setLevel(logging.NOTSET)

    assert set(answers) <= DOCUMENTED
    assert answers[json.dumps(REFUSED)] > rounds * 0.9
    assert len(kept(world)) <= len(genuine), "a mutation was taken for an event of its own"
    assert not held or held[-1] - held[0] < GROWTH, held
    for body in genuine:
        assert world.webhook_arrives(body) == TAKEN


def spoil_content(chance: random.Random) -> str:
    """A content as nobody expects it, in JSON that is right."""
    content: dict[str, Any] = json.loads(write(tradeId=str(chance.randrange(10**9))))
    for name in chance.sample(sorted(content), chance.randint(1, 4)):
        if chance.random() < 0.2:
            del content[name]
        else:
            content[name] = chance.choice(
                [*TYPES, "1e9", "-5", "9" * 200, "2026-13-45 99:99:99", "\u202e<!channel>"]
            )
    return json.dumps(content)


@pytest.mark.parametrize("rounds", [120, pytest.param(5_000, marks=pytest.mark.soak)])
def test_whatever_paytend_signs_is_taken_or_refused_and_what_was_taken_is_told(
    any_world: JourneyWorld, rounds: int
) -> None:
    world, peer, chance = any_world, make_peer(), random.Random(SEED)  # noqa: S311 - it shall be repeatable

    answers = [
        world.webhook_arrives(
            peer.webhook(spoil_content(chance), notify_type=chance.choice(["1", "2", "3", "x", "\x00"]))
        )
        for _ in range(rounds)
    ]
    while world.bot.notices.dispatcher.dispatch_due():
        pass

    assert {json.dumps(answer) for answer in answers} <= DOCUMENTED
    assert len(kept(world)) <= answers.count(TAKEN)
    assert [row.id for row in kept(world) if row.told_at is None or row.failures] == []


def test_a_nul_in_any_text_is_taken_and_told_on_every_database(any_world: JourneyWorld) -> None:
    world, peer = any_world, make_peer()
    names = ["tradeId", "cardId", "remark", "tradeSrc", "currency"]
    bodies = [peer.webhook(write(**{"tradeId": name, name: f"a\x00{name}"})) for name in names]

    answers = [world.webhook_arrives(body) for body in [*bodies, peer.webhook(write(), notify_type="\x00")]]
    world.bot.notices.dispatcher.dispatch_due()

    assert answers == [TAKEN] * 6
    assert [(row.failures, row.told_at is None) for row in kept(world)] == [(0, False)] * 6
