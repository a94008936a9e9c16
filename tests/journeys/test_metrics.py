"""/metrics: what an operator needs to see, read at scrape within bounds, and named alike in the dashboard."""

import json
import re
from datetime import timedelta
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text
from sqlmodel import col, select

from bot.database.engine import SqlDatabase
from bot.database.tables import Slot
from bot.http.refusals import Door, ServerLimit
from bot.jobs.scheduler import LAST_SUCCESS
from bot.slack.signatures import DeliveryFlaw
from notifier.outbox.tables import Delivery, DeliveryStatus
from tests.journeys.conftest import MakesWorld
from tests.journeys.world import CARD, MANAGER, SUPPORT, JourneyWorld, build_world, door_of

DEPLOY = Path(__file__).parents[2] / "deploy"


def scrape(world: JourneyWorld) -> dict[tuple[str, ...], float]:
    """The figures by name and labels' values."""
    status, headers, body = door_of(world.bot.web, path="/metrics")("GET", "", {}, b"")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_requests_calls_and_deliveries_are_seen(world: JourneyWorld) -> None:
    scrape(world)
    world.asks()
    waiting = scrape(world)
    world.passes(minutes=7)
    world.clicks(MANAGER, "request_approve")

    done = scrape(world)

    assert waiting["cardops_requests", "pending"] == 1
    assert done["cardops_requests", "pending"] == 0
    assert done["cardops_request_moves_total", "execution:executed"] == 1
    assert done["cardops_request_decision_seconds_count",] == 1
    assert 420 <= done["cardops_request_decision_seconds_sum",] < 500
    assert done["cardops_paytend_calls_total", "topup", "ok"] == 1
    assert done["cardops_paytend_call_seconds_count", "topup"] == 1
    assert done["cardops_slack_deliveries_total", "delivered"] > 1
    assert done["cardops_slack_calls_total", "chat.postMessage", "ok"] > 0
    assert done["cardops_slack_calls_total", "conversations.members", "ok"] > 0
    assert done["cardops_deliveries", "waiting"] == 0
    assert done["cardops_database_up",] == 1
    assert done["cardops_audit_events",] == len(world.trail())


def test_what_slack_refuses_is_counted_in_a_few_words(world: JourneyWorld) -> None:
    world.slack.faults.limits("chat.postMessage", retry_after=1)
    world.asks()
    world.passes(seconds=5)
    world.slack.faults.fails("chat.postMessage", status=502)
    world.asks(card="1755903")

    calls = {name: count for name, count in scrape(world).items() if name[0] == "cardops_slack_calls_total"}

    assert calls["cardops_slack_calls_total", "chat.postMessage", "limited"] == 1
    assert calls["cardops_slack_calls_total", "chat.postMessage", "HTTP 502"] == 1
    assert not any("upstream" in label for name in calls for label in name), "no label of what a proxy writes"


def test_n9_what_is_to_gather_for_a_digest_and_does_not_is_a_figure(world: JourneyWorld) -> None:
    assert scrape(world)["cardops_deliveries", "gathering"] == 0
    world.asks()
    with world.bot.database.writing() as session:  # as if its digest could not be written
        letter = session.exec(select(Delivery).order_by(col(Delivery.id)).limit(1)).one()
        letter.status = DeliveryStatus.GATHERING
    world.clock.advance(timedelta(minutes=11))

    figures = scrape(world)

    assert figures["cardops_deliveries", "gathering"] == 1
    assert figures["cardops_gathering_oldest_seconds",] >= 660, "an alert looks at it"


def test_what_is_unknown_and_how_old_is_seen_and_so_are_failures_of_paytend(world: JourneyWorld) -> None:
    world.paytend.switches.add("error_after", operation="topup")
    world.asks_and_approves()
    world.paytend_stops()
    world.clock.advance(timedelta(seconds=5))
    world.types(SUPPORT, f"/card balance {CARD}")

    figures = scrape(world)

    assert figures["cardops_requests", "unknown"] == 1
    assert figures["cardops_requests_oldest_seconds", "unknown"] > 0
    assert any(name[:2] == ("cardops_paytend_calls_total", "topup") and name[2] != "ok" for name in figures)
    assert figures["cardops_paytend_calls_total", "getCardBalance", "Unreachable"] > 0


def test_jobs_webhooks_and_the_balance_are_seen(world: JourneyWorld) -> None:
    world.bot.jobs.fire("balance")
    world.webhook_arrives(b"{}")

    figures = scrape(world)

    assert figures["cardops_job_last_success_timestamp_seconds", "balance"] == world.clock.now().timestamp()
    assert figures["cardops_webhooks_total", "refused", "unsigned"] == 1
    assert figures["cardops_partner_balance", "EUR"] > 0
    assert any(name[0] == "cardops_build_info" for name in figures)


def test_a_database_that_does_not_answer_is_a_figure(sqlite_world: JourneyWorld) -> None:
    rename = "ALTER TABLE {} RENAME TO {}"
    with sqlite_world.bot.database.writing() as session:
        session.connection().execute(text(rename.format("clock_slot", "elsewhere")))

    assert scrape(sqlite_world)["cardops_database_up",] == 0

    with sqlite_world.bot.database.writing() as session:
        session.connection().execute(text(rename.format("elsewhere", "clock_slot")))
    assert scrape(sqlite_world)["cardops_database_up",] == 1


