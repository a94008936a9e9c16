"""People without any role who type and click a lot: counted, not written down one by one."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from approvals.policy.people import Guest
from bot.jobs.refused_people import RefusedPeople
from tests.journeys.world import GUEST, STRANGER, JourneyWorld


def _refusals(world: JourneyWorld, actor: str) -> list[int]:
    """How many refusals each event of a person stands for."""
    events = [row for row in world.trail() if row.event == "approval:refused" and row.actor == actor]
    return [json.loads(row.facts)["count"] for row in events]


def test_a25_thirty_commands_are_one_event_an_hour_and_no_line_each(
    world: JourneyWorld, caplog: pytest.LogCaptureFixture
) -> None:
    person = GUEST
    caplog.set_level(logging.INFO)
    rows = world.rows()
    for number in range(30):
        world.types(person, "/card info 1755902" if number % 2 else "/card nonsense")
    assert "Guests can’t use cardops" in world.told(person)
    assert _refusals(world, person) == [1]
    assert [record for record in caplog.records if record.message == "command.refused"] == []
    assert world.rows() == rows

    noting = world.bot.slack.context.refused_people
    world.passes(minutes=30)
    noting.write()
    assert _refusals(world, person) == [1]
    world.passes(minutes=31)
    noting.write()
    noting.write()
    assert _refusals(world, person) == [1, 14]
    world.passes(hours=2)
    noting.write()
    assert _refusals(world, person) == [1, 14]


def test_a25_clicks_of_strangers_are_counted_too(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks()
    world.slack.invites("C0APPROVALS", STRANGER)
    for _ in range(5):
        world.clicks(STRANGER, "request_approve")
    assert _refusals(world, STRANGER) == [1]
    assert world.request().status == "pending"


def test_a25_a_restart_does_not_start_the_hour_anew(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.types(GUEST, "/card info 1755902")
    again = RefusedPeople(
        database=world.bot.database,
        audit_key=world.bot.slack.context.approvals.audit_key,
        now_in=world.bot.slack.context.now_in,
        monotonic=lambda: world.clock.now().timestamp(),
    )
    member = world.bot.slack.context.members.find(GUEST)
    for _ in range(3):
        again.count(member, Guest(), subject="/card info")
    assert _refusals(world, GUEST) == [1]


def test_a25_two_replicas_that_refuse_somebody_at_once_write_one_event(world: JourneyWorld) -> None:
    """Each has a memory of its own; on PostgreSQL their transactions also overlap."""
    context = world.bot.slack.context
    member = context.members.find(GUEST)
    replicas = [
        RefusedPeople(
            database=world.bot.database,
            audit_key=context.approvals.audit_key,
            now_in=context.now_in,
            monotonic=lambda: world.clock.now().timestamp(),
        )
        for _ in range(4)
    ]
    for _ in range(3):
        everybody = threading.Barrier(len(replicas))

        def refuse(replica: RefusedPeople, everybody: threading.Barrier = everybody) -> None:
            everybody.wait(timeout=10)
            replica.count(member, Guest(), subject="/card info")

        with ThreadPoolExecutor(len(replicas)) as pool:
            list(pool.map(refuse, replicas))
    assert _refusals(world, GUEST) == [1]

    world.passes(minutes=61)
    for replica in replicas:
        replica.write()
    assert len(_refusals(world, GUEST)) == 2


def test_a_guest_in_the_approvals_channel_sees_nothing_beyond_the_message(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    world.asks("20.00")
    world.slack.invites("C0APPROVALS", GUEST)
    message = world.card()
    value = {"request": world.request().id, "digest": world.request().digest}

    for action in ("request_approve", "request_deny", "request_withdraw"):
        world.clicks(GUEST, action, message=message)
        assert world.slack.modal(GUEST) is None, action
        assert "Rūta" not in world.told(GUEST), action
    # Buttons of other messages, with a value that a guest could have read in this one.
    details = {"type": "button", "action_id": "request_show", "text": {"type": "plain_text", "text": "x"}}
    forged = {**message, "blocks": [{"type": "actions", "block_id": "x", "elements": [details]}]}
    world.clicks(GUEST, "request_show", message=forged, value=json.dumps(value))

    assert world.slack.modal(GUEST) is None
    assert "Guests can’t use cardops" in world.told(GUEST)
    assert world.request().status == "pending"
