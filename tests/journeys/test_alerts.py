"""The alerts: whatever they name is in a scrape of the real bot, and promtool says when each of them fires."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import paytend
from paytend import PaytendError
from tests.bot.cli.test_docs import anchors
from tests.databases import Kept
from tests.journeys.conftest import checked_world
from tests.journeys.world import JourneyWorld, door_of

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "grafana" / "alerts.yml"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
}
TARGET = {"job": "what an operator calls it", "instance": "10.0.0.7:3000"}  # Prometheus puts these on every series
PROMETHEUS_OWN = {"up"}

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


def read_samples(world: JourneyWorld) -> list[Sample]:
    _, _, body = door_of(world.bot.web, path="/metrics")("GET", "", {}, b"")
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    ]


@pytest.fixture(scope="module")
def quiet(kept_sqlite: Kept, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Sample]:
    """A scrape of a bot in Socket Mode that works and has nothing to do."""
    with checked_world(kept_sqlite.renew(), tmp_path_factory.mktemp("quiet"), socket_mode=True) as world:
        # What the bot's threads would do.
        world.bot.base.clients.access.check()
        world.bot.base.probe.look()
        world.bot.base.counters.socket.figure.set(1)
        read_samples(world)
        world.asks_and_approves()
        world.bot.jobs.fire_all()
        world.settles()
        return read_samples(world)


# What expressions name


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:cardops_\w+|up\b)", expression))


def matchers_in(expression: str) -> list[tuple[str, str, str, list[str]]]:
    """The metric, label, operator and values of each condition."""
    found = []
    for name, conditions in re.findall(r"(\w+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r"(\w+)\s*(=~|!=|!~|=)\s*\"([^\"]*)\"", conditions):
            found.append((name, label, operator, value.split("|") if "~" in operator else [value]))
    return found


def test_o4_every_metric_label_and_value_that_an_alert_names_is_in_a_scrape(quiet: Sequence[Sample]) -> None:
    known: dict[str, list[Labels]] = {}
    for name, labels, _ in quiet:
        known.setdefault(name, []).append(labels)
    failures = {
        name
        for name, value in vars(paytend).items()
        if isinstance(value, type) and issubclass(value, PaytendError)
    }

    for alert, rule in RULES.items():
        names = names_in(rule["expr"])
        assert names - set(known) <= PROMETHEUS_OWN, alert
        for name, label, _, values in matchers_in(rule["expr"]):
            there = {labels.get(label) for labels in known[name]}
            assert there - {None}, f"{alert}: {name} has no label {label}"
            # Of failures there are none in a quiet hour: they are named by the errors of the client.
            assert set(values) <= (failures if name == "cardops_paytend_calls_total" else there), alert
        grouped = {
            label.strip()
            for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", rule["expr"])
            for label in group.split(",")
        }
        carried = {label for name in names - PROMETHEUS_OWN for labels in known[name] for label in labels}
        assert grouped <= carried | set(TARGET), alert
        shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert shown <= grouped, alert


def test_o4_prometheus_overwrites_no_label_of_ours(quiet: Sequence[Sample]) -> None:
    assert [name for name, labels, _ in quiet if set(labels) & set(TARGET)] == []


def test_o4_every_alert_has_a_severity_a_summary_and_a_heading_of_the_runbook() -> None:
    for alert, rule in RULES.items():
        assert rule["labels"]["severity"] in {"page", "ticket"}, alert
        assert rule["annotations"]["summary"], alert
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert path.startswith("/"), f"{alert}: from the root of the repository"
        assert anchor in anchors(ROOT / path[1:]), alert


# When they fire


@dataclass(frozen=True, kw_only=True)
class Case:
    """One alert fires: `of` are series that differ from quiet ones, minute by minute, or are not there."""

    alert: str
    of: Mapping[str, str]
    at: str
    labels: Labels = field(default_factory=dict)
    is_gone: bool = False  # the bot is not scraped


def write_series(name: str, labels: Labels) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if value)
    return f"{name}{{{inside}}}"


def keep_quiet(samples: Sequence[Sample], *, minutes: int) -> dict[str, str]:
    """The series of so many minutes in which nothing happens: jobs succeed, and all else stays as it is."""
    found = {"up{}": f"1x{minutes}"}
    for name, labels, value in samples:
        values = f"0+60x{minutes}" if name == JOB_DONE else f"{value}x{minutes}"
        found[write_series(name, labels)] = values
    return found


def write_test(series: Mapping[str, str], expected: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One test of promtool; every series gets the labels that Prometheus puts on it."""
    target = ",".join(f'{label}="{value}"' for label, value in TARGET.items())
    written = [
        {"series": name[:-1] + ("," if name[-2] != "{" else "") + target + "}", "values": values}
        for name, values in series.items()
        if values
    ]
    return {"interval": "1m", "input_series": written, "alert_rule_test": list(expected)}


def expect(case: Case) -> dict[str, Any]:
    rule = RULES[case.alert]
    summary = rule["annotations"]["summary"]
    for label, value in case.labels.items():
        summary = summary.replace(f"{{{{ $labels.{label} }}}}", value)
    alert = {
        "exp_labels": {**rule["labels"], **case.labels},
        "exp_annotations": {**rule["annotations"], "summary": summary},
    }
    return {"eval_time": case.at, "alertname": case.alert, "exp_alerts": [alert]}


