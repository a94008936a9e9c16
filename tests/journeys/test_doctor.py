"""The doctor: the same named checks in Slack and on the command line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import main
from bot.doctor import table
from bot.doctor.findings import CheckState
from bot.doctor.slack import check_scopes
from bot.settings.cardops_yml import Audience
from bot.slack.scopes import OPTIONAL, SCOPES
from notifier.inbox.tables import Watched, WatchedKind
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import ADMIN, CONFIG, SUPPORT, JourneyWorld, make_environment, text_of


@pytest.fixture
def healthy(sqlite_world: JourneyWorld) -> JourneyWorld:
    """A world whose clock is that of this machine, as the stand-ins' servers write it."""
    sqlite_world.clock.advance(datetime.now(UTC) - sqlite_world.clock.now())
    return sqlite_world


def found(world: JourneyWorld, **changes: object) -> dict[str, tuple[str, str]]:
    examined = world.bot.slack.context.doctor
    rows = table.examine(type(examined)(**{**vars(examined), **changes}))
    return {row.name: (row.state, row.says + " " + row.next) for row in rows}


def test_a_healthy_installation_has_nothing_wrong(healthy: JourneyWorld) -> None:
    results = found(healthy)

    assert list(results) == list(table.CHECKS)
    assert {name: words for name, (state, words) in results.items() if state == "wrong"} == {}


def test_an_admin_asks_in_slack_and_support_may_not(healthy: JourneyWorld) -> None:
    healthy.types(ADMIN, "/cardops doctor")
    healthy.types(SUPPORT, "/cardops doctor")

    shown = text_of(healthy.slack.ephemerals(ADMIN)[-1]["blocks"])
    assert all(f"*{name}*" in shown for name in table.CHECKS)
    assert "0 problems" in healthy.told(ADMIN)
    assert "admin" in healthy.told(SUPPORT)


def test_s16_an_optional_scope_that_is_missing_is_a_choice_and_its_price_is_told(healthy: JourneyWorld) -> None:
    for scope, price in OPTIONAL.items():
        healthy.slack.credentials.scopes = frozenset(SCOPES) - {scope}
        result = check_scopes(healthy.bot.slack.context.doctor)
        assert (result.state, scope in result.says, price in result.says) == (CheckState.WARN, True, True)


def test_a_missing_scope_is_named_with_the_calls_that_need_it(healthy: JourneyWorld) -> None:
    healthy.slack.credentials.scopes = frozenset(SCOPES) - {"usergroups:read"}

    state, says = found(healthy)["scopes"]

    assert state == "wrong"
    assert "usergroups.list" in says


def test_a_scope_that_is_not_used_is_worth_a_look(healthy: JourneyWorld) -> None:
    healthy.slack.credentials.scopes = frozenset(SCOPES) | {"reactions:write"}

    assert found(healthy)["scopes"][0] == "warn"


def test_a_channel_without_the_bot_is_named(healthy: JourneyWorld) -> None:
    channel = healthy.slack.state.channels["C0ALERTS"]
    healthy.slack.state.change_channel("C0ALERTS", members=channel.members - {"U0BOT"})

    state, says = found(healthy)["channels"]

    assert state == "wrong"
    assert "alerts (C0ALERTS): the bot is not in it" in says


def test_a_rule_that_cannot_be_met_without_the_requester_is_named(make_world: MakesWorld) -> None:
    config = CONFIG.replace("approvers: [manager]}", "approvers: [oncall]}")
    with make_world(config=config) as world:
        state, says = found(world)["policy"]

    assert state == "wrong"
    assert "“large top-ups” needs 2 of oncall and cannot be met for anybody" in says


def test_a_group_that_cannot_be_read_is_named(healthy: JourneyWorld) -> None:
    healthy.bot.slack.context.members.directory.forget()
    del healthy.slack.state.groups["S0MANAGER"]

    state, says = found(healthy)["groups"]

    assert state == "wrong"
    assert "S0MANAGER" in says


def test_keys_that_do_not_match_are_told_apart_from_silence(healthy: JourneyWorld) -> None:
    healthy.paytend.switches.add("tamper", operation="getPartnerBalance", count=None)
    assert found(healthy)["keys"][0] == "wrong"
    assert found(healthy)["paytend"][0] == "ok"

    healthy.paytend.switches.clear()
    healthy.paytend.switches.add("lose_before", operation="getPartnerBalance", count=None)
    assert found(healthy)["paytend"][0] == "wrong"
    assert found(healthy)["keys"][0] == "warn"


def test_a_clock_that_is_far_off_is_told(sqlite_world: JourneyWorld) -> None:
    state, says = found(sqlite_world, now=lambda: datetime(2020, 1, 1, tzinfo=UTC))["clock"]

    assert state == "wrong"
    assert "Slack" in says
    assert "Paytend" in says


