"""Races with real threads on both databases: always one outcome, always one call to Paytend."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest

from approvals.execution.execution import ClaimedExecution
from approvals.refusals import Refusal
from approvals.tables import Request
from bot.database.engine import SqlDatabase
from tests.approvals.world import MARA, MILO, ApprovalWorld, person, rule, snapshot

ROUNDS = [pytest.param(4, id="4"), pytest.param(200, id="200", marks=pytest.mark.soak)]
APPROVERS = [person(f"U0APP{number:02}", "manager") for number in range(16)]


@dataclass
class Race:
    """Runs functions at once, and keeps what they returned, refused and broke."""

    results: list[object] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def run(self, racers: Sequence[Callable[[], object]]) -> None:
        """Start all at the same barrier, and wait for all."""
        barrier = threading.Barrier(len(racers))
        threads = [threading.Thread(target=self._one, args=(racer, barrier)) for racer in racers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self.errors == []

    def _one(self, racer: Callable[[], object], barrier: threading.Barrier) -> None:
        barrier.wait()
        try:
            self.results.append(racer())
        except Refusal as refusal:
            self.refusals.append(refusal)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self.errors.append(error)


def _fresh(world: ApprovalWorld, number: int) -> Request:
    """Ask for a top-up of a card of its own."""
    world.card = snapshot(card_id=f"R{number}", holder_id=f"H{number}")
    return world.asks()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_f16_sixteen_approvers_at_quorum_two_count_as_two(world: ApprovalWorld, rounds: int) -> None:
    world.use(rules=(rule(quorum=2),))
    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        race.run([partial(world.decides, request, who) for who in APPROVERS])

        assert (len(race.results), len(race.refusals)) == (2, 14)
        assert world.read(request).status == "approved"
        assert world.decisions(request) == 2


@pytest.mark.parametrize("rounds", ROUNDS)
def test_f17_approve_against_deny_the_first_wins(world: ApprovalWorld, rounds: int) -> None:
    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        race.run(
            [
                partial(world.decides, request, MARA),
                partial(world.decides, request, MILO, deny="not now"),
            ]
        )
        assert (len(race.results), len(race.refusals)) == (1, 1)
        assert world.decisions(request) == 1
        assert world.read(request).status in ("approved", "denied")


@pytest.mark.parametrize("rounds", ROUNDS)
def test_approve_against_withdraw_the_first_wins(world: ApprovalWorld, rounds: int) -> None:
    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        race.run([partial(world.decides, request), partial(world.withdraws, request)])
        assert (len(race.results), len(race.refusals)) == (1, 1)
        assert world.decisions(request) == (world.read(request).status == "approved")


@pytest.mark.parametrize("rounds", ROUNDS)
def test_approve_against_expire_has_one_end(world: ApprovalWorld, rounds: int) -> None:
    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        late = ApprovalWorld(database=world.database, context=world.context, now=request.decide_by)
        world.now = request.decide_by - timedelta(microseconds=1)
        race.run([partial(world.decides, request), late.ticks])
        status = world.read(request).status
        assert (status, world.decisions(request)) in (("approved", 1), ("expired", 0))
        world.passes(hours=1)
        world.ticks()  # what was approved lapses, so that the next round has the clocks for itself


@pytest.mark.parametrize("rounds", ROUNDS)
def test_f15_twelve_claims_one_winner_one_call(world: ApprovalWorld, rounds: int) -> None:
    def run(request: Request) -> object:
        work = world.claims(request)
        assert isinstance(work, ClaimedExecution)
        return world.records(work, world.does(work))

    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        world.decides(request)
        race.run([partial(run, request) for _ in range(12)])
        assert (len(race.results), len(race.refusals)) == (1, 11)
        assert world.read(request).status == "executed"
        assert world.paytend.books[request.reference] == 1
    assert world.verified().is_intact


@pytest.mark.postgres
@pytest.mark.parametrize("rounds", ROUNDS)
def test_f15_two_replicas_carry_out_the_same_request_once(postgresql: SqlDatabase, rounds: int) -> None:
    """Each has connections of its own; a row of PostgreSQL is all that they share."""
    world, elsewhere = ApprovalWorld(database=postgresql), SqlDatabase(postgresql.engine.url.render_as_string())
    other = ApprovalWorld(database=elsewhere, context=world.context, paytend=world.paytend)

    def run(replica: ApprovalWorld, request: Request) -> object:
        work = replica.claims(request)
        assert isinstance(work, ClaimedExecution)
        return replica.records(work, replica.does(work))

    try:
        for number in range(rounds):
            request, race = _fresh(world, number), Race()
            world.decides(request)
            other.card = world.card
            race.run([partial(run, world, request), partial(run, other, request)])
            assert (len(race.results), len(race.refusals)) == (1, 1)
            assert world.read(request).status == "executed"
            assert world.paytend.books[request.reference] == 1
    finally:
        elsewhere.close()
    assert world.verified().is_intact


def test_eight_people_ask_for_the_same_card_at_once(world: ApprovalWorld) -> None:
    supporters = [person(f"U0SUP{number}", "support") for number in range(8)]
    race = Race()
    race.run([partial(world.asks, by=who) for who in supporters])
    assert (len(race.results), len(race.refusals)) == (1, 7)


def test_settling_at_once_needs_two_and_ends_once(world: ApprovalWorld) -> None:
    request = world.approved()
    world.work(request)
    world.passes(minutes=4)
    world.ticks()
    world.gives_up()
    world.members_by_account |= {who.person.account: who for who in APPROVERS}
    race = Race()
    race.run([partial(world.settles, request, who, happened=False) for who in APPROVERS[:6]])
    assert (len(race.results), len(race.refusals)) == (2, 4)
    assert world.read(request).status == "failed"
