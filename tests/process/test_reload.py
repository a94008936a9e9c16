"""O13: SIGHUP reads cardops.yml again: checked first, kept if faulty, the change an event of the trail."""

import json
import os
import signal

from sqlmodel import select

from approvals.tables import AuditEvent
from tests.journeys.world import CONFIG
from tests.process.world import Child, ProcessWorld


def changes(world: ProcessWorld) -> list[dict[str, object]]:
    with world.database.reading() as session:
        rows = session.exec(select(AuditEvent).where(AuditEvent.event == "configuration:changed")).all()
    return [json.loads(row.facts) for row in rows]


def hang_up(child: Child) -> None:
    os.kill(child._pid, signal.SIGHUP)


def test_o13_sighup_takes_a_sound_file_and_keeps_the_old_one_for_a_faulty_one(
    sqlite_process_world: ProcessWorld,
) -> None:
    world = sqlite_process_world
    child = world.start()
    file = world.folder / "cardops.yml"

    file.write_text(CONFIG.replace("quorum: 2, approvers", "quorum: 3, approvers"))
    hang_up(child)
    world.until(lambda: "config.reloaded" in child.log.read_text())

    first, second = changes(world)
    assert second["changed"] == {"cardops.yml.policy[1].quorum": ["2", "3"]}
    assert second["digest"] != first["digest"]

    file.write_text("polcy: []\n")
    hang_up(child)
    world.until(lambda: "config.refused" in child.log.read_text())

    assert "Did you mean policy?" in child.log.read_text()
    assert len(changes(world)) == 2
    world.asks()  # the bot that took over answers, and its threads work
    assert child.end() == 0
    assert "Traceback" not in child.log.read_text()
