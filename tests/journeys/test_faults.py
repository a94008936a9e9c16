"""Faults around webhooks, each through the whole bot: order, a full disk, clock jumps, new keys."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlmodel import select

from bot.database.engine import SqlDatabase
from bot.database.tables import Slot
from paytend import Keys
from tests import once
from tests.journeys.world import CARD, JourneyWorld
from tests.notifier.edge import LATER, REFUSED, TAKEN, kept, make_peer, write
from tests.paytend.peer import Peer


def test_f4_a_settlement_before_its_authorisation_shows_settled_in_one_message(world: JourneyWorld) -> None:
    world.paytend.events.purchase(CARD, "12.00", merchant="CAFÉ")
    authorised, settled = (json.dumps(webhook.sealed).encode() for webhook in world.paytend.webhooks)

    for body in (settled, authorised):
        assert world.webhook_arrives(body) == TAKEN
        world.settles()

    [notice] = world.slack.messages("C0ALERTS")
    assert notice["text"].startswith("Settled: 12.00 EUR at CAFÉ")
    assert len(kept(world)) == 2


@contextmanager
def full_disk(database: SqlDatabase) -> Iterator[None]:
    """Let the database's file grow no more, on every connection."""

    def limit(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]  # SQLite keeps what it has

    database.engine.dispose()
    event.listen(database.engine, "checkout", limit)
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", limit)
        database.engine.dispose()


def test_f31_a_full_disk_is_answered_try_again_and_the_same_webhook_is_taken_later(
    sqlite_world: JourneyWorld,
) -> None:
    world, peer = sqlite_world, make_peer()
    bodies = [peer.webhook(write(tradeId=f"T{number}", remark="M" * 3000)) for number in range(20)]
    with full_disk(world.bot.database):
        answers = [world.webhook_arrives(body) for body in bodies]

    assert answers[-1] == LATER
    assert all(answer in (TAKEN, LATER) for answer in answers)
    assert len(kept(world)) == answers.count(TAKEN), "no webhook was taken that is not on the disk"
    assert [world.webhook_arrives(body) for body in bodies] == [TAKEN] * len(bodies)
    assert len(kept(world)) == len(bodies)


def test_f32_a_commit_is_on_the_disk_before_anybody_is_answered(sqlite_world: JourneyWorld) -> None:
    with sqlite_world.bot.database.engine.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

    # FULL for a write-ahead log, EXTRA for a rollback journal; test_power_loss.py checks the calls.
    assert (mode, level) in {("wal", 2), ("delete", 3)}


def slots(world: JourneyWorld) -> list[int]:
    with world.bot.database.reading() as session:
        return sorted(slot.number for slot in session.exec(select(Slot).where(Slot.job == "balance")).all())


def test_f34_a_clock_that_jumps_back_and_forth_stops_no_job_and_delivers_nothing_twice(
    world: JourneyWorld,
) -> None:
    world.paytend.events.decline(CARD, "99.90")
    world.hears_from_paytend()
    fired = [world.bot.jobs.fire("balance")]

    for jump in (timedelta(minutes=10), timedelta(minutes=-20), timedelta(minutes=10)):
        shift(world, jump)
        fired.append(world.bot.jobs.fire("balance"))
        world.settles()

    assert all(fired), "a step back lets no job wait until the time is reached again (O12)"
    assert world.bot.jobs.fire("balance") is False, "but once a slot"
    assert len(set(slots(world))) == len(slots(world))
    assert len(world.slack.messages("C0ONCALL")) == 1
    assert len([call for call in world.slack.api_calls if call.method == "chat.postMessage"]) == 1


def test_f34_what_waits_when_the_clock_jumps_back_is_delivered_once_when_it_is_due(
    sqlite_world: JourneyWorld,
) -> None:
    world = sqlite_world
    world.paytend.events.decline(CARD, "99.90")
    [webhook] = world.paytend.webhooks
    world.webhook_arrives(json.dumps(webhook.sealed).encode())
    world.told_webhooks = 1
    world.bot.notices.dispatcher.dispatch_due()

    shift(world, timedelta(minutes=-10))
    world.settles()
    shift(world, timedelta(minutes=20))
    world.settles()

    assert len(world.slack.messages("C0ONCALL")) == 1


def shift(world: JourneyWorld, jump: timedelta) -> None:
    """Set the clock of the machine, as NTP or a resumed virtual machine does."""
    world.clock.advance(jump)


@pytest.mark.parametrize(
    "change",
    [datetime(2027, 3, 28, 0, 0, tzinfo=UTC), datetime(2027, 10, 31, 0, 0, tzinfo=UTC)],
    ids=["spring", "autumn"],
)
def test_f35_summer_time_neither_doubles_nor_skips_a_look_at_the_balance(
    sqlite_world: JourneyWorld, change: datetime
) -> None:
    world, every = sqlite_world, sqlite_world.bot.slack.context.balance.every
    local = ZoneInfo("Europe/Vilnius")
    world.bot.jobs._now_in = lambda _session: world.clock.now().astimezone(local)
    world.clock.advance(change - world.clock.now())

    fired = []
    for _ in range(3 * 12 * 2):  # three hours around the change, looking twice in every slot
        fired.append(world.bot.jobs.fire("balance"))
        world.clock.advance(every / 2)

    numbers = slots(world)
    assert fired == [True, False] * 36
    assert numbers == list(range(numbers[0], numbers[0] + 36))


def accept(world: JourneyWorld, keys: Keys) -> None:
    """Let the bot run with other keys, as after a restart with another PAYTEND_PUBLIC_KEY."""
    # As a restart with another setting would; its declared type is a callable, of which mypy knows no fields.
    object.__setattr__(world.bot.web, "webhook", replace(world.bot.web.webhook, keys=keys))  # type: ignore[type-var]


def test_f36_both_keys_hold_during_a_rotation_and_the_old_one_is_refused_afterwards(world: JourneyWorld) -> None:
    pairs, old = once.pairs(), make_peer()
    new = Peer(ours=pairs.partner, theirs=pairs.forger)
    both = Keys(private=pairs.partner, public=(pairs.forger.public_key(), pairs.own.public_key()))
    only_new = Keys(private=pairs.partner, public=(pairs.forger.public_key(),))

    assert world.webhook_arrives(new.webhook(write(tradeId="early"))) == REFUSED
    accept(world, both)
    assert world.webhook_arrives(old.webhook(write(tradeId="by the old one"))) == TAKEN
    assert world.webhook_arrives(new.webhook(write(tradeId="by the new one"))) == TAKEN
    accept(world, only_new)
    assert world.webhook_arrives(old.webhook(write(tradeId="late"))) == REFUSED
    assert world.webhook_arrives(new.webhook(write(tradeId="last"))) == TAKEN

    assert [row.verified_by for row in sorted(kept(world), key=lambda row: row.id)] == [1, 0, 0]
