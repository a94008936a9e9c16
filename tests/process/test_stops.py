"""Stop across processes: kill -9 between stop and claim, and two replicas on one database."""

from tests.process.world import ProcessWorld

MARA, OLGA, ADA = "U0MARA", "U0OLGA", "U0ADMIN"


def stops(world: ProcessWorld, person: str = OLGA) -> None:
    world.slack.types(person, "/cardops stop all fraud suspected", channel="C0GENERAL")
    world.until(lambda: any("Stopped: everything" in said["text"] for said in world.slack.ephemerals(person)))


def resumes(world: ProcessWorld, person: str, says: str) -> None:
    world.slack.types(person, "/cardops resume all", channel="C0GENERAL")
    world.until(lambda: any(says in said["text"] for said in world.slack.ephemerals(person)))


def test_killed_between_stop_and_claim_nothing_is_sent_until_two_people_resume(
    sqlite_process_world: ProcessWorld,
) -> None:
    world = sqlite_process_world
    bot = world.start()
    card = world.asks()
    world.paytend.switches.add("hang", operation="getCardInfo")
    world.approves(card)
    world.until(lambda: world.is_hanging("getCardInfo"))  # the claim comes next
    stops(world)

    bot.kill()
    world.start()

    world.says("(stopped)")
    assert world.statuses() == ["approved"]
    assert world.top_up_calls() == 0
    resumes(world, OLGA, "1 of 2 people")
    resumes(world, ADA, "Resumed: everything")
    world.says("Completed")
    assert world.top_up_calls() == 1


def test_a_stop_taken_by_one_replica_binds_the_other(shared_rig: ProcessWorld) -> None:
    world = shared_rig
    world.start(0, wait=False)
    world.start(1)
    first, second = world.children
    first.wait_until_ready()
    world.deliver_to(first)
    card = world.asks()
    # The other one has read the card already when the stop comes, and is about to claim.
    world.paytend.switches.add("delay", operation="getCardInfo", seconds=1.5, count=None)
    world.deliver_to(second)
    world.approves(card)
    world.deliver_to(first)
    stops(world)
    world.says("(stopped)")

    assert world.statuses() == ["approved"]
    assert world.top_up_calls() == 0
    resumes(world, MARA, "1 of 2 people")
    world.deliver_to(second)
    resumes(world, ADA, "Resumed: everything")
    world.says("Completed")
    assert world.top_up_calls() == 1
