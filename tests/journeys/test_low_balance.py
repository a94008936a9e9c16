"""A low partner balance: one message for each time it became worse, its trend as a picture, and a proposal."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.database.tables import Slot
from bot.jobs.scheduler import Scheduler
from notifier.balance.tables import BalancePicture
from sandbox.paytend.switches import FaultKind
from storage.upsert import insert_once
from tests.journeys.world import ADMIN, MANAGER, ONCALL, SUPPORT, JourneyWorld, actions_of, text_of
from tests.notifier.conftest import run_together

HOUR = timedelta(hours=1)


def looks(world: JourneyWorld, amount: str = "", *, after: timedelta = timedelta(minutes=5)) -> None:
    """Let time pass, set the balance and let the clock's jobs poll it."""
    world.clock.advance(after)
    if amount:
        world.paytend.events.set_partner_balance(amount)
    world.bot.jobs.fire("balance")
    world.settles()


def pictures_are_sent(world: JourneyWorld, *, after: timedelta = timedelta(seconds=10)) -> None:
    world.clock.advance(after)
    world.bot.jobs.fire("pictures")


def roots(world: JourneyWorld) -> list[dict[str, Any]]:
    """The messages in the channel, without replies."""
    return [
        message
        for message in world.slack.messages("C0ALERTS")
        if message.get("thread_ts") in (None, message["ts"])
    ]


