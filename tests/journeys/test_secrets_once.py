"""A secret in Paytend's answer: used up only when Slack showed it, on any replica, or never shown at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.slack.one_time_secrets import SealedSecrets
from sandbox.slack.faults import SlackFault
from tests.journeys.card_world import CARDS_CONFIG
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld, actions_of


@pytest.fixture
def world(make_world: MakesWorld) -> Iterator[JourneyWorld]:
    """A request whose answer holds a password, executed."""
    with make_world(config=CARDS_CONFIG) as world:
        executes(world)
        yield world


def executes(world: JourneyWorld) -> None:
    world.paytend.switches.set_modes(password_in_answer=True)
    world.types(SUPPORT, f"/card password {CARD}")
    world.submits(SUPPORT, card=CARD, identified="called_back", reason="forgot it")
    world.slack.closes(SUPPORT)
    world.settles()
    world.clicks(MANAGER, "request_approve")


def offer(world: JourneyWorld) -> dict[str, Any]:
    """The reply that offers the secret."""
    replies = world.slack.messages("C0APPROVALS", world.card()["ts"])
    return next(
        each for each in replies if "You can view it once" in each["text"] or "The secret was" in each["text"]
    )


def shown(world: JourneyWorld) -> list[bool]:
    """What the trail says of showing, in its order: whether it is sure."""
    return ['"is_sure": true' in row.facts or '"is_sure":true' in row.facts for row in of_secret(world)]


def of_secret(world: JourneyWorld) -> list[Any]:
    return [row for row in world.trail() if row.event == "secret:shown"]


@pytest.mark.parametrize(
    "fault",
    [
        SlackFault(method="views.open", kind="error", error="expired_trigger_id"),
        SlackFault(method="views.open", kind="limited", seconds=1),
        SlackFault(method="views.open", kind="status", status=500),
        SlackFault(method="views.open", kind="error", error="internal_error"),
    ],
    ids=lambda fault: fault.error or fault.kind,
)
def test_s2_a_secret_that_slack_did_not_show_is_still_there(world: JourneyWorld, fault: SlackFault) -> None:
    pin = world.paytend.books.cards[CARD].pin
    world.slack.faults.arm(fault)
    world.clicks(SUPPORT, "secret_once", message=offer(world))

    assert "Slack did not open the form" in world.told(SUPPORT)
    assert shown(world) == []
    assert "secret_once" in actions_of(offer(world))

    world.passes(seconds=2)
    world.clicks(SUPPORT, "secret_once", message=offer(world))
    assert pin in world.modal_text(SUPPORT)
    assert shown(world) == [True]


def test_s2_the_button_ends_with_its_use(world: JourneyWorld) -> None:
    world.clicks(SUPPORT, "secret_once", message=offer(world))
    world.settles()

    assert actions_of(offer(world)) == []
    assert "The secret was shown once" in offer(world)["text"]


@pytest.mark.parametrize("accepted", [True, False])
def test_s2_without_an_answer_of_slack_it_counts_as_shown_and_says_so(world: JourneyWorld, accepted: bool) -> None:
    button = offer(world)
    world.slack.faults.resets("views.open", accepted=accepted)
    world.clicks(SUPPORT, "secret_once", message=button)

    assert "Slack did not say whether it was shown" in world.told(SUPPORT)
    assert shown(world) == [False]
    world.clicks(SUPPORT, "secret_once", message=button)
    assert "No longer available" in world.told(SUPPORT)
    assert actions_of(offer(world)) == []


def test_s3_another_replica_shows_it_and_only_one_of_them(world: JourneyWorld) -> None:
    pin, secrets = world.paytend.books.cards[CARD].pin, world.bot.slack.context.secrets
    assert isinstance(secrets, SealedSecrets)
    request = world.request().id
    # What another process has: the database and the keys.
    other = SealedSecrets(database=secrets.database, vault=secrets.vault, now_in=secrets.now_in)
    found = other.hold(request)

    assert found is not None
    assert found.get_secret_value() == pin
    world.clicks(SUPPORT, "secret_once", message=offer(world))
    assert "No longer available" in world.told(SUPPORT)


def test_s3_where_no_secret_is_shown_it_is_discarded_and_said(make_world: MakesWorld) -> None:
    with make_world(config=CARDS_CONFIG + "secrets: {show: false}\n") as world:
        executes(world)

        assert world.request().status == "executed"
        texts = world.thread()
        assert not any("secret_once" in actions_of(each) for each in world.slack.messages("C0APPROVALS"))
        assert "discarded" in str(texts) + world.request().reason


@pytest.mark.parametrize("keep", ["memory", "database"])
def test_s3_the_setting_says_where_it_waits(make_world: MakesWorld, keep: str) -> None:
    with make_world(config=CARDS_CONFIG + f"secrets: {{keep: {keep}}}\n") as world:
        executes(world)

        world.clicks(SUPPORT, "secret_once", message=offer(world))
        assert world.paytend.books.cards[CARD].pin in world.modal_text(SUPPORT)
        assert isinstance(world.bot.slack.context.secrets, SealedSecrets) == (keep == "database")
