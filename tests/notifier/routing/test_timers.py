"""What routing does as time passes: one damaged row stops nothing else."""

import json
import logging
from datetime import timedelta

import pytest
from sqlmodel import select

from notifier.outbox.notice_facts import NoticeFacts
from notifier.routing.routes import Routes
from notifier.routing.tables import Acknowledgement, Flow, Silence
from notifier.routing.timers import RoutingTimers
from tests.notifier.conftest import NotifierWorld


def test_n8_a_damaged_row_stops_neither_escalations_nor_silences(
    world: NotifierWorld, caplog: pytest.LogCaptureFixture
) -> None:
    timers = RoutingTimers(
        database=world.database,
        routes=Routes(channels={"alerts": "C0ALERTS", "oncall": "C0OPS"}),
        outbox=world.outbox,
        now_in=world.clock,
        wake_deliverer=lambda: None,
    )
    now = world.clock.now
    with world.database.writing() as session:
        for key, then in (("a", "no JSON"), ("b", json.dumps(["oncall"]))):
            session.add(Acknowledgement(key=key, asked_at=now, within=60, then=then, due_at=now))
            world.outbox.enqueue(
                session, kind="words", facts=NoticeFacts(), recipient="C0ALERTS", now=now, key=key
            )
        for silence_id, matcher in (("S1", "no JSON"), ("S2", "{}")):
            session.add(
                Silence(
                    id=silence_id,
                    matcher=matcher,
                    owner="U0OLE",
                    reason="x",
                    created_at=now - timedelta(hours=1),
                    ends_at=now,
                )
            )
        session.add(
            Flow(route="route 1", channel="C0ALERTS", storm="X", recent="no JSON", began_at=now, window_from=now)
        )

    with caplog.at_level(logging.ERROR):
        timers.run_due()

    with world.database.reading() as session:
        steps = dict(session.exec(select(Acknowledgement.key, Acknowledgement.step)).all())
        ended = dict(session.exec(select(Silence.id, Silence.ended_by)).all())
    assert steps == {"a": 0, "b": 1}
    assert ended == {"S1": None, "S2": "time"}
    named = [record.__dict__["item"] for record in caplog.records if record.message == "routing.item_broken"]
    assert named == ["route 1 in C0ALERTS", "a", "S1"]
