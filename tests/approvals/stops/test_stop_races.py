"""A stop that is committed before a claim wins, whoever waited for whom; with real threads on both databases."""

import threading
from functools import partial

import pytest
from sqlalchemy import text

from approvals.execution.execution import ClaimedExecution
from approvals.stops.standing import Stopped
from bot.database.engine import SqlDatabase
from tests.approvals.execution.test_races import Race, _fresh
from tests.approvals.world import MARA, MILO, OLE, ApprovalWorld


@pytest.mark.parametrize("rounds", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_a_claim_against_a_stop_is_before_it_or_refused(world: ApprovalWorld, rounds: int) -> None:
    for number in range(rounds):
        request, race = _fresh(world, number), Race()
        world.decides(request)
        race.run([partial(world.claims, request), partial(world.stops_claims, by=(MARA, MILO, OLE)[number % 3])])

        claimed = any(isinstance(result, ClaimedExecution) for result in race.results)
        assert claimed or any(isinstance(refusal, Stopped) for refusal in race.refusals)
        # In the order of the trail, which is that of the commits: no claim behind a stop.
        assert world.events()[-2:] in (["execution:claimed", "stop:began"], ["approval:approved", "stop:began"])
        world.resume_all()


@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_a_claim_that_waited_for_a_stop_sees_it(postgresql: SqlDatabase, isolation: str) -> None:
    name = postgresql.url.database
    with postgresql.writing() as session:
        session.connection().exec_driver_sql(
            f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = '{isolation}'"
        )
    postgresql.engine.dispose()
    try:
        world = ApprovalWorld(database=postgresql)
        request = world.approved()
        found: list[object] = []

        def claim() -> None:
            try:
                found.append(world.claims(request))
            except Stopped as refusal:
                found.append(refusal)

        claimer = threading.Thread(target=claim)
        with postgresql.writing() as session:
            # As `stop` does, but it takes its time to commit.
            world.stop_in(session)
            claimer.start()
            claimer.join(0.5)
            assert found == []
        claimer.join()

        assert [type(result) for result in found] == [Stopped]
    finally:
        with postgresql.writing() as session:
            session.connection().execute(text(f'ALTER DATABASE "{name}" RESET default_transaction_isolation'))
        postgresql.engine.dispose()