def test_slack_that_refuses_the_token_leaves_the_other_checks_standing(healthy: JourneyWorld) -> None:
    healthy.slack.credentials.refusal = "account_inactive"

    results = found(healthy)

    assert "account_inactive" in results["slack"][1]
    assert results["scopes"][0] == "wrong"
    assert results["database"][0] == "ok"
    assert results["keys"][0] == "ok"


def test_messages_that_wait_for_long_are_told(healthy: JourneyWorld) -> None:
    healthy.slack.faults.answers("chat.postMessage", "channel_not_found", times=3)
    healthy.slack.faults.fails("chat.postMessage", times=30)
    healthy.asks("20.00")
    healthy.clock.advance(timedelta(minutes=6))

    state, says = found(healthy)["outbox"]

    assert state == "wrong"
    assert "messages wait, the oldest for" in says


def test_n15_what_the_search_for_missed_webhooks_does_not_cover_is_told(healthy: JourneyWorld) -> None:
    now = healthy.clock.now()
    with healthy.bot.database.writing() as session:
        for card, days, trouble in (("1", 0, None), ("2", 3, None), ("3", 0, "not all pages")):
            covered = now - timedelta(days=days)
            row = Watched(kind=WatchedKind.CARD, subject=card, since=covered, seen_at=now, looked_at=now)
            row.covered_until, row.trouble = covered, trouble
            session.add(row)

    state, says = found(healthy)["coverage"]

    assert state == "warn"
    assert "3 cards and orders are watched, and 300 an hour can be asked about: 1 are late" in says
    assert "of 1 not everything could be read" in says


def test_n17_a_unit_that_is_set_for_one_direction_only_is_asked_about(healthy: JourneyWorld) -> None:
    assert found(healthy)["units"][0] == "ok"

    state, says = found(healthy, webhook_unit=None)["units"]

    assert state == "warn"
    assert "PAYTEND_WEBHOOK_AMOUNT_UNIT" in says


def test_n17_decimal_points_where_the_smallest_unit_is_set_are_wrong_for_a_day(healthy: JourneyWorld) -> None:
    content = {"tradeId": "T1", "tradeStatus": 1, "tradeSrc": "S", "currency": "EUR", "amount": "12.0"}
    healthy.webhook_arrives(healthy.paytend.seal_webhook("1", content))
    healthy.settles()

    state, says = found(healthy)["units"]
    healthy.clock.advance(timedelta(days=1, minutes=1))

    assert state == "wrong"
    assert "PAYTEND_WEBHOOK_AMOUNT_UNIT=major" in says
    assert found(healthy)["units"][0] == "ok"


def test_the_command_line_runs_the_same_checks_with_its_exit_status(
    healthy: JourneyWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cardops.yml").write_text(CONFIG)
    environment = make_environment(
        slack=healthy.slack,
        paytend=healthy.paytend,
        paytend_url=str(healthy.bot.slack.context.paytend.http.base_url),
        database_url=str(healthy.bot.database.url),
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    assert main.main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines() if not line.startswith(" ")] == list(table.CHECKS)

    healthy.slack.credentials.refusal = "token_revoked"
    assert main.main(["doctor"]) == 1
    assert "token_revoked" in capsys.readouterr().out

    monkeypatch.setenv("PAYTEND_PARTNER_ID", "12")
    assert main.main(["doctor"]) == 2


@pytest.mark.parametrize("sign", ["is_shared", "is_pending_shared", "is_org_shared"])
def test_s9_a_channel_that_another_company_reads_is_wrong_unless_it_is_intended(
    healthy: JourneyWorld, sign: str
) -> None:
    healthy.slack.state.change_channel("C0AUDIT", **{sign: True})

    state, says = found(healthy)["audience"]
    assert state == "wrong"
    assert "C0AUDIT is shared with others (open_channels: {C0AUDIT: [shared]})" in says

    config = healthy.bot.slack.context.doctor.config
    intended = config.model_copy(update={"open_channels": {**config.open_channels, "C0AUDIT": (Audience.SHARED,)}})
    assert found(healthy, config=intended)["audience"][0] == "ok"


def test_s9_guests_strangers_and_public_channels_are_named(healthy: JourneyWorld) -> None:
    config = healthy.bot.slack.context.doctor.config.model_copy(update={"open_channels": {}})

    state, says = found(healthy, config=config)["audience"]

    assert state == "wrong"
    assert "C0APPROVALS is shared with others (U0STRANGER) and has guests (U0GUEST) and is public" in says
    assert "C0ALERTS is public" in says
    assert "C0AUDIT" not in says


@pytest.mark.parametrize(("hears", "state"), [(True, "ok"), (False, "wrong"), (None, "ok")])
def test_s5_the_doctor_says_whether_socket_mode_hears(
    healthy: JourneyWorld, hears: bool | None, state: str
) -> None:
    found_state, says = found(healthy, uses_socket=True, socket_hears=lambda: hears)["socket"]

    assert found_state == state
    assert "Socket Mode" in says
    assert "HTTP" in found(healthy)["socket"][1]