def replies(world: JourneyWorld, message: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.slack.messages("C0ALERTS", message["ts"])[1:]
    return found


def picture(world: JourneyWorld) -> BalancePicture:
    with world.bot.database.reading() as session:
        return session.exec(select(BalancePicture)).one()


def test_a_worse_level_is_a_new_message_and_the_earlier_one_says_so(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "4000.00")
    [low] = roots(world)
    assert actions_of(low) == ["propose_transfer", "why_here"]

    looks(world, "900.00")

    low, critical = roots(world)
    assert "It has become worse; a newer message says so." in low["text"]
    assert actions_of(low) == ["why_here"]
    assert critical["text"].startswith("<!subteam^S0ONCALL> Partner balance is critically low: 900.00 EUR"), (
        "no route names it, and on-call is mentioned all the same"
    )
    assert "S0ONCALL" not in low["text"]
    assert actions_of(critical) == ["propose_transfer", "notice_acknowledge", "why_here"]

    looks(world, "9000.00")

    _, critical, recovered = roots(world)
    assert critical["text"] == "Partner balance was low, and has recovered: 9,000.00 EUR."
    assert recovered["text"].startswith("Partner balance has recovered: 9,000.00 EUR")


def test_a_repeat_brings_the_message_up_to_date_and_is_a_reply_under_it(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "4000.00")
    looks(world, "3500.00", after=4 * HOUR)

    [low] = roots(world)
    assert low["text"].startswith("Partner balance is still low: 3,500.00 EUR")
    [still] = replies(world, low)
    assert still["text"].startswith("Partner balance is still low: 3,500.00 EUR")
    assert still.get("subtype") != "thread_broadcast"


def test_a_repeat_of_a_critical_balance_is_shown_in_the_channel_too(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "900.00")
    looks(world, after=4 * HOUR)

    [still] = replies(world, roots(world)[0])
    assert still["subtype"] == "thread_broadcast"


def test_a_critical_balance_that_improves_is_told_silently(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "900.00")
    looks(world, "3000.00")

    [low] = roots(world)
    assert low["text"].startswith("Partner balance is low: 3,000.00 EUR, below 5,000.00 EUR.")
    assert replies(world, low) == []


def test_f39_a_balance_that_flaps_makes_one_alert_and_one_recovery(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    for amount in ("4999.00", "5001.00", "4998.00", "5249.00", "5100.00", "5300.00", "5100.00", "5001.00"):
        looks(world, amount)

    assert [message["text"].partition(":")[0] for message in roots(world)] == [
        "Partner balance was low, and has recovered",
        "Partner balance has recovered",
    ]


def test_f38_a_replica_that_dies_after_claiming_the_slot_is_replaced_and_the_alert_comes_once(
    world: JourneyWorld,
) -> None:
    now, job = world.clock.now, world.bot.jobs._jobs["balance"]
    world.paytend.events.set_partner_balance("900.00")
    number = int(now().timestamp() // job.every.total_seconds())
    with world.bot.database.writing() as session:  # the replica that claims it, and dies
        insert_once(session, Slot, {"job": "balance", "number": number, "lease_until": now() + job.lease})
    replicas = [Scheduler([job], database=world.bot.database, now_in=lambda _session: now()) for _ in range(3)]

    assert [replica.fire("balance") for replica in replicas] == [False] * 3, "as long as its lease lasts"
    world.clock.advance(job.lease)
    assert [replica.fire("balance") for replica in replicas] == [True, False, False]
    world.settles()

    assert len(roots(world)) == 1


def test_the_message_says_how_long_it_lasts_and_when_too_little_is_known(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "10000.00")
    looks(world, "6000.00", after=12 * HOUR)
    looks(world, "4000.00", after=12 * HOUR - timedelta(minutes=5))

    [low] = roots(world)
    assert "About 15 hours left at the pace of the past 24 h (6,000.00 EUR spent)" in text_of(low["blocks"])
    assert "Not enough history for a forecast by the last 7 days" in text_of(low["blocks"])
    assert "When it is used up, all top-ups fail." in text_of(low["blocks"])


def test_the_trend_is_a_picture_under_the_message_with_the_same_in_words(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "8000.00")
    looks(world, "4000.00", after=6 * HOUR)

    pictures_are_sent(world)
    pictures_are_sent(world)

    [reply] = replies(world, roots(world)[0])
    assert reply["text"].startswith("Partner balance from 22 Nov 12:05 to 22 Nov 18:05 (Europe/Vilnius)")
    assert "Low below 5,000.00 EUR, critical below 1,000.00 EUR." in reply["text"]
    [file] = reply["files"]
    assert (file["mimetype"], file["alt_txt"]) == ("image/png", reply["text"])
    content = world.slack.state.files.get(file["id"]).content
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == 1200, "pixels, enough for a phone"


@pytest.fixture
def drawn(sqlite_world: JourneyWorld) -> JourneyWorld:
    """A world with a low balance whose pictures are drawn at once."""
    return draws_at_once(sqlite_world)


def draws_at_once(world: JourneyWorld) -> JourneyWorld:
    pictures = world.bot.jobs._jobs["pictures"].run.__self__  # type: ignore[attr-defined]  # a bound method
    quick = replace(pictures, draw=lambda *_samples, **_facts: b"\x89PNG")
    world.bot.jobs._jobs["pictures"] = replace(world.bot.jobs._jobs["pictures"], run=quick.send_due)
    looks(world, "8000.00")
    looks(world, "4000.00")
    return world


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_an_upload_that_slack_refuses_is_tried_again_later_and_never_holds_the_notice(
    drawn: JourneyWorld, method: str
) -> None:
    world = drawn
    assert len(roots(world)) == 1, "the notice stands, whatever becomes of its picture"
    world.slack.faults.limits(method, retry_after=30)

    pictures_are_sent(world)
    pictures_are_sent(world)
    assert replies(world, roots(world)[0]) == []
    pictures_are_sent(world, after=timedelta(seconds=30))

    assert len(replies(world, roots(world)[0])) == 1
    assert picture(world).status == "shared"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_picture_whose_sharing_got_no_answer_is_never_sent_twice(drawn: JourneyWorld, accepted: bool) -> None:
    world = drawn
    world.slack.faults.resets("files.completeUploadExternal", accepted=accepted)

    for _ in range(5):
        pictures_are_sent(world, after=timedelta(minutes=10))

    assert len(replies(world, roots(world)[0])) == accepted
    assert picture(world).status == "in doubt"


def test_a_replica_that_died_while_sharing_leaves_a_picture_in_doubt(drawn: JourneyWorld) -> None:
    world = drawn
    with world.bot.database.writing() as session:
        row = session.exec(select(BalancePicture)).one()
        row.lease_token, row.lease_until = "dead", world.clock.now() + timedelta(minutes=3)
        row.sharing_at = world.clock.now()

    pictures_are_sent(world)
    assert picture(world).status == "waiting"
    pictures_are_sent(world, after=timedelta(minutes=3))

    assert picture(world).status == "in doubt"
    assert replies(world, roots(world)[0]) == []


def test_replicas_that_send_pictures_at_the_same_time_send_one(world: JourneyWorld) -> None:
    draws_at_once(world)
    send = world.bot.jobs._jobs["pictures"].run

    shared = run_together(6, lambda _: send())

    assert sum(shared) == 1
    assert len(replies(world, roots(world)[0])) == 1


def test_a_picture_whose_message_never_comes_is_forgotten_after_a_day(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "8000.00")
    world.clock.advance(timedelta(minutes=5))
    world.paytend.events.set_partner_balance("4000.00")
    world.bot.jobs.fire("balance")

    pictures_are_sent(world, after=25 * HOUR)

    assert (picture(world).status, picture(world).attempts) == ("given up", 0)


def test_a_picture_is_given_up_after_a_while(drawn: JourneyWorld) -> None:
    world = drawn
    world.slack.faults.answers("files.getUploadURLExternal", "file_uploads_disabled", times=99)

    for _ in range(10):
        pictures_are_sent(world, after=timedelta(minutes=11))

    assert (picture(world).status, picture(world).attempts) == ("given up", 8)
    assert picture(world).last_error == "file_uploads_disabled"


def test_a_picture_waits_for_its_message(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "8000.00")
    world.clock.advance(timedelta(minutes=5))
    world.paytend.events.set_partner_balance("4000.00")
    world.bot.jobs.fire("balance")

    pictures_are_sent(world)
    assert (picture(world).status, picture(world).attempts) == ("waiting", 0)
    world.settles()
    pictures_are_sent(world)

    assert picture(world).status == "shared"


@pytest.mark.parametrize("person", [MANAGER, ONCALL, ADMIN])
def test_a_transfer_is_proposed_in_words_for_ones_own_eyes(sqlite_world: JourneyWorld, person: str) -> None:
    world = sqlite_world
    looks(world, "10000.00")
    looks(world, "4000.00", after=24 * HOUR - timedelta(minutes=5))
    world.slack.invites("C0ALERTS", person)

    world.clicks(person, "propose_transfer", message=roots(world)[0])

    reply = world.slack.ephemerals(person)[-1]
    # 5,000 and 7 days at 6,020.91 a day are 47,146.35; 4,000 are there.
    assert reply["text"] == "Draft transfer request to the partner account: 44,000.00 EUR"
    says = text_of(reply["blocks"])
    assert f"Partner id: {world.paytend.partner_id}" in says
    assert "iban: LT601010012345678901" in says
    assert [call for call in world.paytend.calls if call.operation == "topup"] == []
    assert len(roots(world)) == 1, "nothing was posted"


def test_a_transfer_is_not_for_support(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "4000.00")
    world.slack.invites("C0ALERTS", SUPPORT)

    world.clicks(SUPPORT, "propose_transfer", message=roots(world)[0])

    assert "Only admin, manager, oncall can do this" in world.told(SUPPORT)


def test_without_paytends_word_the_account_is_to_be_looked_up(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    looks(world, "4000.00")
    world.slack.invites("C0ALERTS", MANAGER)
    world.paytend.switches.add(FaultKind.REFUSE, operation="getPartnerTopup", count=None)

    world.clicks(MANAGER, "propose_transfer", message=roots(world)[0])

    assert "Account: see our agreement with Paytend" in text_of(world.slack.ephemerals(MANAGER)[-1]["blocks"])