def run_promtool(*arguments: str) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("there is no promtool (Debian has it in the package prometheus)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


JOB_DONE = "cardops_job_last_success_timestamp_seconds"
CASES = (
    Case(alert="CardopsDown", is_gone=True, of={"up{}": "0x9"}, at="3m"),
    Case(
        alert="CardopsReplicaDown",
        is_gone=True,
        of={"cardops_build_info{}": "1x9 stale", "up{}": "1x9 0x30"},
        at="16m",
        labels=TARGET,
    ),
    Case(alert="CardopsDatabaseDown", of={"cardops_database_up{}": "0x9"}, at="3m"),
    Case(alert="CardopsDatabaseNotWritable", of={"cardops_database_writable{}": "0x9"}, at="2m"),
    Case(
        alert="CardopsJobLate", of={JOB_DONE + '{task="gaps"}': "0+60x9 540x30"}, at="20m", labels={"task": "gaps"}
    ),
    Case(alert="CardopsJobNeverDone", of={JOB_DONE + '{task="books"}': ""}, at="125m", labels={"task": "books"}),
    Case(
        alert="CardopsServerFull",
        of={'cardops_refused_total{door="server",reason="connections"}': "0x4 20x9"},
        at="9m",
        labels={"reason": "connections"},
    ),
    Case(
        alert="CardopsClockStepped",
        of={'cardops_clock_steps{direction="back"}': "0x4 1x30"},
        at="20m",
        labels={"direction": "back"},
    ),
    Case(
        alert="CardopsClockStepped",  # before the first scrape
        of={'cardops_clock_steps{direction="ahead"}': "1x30"},
        at="1m",
        labels={"direction": "ahead"},
    ),
    Case(alert="CardopsUnknown", of={'cardops_requests{status="unknown"}': "1x20"}, at="11m"),
    Case(
        alert="CardopsExecutingTooLong",
        of={'cardops_requests_oldest_seconds{status="executing"}': "3601x9"},
        at="1m",
    ),
    Case(alert="CardopsReconciliationStopped", of={JOB_DONE + '{task="reconciliation"}': "0x9"}, at="6m"),
    Case(alert="CardopsContradicted", of={"cardops_contradictions{}": "1x9"}, at="1m"),
    Case(alert="CardopsBooksDiffer", of={"cardops_books_differences{}": "1x9"}, at="1m"),
    Case(alert="CardopsStopped", of={'cardops_stops{scope="all"}': "1x9"}, at="1m"),
    Case(alert="CardopsTrailBroken", of={"cardops_trail_breaks{}": "1x9"}, at="1m"),
    Case(
        alert="CardopsPaytendFails",
        of={'cardops_paytend_calls_total{operation="topup",outcome="Unreachable"}': "0+30x30"},
        at="20m",
    ),
    Case(alert="CardopsWebhooksNotKept", of={'cardops_webhooks_total{outcome="not_kept"}': "0x4 1x9"}, at="9m"),
    Case(
        alert="CardopsWebhooksNotKept",
        of={'cardops_webhooks_total{outcome="put_off",reason="full"}': "0x4 1x9"},
        at="9m",
        labels={"reason": "full"},
    ),
    Case(
        alert="CardopsWebhooksRefused",
        of={'cardops_webhooks_total{outcome="refused",reason="signature"}': "0x4 5x9"},
        at="9m",
        labels={"reason": "signature"},
    ),
    Case(alert="CardopsWebhooksNotCovered", of={'cardops_watched_cards{state="late"}': "1x90"}, at="61m"),
    Case(alert="CardopsSlackUnusable", of={"cardops_slack_usable{}": "0x9"}, at="3m"),
    Case(alert="CardopsSocketNotConnected", of={"cardops_slack_socket_connected{}": "0x9"}, at="3m"),
    Case(
        alert="CardopsSlackDeliveriesRefused",
        of={'cardops_refused_total{door="slack",reason="wrong signature"}': "0x4 5x9"},
        at="9m",
        labels={"reason": "wrong signature"},
    ),
    Case(alert="CardopsDeadDeliveries", of={'cardops_deliveries{status="dead"}': "1x9"}, at="1m"),
    Case(alert="CardopsDeadDeliveries", of={'cardops_deliveries{status="dead"}': "0x30 1x9"}, at="33m"),
    Case(alert="CardopsDeliveriesLate", of={"cardops_delivery_oldest_seconds{}": "601x9"}, at="7m"),
    Case(alert="CardopsNotGathered", of={"cardops_gathering_oldest_seconds{}": "601x9"}, at="7m"),
)


def test_o4_every_alert_has_a_case_in_which_it_fires() -> None:
    assert {case.alert for case in CASES} == set(RULES)


def test_o4_promtool_takes_the_rules() -> None:
    run_promtool("check", "rules", str(ALERTS))


def test_o4_each_alert_fires_when_it_should_and_none_in_a_quiet_hour(
    quiet: Sequence[Sample], tmp_path: Path
) -> None:
    silence = [
        {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}
        for minute in (1, 10, 60)
        for alert in RULES
    ]
    tests = [write_test(keep_quiet(quiet, minutes=60), silence)]
    for case in CASES:
        named = names_in(RULES[case.alert]["expr"])
        usual = [] if case.is_gone else [sample for sample in quiet if sample[0] in named]
        tests.append(write_test({**keep_quiet(usual, minutes=130), **case.of}, [expect(case)]))
    file = tmp_path / "cases.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": tests}))

    run_promtool("test", "rules", str(file))