def test_a_scrape_scans_no_table(sqlite_world: JourneyWorld) -> None:
    """Every statement of a scrape walks an index, or a table that stays small."""
    world, statements = sqlite_world, []
    scrape(world)
    world.asks_and_approves()
    engine = world.bot.database.engine
    listen = (engine, "before_cursor_execute", lambda *call: statements.append((call[2], call[3])))
    event.listen(*listen)
    scrape(world)
    event.remove(*listen)

    plans = []
    with world.bot.database.reading() as session:
        for statement, parameters in statements:
            if statement.startswith("SELECT"):
                rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                plans += [row[-1] for row in rows]

    assert len(plans) > 10
    scans = {plan for plan in plans if re.match(r"SCAN (?!\S*(USING|anon|\())", plan) and "INDEX" not in plan}
    assert {scan.split()[1] for scan in scans} <= {"balance_state", "anon_1", "audit_event"}


def test_the_dashboard_and_the_alerts_name_only_what_is_there(world: JourneyWorld) -> None:
    scrape(world)
    world.asks_and_approves()
    world.bot.jobs.fire("balance")
    world.webhook_arrives(b"{}")
    known = {name[0] for name in scrape(world)}

    dashboard = json.loads((DEPLOY / "grafana" / "cardops.json").read_text())
    alerts = yaml.safe_load((DEPLOY / "grafana" / "alerts.yml").read_text())
    used = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    named = {name for expression in used for name in re.findall(r"\bcardops_\w+", expression)}

    assert len(named) > 10
    assert named - known == {"cardops_slack_socket_connected"}, "of Socket Mode alone"
    assert {
        name for name in known if name.startswith("cardops_") and not name.endswith(("_created", "_count", "_sum"))
    } <= named


def test_n26_a_job_that_runs_less_often_now_still_shows_when_it_last_succeeded(sqlite_world: JourneyWorld) -> None:
    world = sqlite_world
    now = world.clock.now()
    with world.bot.database.writing() as session:  # every minute yesterday, every ten minutes today
        for every, done_at in ((60, now - timedelta(days=1)), (600, now)):
            number = int(done_at.timestamp() // every)
            session.add(Slot(job="balance", number=number, lease_until=done_at, done_at=done_at))

    assert scrape(world)["cardops_job_last_success_timestamp_seconds", "balance"] == now.timestamp()


def test_o12_the_last_success_of_a_job_is_never_in_the_future(world: JourneyWorld) -> None:
    """After a clock that was ahead was set right: the newest row is of a time to come."""
    name = world.bot.jobs.names[0]
    with world.bot.database.writing() as session:
        for number, hours in ((1, -1), (2, 5)):
            at = world.clock.now() + timedelta(hours=hours)
            session.add(Slot(job=name, number=number, lease_until=at, done_at=at))

    shown = scrape(world)[LAST_SUCCESS, name]

    assert shown == (world.clock.now() - timedelta(hours=1)).timestamp()


def test_o4_counters_begin_at_zero_so_that_the_first_event_is_an_increase(sqlite_world: JourneyWorld) -> None:
    before = scrape(sqlite_world)
    sqlite_world.webhook_arrives(b"{}")
    after = scrape(sqlite_world)

    assert before["cardops_webhooks_total", "refused", "unsigned"] == 0
    assert after["cardops_webhooks_total", "refused", "unsigned"] == 1
    assert before["cardops_webhooks_total", "not_kept", ""] == 0
    assert {before["cardops_refused_total", Door.SLACK, flaw] for flaw in DeliveryFlaw} == {0}
    assert {before["cardops_refused_total", Door.SERVER, why] for why in ServerLimit} == {0}


def test_o4_a_difference_of_the_books_is_seen_until_it_is_gone(world: JourneyWorld) -> None:
    world.asks_and_approves()
    world.paytend.events.change_books("late")
    world.passes(hours=2)
    world.bot.jobs.fire("books")
    told = scrape(world)

    world.passes(hours=22)
    world.bot.jobs.fire("books")

    assert told["cardops_books_differences",] == 1
    assert scrape(world)["cardops_books_differences",] == 0


def change_trail(database: SqlDatabase, statement: str, seq: int) -> None:
    """As somebody who can take the triggers away."""
    with database.writing() as session:
        triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'")
        for name in session.connection().execute(triggers).scalars().all():
            session.connection().execute(text(f'DROP TRIGGER "{name}"'))
        session.connection().execute(text(statement), {"seq": seq})


def test_o4_a_trail_that_does_not_fit_or_was_cut_is_seen(sqlite: SqlDatabase, tmp_path: Path) -> None:
    with build_world(sqlite, tmp_path) as world:
        world.asks_and_approves()
        intact = scrape(world)
        last = world.trail()[-1].seq
        change_trail(sqlite, "DELETE FROM audit_event WHERE seq = :seq", last)
        cut = scrape(world)
        sqlite.recollection.clear()  # another process
        change_trail(sqlite, "UPDATE audit_event SET actor = 'U0ELSE' WHERE seq = :seq", last - 1)
        changed = scrape(world)

    assert [figures["cardops_trail_breaks",] for figures in (intact, cut, changed)] == [0, 1, 1]


def test_o4_whether_the_socket_is_connected_is_shown_in_socket_mode_alone(make_world: MakesWorld) -> None:
    """Over HTTP there is none, and a 0 would be an alarm for ever."""
    with make_world(socket_mode=True) as world:
        assert scrape(world)["cardops_slack_socket_connected",] == 0  # the thread that connects does not run
    with make_world() as world:
        assert ("cardops_slack_socket_connected",) not in scrape(world)
