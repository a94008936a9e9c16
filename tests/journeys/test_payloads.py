"""What Slack is given: valid by its own schemas, within its limits, and nothing beyond the scopes asked for."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from bot.slack.manifest import make_manifest, write_manifest
from bot.slack.scopes import SCOPES
from sandbox.slack import SlackWorkspace
from tests.journeys.payloads import block_kit, problems_of, read_schema
from tests.journeys.world import CARD, MANAGER, OTHER_MANAGER, SUPPORT, JourneyWorld, text_of

HOSTILE = (
    '<!channel> <@U0SAM> <https://evil.example|x> "}]}, {"type": "divider"} \\ \N{RIGHT-TO-LEFT OVERRIDE}\0 & '
)
NOT_DESCRIBED = {
    "conversations.list",
    "files.delete",
    "pins.add",
    "pins.remove",
}  # not in the folder with Slack's schemas
LONG = 'Ž😀"<&' * 2000


def live_through_everything(world: JourneyWorld) -> None:
    """Let people see every message and modal that there is, with names and reasons that mean no good."""
    holder = world.paytend.books.holders["101982"]
    holder.first_name, holder.last_name = HOSTILE, LONG
    world.slack.changes_person(SUPPORT, name=HOSTILE[:80], real_name=HOSTILE)
    world.slack.changes_person(MANAGER, name='"}' * 40)
    for typed in (
        *("/card help", "/topup help", "/holder help", "/approvals help", "/cardops help", "/cardops whoami"),
        *(f"/card info {CARD}", f"/card {HOSTILE}", f"/card info {LONG[:2900]}", "/holder status 101982"),
        *("/holder status 101989", f"/topup {CARD} {LONG[:200]}", "/approvals waiting", "/topup status NOTHING1"),
        *("/topup status SEED000000000000", f"/topup {CARD} 600 {HOSTILE}{LONG[:350]}", f"/topup {CARD} 600"),
    ):
        world.types(SUPPORT, typed)
    request = world.request()
    world.clicks(MANAGER, "request_looking")
    world.clicks(MANAGER, "request_approve")
    world.clicks(MANAGER, "request_approve")
    world.passes(hours=3)
    world.clicks(OTHER_MANAGER, "request_deny")
    world.submits(OTHER_MANAGER, reason=(HOSTILE + LONG)[:400])
    for person in (SUPPORT, OTHER_MANAGER):
        for listed in ("mine", "history", "waiting", f"show {request.reference}"):
            world.types(person, f"/approvals {listed}")
    world.passes(minutes=11)
    world.types(SUPPORT, "/topup")
    world.submits(SUPPORT, card=CARD, amount="601", reason=(HOSTILE.replace("\0", "") + LONG)[:400])
    world.paytend.switches.lose_next_request(operation="topup")
    for person in (MANAGER, OTHER_MANAGER):
        world.clicks(person, "request_approve")
    for _ in range(4):
        world.passes(minutes=2)
    for person in (MANAGER, OTHER_MANAGER):
        world.clicks(person, "request_settle_not")
        world.submits(person, reason=(HOSTILE + LONG)[:400])
    world.types(SUPPORT, "/topup")
    world.submits(SUPPORT, card="999", amount="5", reason=(HOSTILE.replace("\0", "") + LONG)[:400])
    world.clicks_modal(SUPPORT, "form_go_on")
    world.types(SUPPORT, f"/card lost {CARD}")
    world.clicks_reply(SUPPORT, "card_lost")
    for minor in (1, 10**15):
        world.paytend.books.ledger.move("outside", "partner", currency="EUR", amount=minor)
    world.paytend.events.decline(CARD, "1.00", merchant=HOSTILE + LONG)
    world.paytend.events.decline(
        "1755903", "9999999.99", merchant=HOSTILE, txn_currency="JPY", txn_amount="123456789"
    )
    world.paytend.events.audit("101989", 3, error=HOSTILE + LONG)
    world.hears_from_paytend()


@pytest.fixture
def lived_through(sqlite_world: JourneyWorld) -> SlackWorkspace:
    """Slack, after everything."""
    live_through_everything(sqlite_world)
    return sqlite_world.slack


def test_everything_that_slack_is_given_is_valid_and_calls_need_just_the_scopes_of_the_manifest(
    lived_through: SlackWorkspace,
) -> None:
    slack = lived_through
    assert problems_of(slack) == []
    assert [call for call in slack.api_calls if not call.is_ok] == []
    assert slack.toasts(SUPPORT) == []
    assert problems_of(slack, block_kit()) == []

    for method in {call.method for call in slack.api_calls}:
        needed = scopes_of(method)
        assert not needed or needed & set(SCOPES), f"{method} needs one of {needed}"
    for said in [*slack.messages("C0APPROVALS"), *slack.messages("C0ONCALL"), *slack.messages("C0ALERTS")]:
        # Slack makes nothing of markup in a plain text, which is shown as it is (S15).
        read = said["text"] + text_of(said["blocks"], kinds=("mrkdwn",))
        assert "<!channel>" not in read
        assert "<https://evil" not in read


def scopes_of(method: str) -> set[str]:
    """What a bot needs one of to call a method, as Slack describes it."""
    scope = read_schema(f"slack-methods/{method}.json").get("scope", {})
    return set(scope.get("bot", [])) if isinstance(scope, dict) else set()


def test_every_scope_is_needed_by_a_method_that_the_bot_calls() -> None:
    needed_by = {scope: [call for call in calls if "." in call] for scope, calls in SCOPES.items()}
    calls = {method for methods in needed_by.values() for method in methods}
    code = "".join(
        path.read_text()
        for folder in ("bot", "notifier", "approvals", "commands")
        for path in (Path(__file__).parents[2] / folder).rglob("*.py")
    )
    for method in calls:
        assert f"{method.replace('.', '_')}(" in code, f"nothing calls {method}"
    for scope, methods in needed_by.items():
        for method in set(methods) - NOT_DESCRIBED:
            assert scope in scopes_of(method), f"{method} does not take {scope}"
    assert SCOPES["files:read"] == ("url_private",), "reading a file by its address is no method"
    assert "url_private" in code


def test_the_manifest_of_the_repository_is_the_generated_one_and_valid() -> None:
    committed = (Path(__file__).parents[2] / "app_manifest.yml").read_text()

    assert committed == write_manifest()
    schema = read_schema("slackapi-manifest.schema.2.0.0.json")
    for manifest in (
        yaml.safe_load(committed),
        make_manifest(url="https://bot.example.com/", socket_mode=False),
        make_manifest(url=None, socket_mode=True),
    ):
        jsonschema.validate(manifest, schema)
