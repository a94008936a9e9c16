"""`/approvals evidence`: the file comes to the manager's own messages, and the trail says who asked for it."""

from dataclasses import replace

import pytest

from approvals.evidence import verify
from storage.signing import SigningKey
from tests.journeys.world import MANAGER, SUPPORT, JourneyWorld

KEY = SigningKey(b"e" * 32)


@pytest.fixture
def signing(sqlite_world: JourneyWorld) -> JourneyWorld:
    """A world whose bot has a key for evidence."""
    context = sqlite_world.bot.slack.context
    object.__setattr__(context, "approvals", replace(context.approvals, evidence_key=KEY))
    return sqlite_world


def test_a_manager_gets_the_evidence_and_support_does_not(signing: JourneyWorld) -> None:
    world = signing
    request = world.asks_and_approves("10.00")

    world.types(SUPPORT, f"/approvals evidence {request.reference}")
    world.types(MANAGER, f"/approvals evidence {request.reference}")

    assert "The evidence is in your messages with me" in world.told(MANAGER)
    [file] = [file for file in world.slack.state.files.by_id.values() if file.name.startswith("evidence-")]
    said = "\n".join(verify.check(file.content, KEY.public))
    assert "It was sent to Paytend; outcome: executed" in said
    shown = verify.read_archive(file.content)["messages.json"].decode()
    assert "/archives/C0APPROVALS/p" in shown
    assert [(row.event, row.actor) for row in world.trail()][-2:] == [
        ("approval:refused", SUPPORT),
        ("evidence:made", MANAGER),
    ]


def test_without_a_key_the_answer_says_how_to_make_one(sqlite_world: JourneyWorld) -> None:
    request = sqlite_world.asks("10.00")

    sqlite_world.types(MANAGER, f"/approvals evidence {request.reference}")

    assert "cardops keys new --evidence" in sqlite_world.told(MANAGER)
