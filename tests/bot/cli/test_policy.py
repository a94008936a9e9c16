"""`cardops policy explain` and `schema`: which rule, who could approve and why not; with and without Slack."""

import json

import jsonschema
import pytest
import yaml

from bot.clock import make_clock
from tests.bot.cli.conftest import Operator
from tests.journeys.world import CONFIG

ASKED = ("policy", "explain", "card.top_up", "--amount", "120.50", "--requester", "U0SAM", "--card", "1755902")


def test_it_says_the_rule_and_everyone_who_could(operator: Operator) -> None:
    status, said, _ = operator.types(*ASKED)

    assert status == 0
    assert "-> rule “top-ups”: it needs 1 of manager" in said
    assert "120.50 EUR is not over 500.00 EUR" in said
    assert "U0MARA" in said
    assert "could approve" in said
    assert "Not looked at" not in said


def test_the_requester_and_whoever_left_could_not_and_it_says_why(small: Operator) -> None:
    _, said, _ = small.types(
        "policy", "explain", "card.top_up", "--amount", "1", "--requester", "U0MARA", "--json"
    )

    found = json.loads(said)
    whys = {row["account"]: row["why"] for row in found["deciders"]}
    assert "You can’t approve your own request" in whys["U0MARA"]
    assert any(not why for why in whys.values())


def test_a_large_amount_falls_under_another_rule(small: Operator) -> None:
    _, said, _ = small.types("policy", "explain", "card.top_up", "--amount", "600.00", "--json")

    found = json.loads(said)
    assert (found["rule"], found["quorum"]) == ("large top-ups", 2)


def test_sums_of_before_count_against_the_limits(operator: Operator) -> None:
    world = operator.world()
    world.now = make_clock().now()
    world.executes(world.approved("950.00 EUR"))

    _, said, _ = operator.types(*ASKED, "--json")

    found = json.loads(said)
    assert found["quorum"] == 2
    assert {"1,070.50 EUR"} == {limit["total"] for limit in found["limits"]}


def test_what_no_rule_allows_is_refused_and_status_1(small: Operator) -> None:
    status, said, _ = small.types("policy", "explain", "card.replace")

    assert status == 1
    assert "Refused: Your policy" in said


def test_without_slack_it_is_from_the_file_alone_and_says_so(small: Operator) -> None:
    status, said, _ = small.types(*ASKED, SLACK_API_BASE_URL="http://127.0.0.1:9/api/")

    assert status == 1
    assert "Not looked at: Slack does not take SLACK_BOT_TOKEN: no answer" in said
    assert "Who is in S0MANAGER (manager) could not be read." in said


def test_without_settings_it_is_from_the_file_alone_and_says_so(small: Operator) -> None:
    (small.folder / "cardops.yml").write_text(CONFIG.replace("groups: [S0MANAGER]", "people: [U0MARA, U0SAM]"))

    status, said, _ = small.types(*ASKED, PAYTEND_PARTNER_ID="")

    assert status == 0
    assert "The settings are not complete" in said
    assert "U0SAM U0SAM: You can’t approve your own request" in said


@pytest.mark.parametrize(
    "words", [("--amount", "lots"), ("--amount", "1.234"), ("--amount", "1", "--currency", "XXX")]
)
def test_an_amount_that_is_none_is_status_2(small: Operator, words: tuple[str, ...]) -> None:
    status, _, err = small.types("policy", "explain", "card.top_up", *words)

    assert status == 2
    assert "--amount" in err


def test_an_action_that_there_is_not_is_status_2(small: Operator) -> None:
    with pytest.raises(SystemExit) as ended:
        small.types("policy", "explain", "card.burn")
    assert ended.value.code == 2


def test_the_schema_takes_what_the_bot_takes_and_refuses_a_typing_error(small: Operator) -> None:
    status, said, _ = small.types("policy", "schema")
    made = json.loads(said)
    jsonschema.Draft202012Validator.check_schema(made)
    validator = jsonschema.Draft202012Validator(made)

    assert status == 0
    assert list(validator.iter_errors(yaml.safe_load(CONFIG))) == []
    assert list(validator.iter_errors({"rolles": {}}))
    assert list(validator.iter_errors({"roles": {"boss": {}}}))
    assert "PT8H" not in said


def test_a24_check_names_every_line_without_effect_at_once(small: Operator) -> None:
    file = small.folder / "cardops.yml"
    first = "  - {name: large top-ups, action: card.top_up, over: 500.00 EUR, quorum: 2, approvers: [manager]}\n"
    hidden = "  - {name: huge, action: card.top_up, over: 10000.00 EUR, quorum: 3, approvers: [manager]}\n"
    vain = "limits:\n  - {action: card.apply, per: card, window: 24h, over: 1.00 EUR, then: refuse}\n"
    assert first in CONFIG
    status, _, _ = small.types("policy", "check")
    assert status == 0

    text = CONFIG.replace(first, first + hidden).replace("limits:\n", vain)
    file.write_text(text)
    lines = text.splitlines()
    status, _, err = small.types("policy", "check")

    assert status == 1
    assert f"line {lines.index(hidden.rstrip()) + 1}: policy.1: “huge” can never decide" in err
    assert f"line {lines.index(vain.splitlines()[1]) + 1}: limits.0: this limit has no effect" in err
