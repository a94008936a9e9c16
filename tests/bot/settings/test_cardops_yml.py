"""cardops.yml: what is left out is safe, and every problem names its line and key."""

from datetime import timedelta
from pathlib import Path

import pytest

from approvals.policy.rules import NothingAllows, Per, choose_rule
from bot.settings.cardops_yml import Config, ConfigUnusable, parse_config, read_config
from notifier.routing.routes import match
from paytend import Money

# The example of the design, word for word.
EXAMPLE = """\
roles:                       # who may do what; Slack user groups and single people
  support: {groups: [S0SUPPORT]}
  manager: {groups: [S0MANAGER], people: [U0LEAD]}
  oncall:  {groups: [S0ONCALL]}
  admin:   {people: [U0ADMIN]}
same_person: [[U0LEAD, U0LEAD2]]   # two accounts of one human count once
channels: {approvals: C0APPROVALS, alerts: C0ALERTS, oncall: C0ONCALL, audit: C0AUDIT}
policy:                      # first rule that matches decides; nothing matches: refused
  - {name: large top-ups,  action: card.top_up, over: 500.00 EUR, quorum: 2, approvers: [manager], decide_within: 4h}
  - {name: top-ups,        action: card.top_up, quorum: 1, approvers: [manager], decide_within: 8h, execute_within: 30m}
  - {name: replacements,   action: card.replace, quorum: 1, approvers: [manager, admin]}
  - {name: passwords,      action: card.retrieve_password, quorum: 1, approvers: [manager]}
limits:                      # sums over a window: refuse, or ask for a higher quorum
  - {action: card.top_up, per: requester, window: 24h, over: 2000.00 EUR, then: refuse}
  - {action: card.top_up, per: card,      window: 24h, over: 1000.00 EUR, then: {quorum: 2}}
routes:                      # first match wins unless `also: true`
  - {kind: transaction, when: {status: [declined, reversed]}, to: [oncall], mention: oncall}
  - {kind: transaction, when: {amount_over: 1000.00 EUR}, to: [alerts]}
  - {kind: cardholder_audited, to: [alerts]}
  - {kind: card_applied, to: [alerts]}
balance: {every: 5m, currencies: {EUR: {warn: 5000.00, critical: 1000.00}}, repeat: 4h}
"""  # noqa: E501 - as the design writes it


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigUnusable) as unusable:
        parse_config(text, name="cardops.yml")
    return unusable.value.problems


def test_the_example_of_the_design_is_taken_whole() -> None:
    config = parse_config(EXAMPLE, name="cardops.yml")

    assert set(config.roles) == {"support", "manager", "oncall", "admin"}
    assert config.same_person == (("U0LEAD", "U0LEAD2"),)
    assert [rule.name for rule in config.policy] == ["large top-ups", "top-ups", "replacements", "passwords"]
    assert config.policy[0].over == Money.read("500.00 EUR")
    assert config.policy[1].execute_within == timedelta(minutes=30)
    assert [limit.per for limit in config.limits] == [Per.REQUESTER, Per.CARD]
    assert len(config.routes) == 4
    assert config.balance.every == timedelta(minutes=5)


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_what_is_left_out_is_safe(text: str) -> None:
    config = parse_config(text, name="cardops.yml")

    assert config == Config()
    assert config.roles == {}
    with pytest.raises(NothingAllows):
        choose_rule(config.rules.rules, action="card.top_up", money=Money.read("1.00 EUR"))
    assert [recipient.to for recipient in match(config.routes, "transaction", {}).recipients] == ["alerts"]


def test_a_missing_file_is_the_safe_defaults_and_an_unreadable_one_is_refused(tmp_path: Path) -> None:
    assert read_config(tmp_path / "cardops.yml") == Config()

    (tmp_path / "cardops.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigUnusable, match="cannot be read"):
        read_config(tmp_path / "cardops.yml")
    with pytest.raises(ConfigUnusable, match="cannot be read"):
        read_config(tmp_path)


WRONG = {
    "an unknown role": ("roles:\n  supprot: {groups: [S0SUPPORT]}\n", ["supprot", "support, manager"]),
    "an unknown section": ("rules: []\n", ["line 1: rules: "]),
    "an unknown key": ("roles:\n  support: {gruops: [S0SUPPORT]}\n", ["line 2: roles.support.gruops: "]),
    "an unknown action": (
        "policy:\n  - {name: x, action: card.topup, approvers: [manager]}\n",
        ["card.topup", "card.top_up"],
    ),
    "an unknown approver": (
        "policy:\n  - {name: x, action: card.top_up, approvers: [boss]}\n",
        ["there is no role boss"],
    ),
    "nobody to approve": (
        "policy:\n  - {name: x, action: card.top_up, approvers: []}\n",
        ["line 2: policy.0: x: approvers are needed, or lifted: true where the action allows it"],
    ),
    "a quorum of nobody": (
        "policy:\n  - name: x\n    action: card.top_up\n    approvers: [manager]\n    quorum: 0\n",
        ["line 5: policy.0.quorum: "],
    ),
    "a duration without a unit": (
        "policy:\n  - {name: x, action: card.top_up, approvers: [manager], decide_within: 8}\n",
        ["line 2: policy.0.decide_within: "],
    ),
    "a duration of nothing": (
        "policy:\n  - {name: x, action: card.top_up, approvers: [manager], decide_within: 0h}\n",
        ["line 2: policy.0.decide_within: "],
    ),
    "money without a currency": (
        "limits:\n  - {action: card.top_up, per: card, window: 24h, over: 1000.00, then: refuse}\n",
        ["line 2: limits.0.over: "],
    ),
    "money with too many places": (
        "limits:\n  - {action: card.top_up, per: card, window: 24h, over: 1.001 EUR, then: refuse}\n",
        ["line 2: limits.0.over: "],
    ),
    "a limit on nobody": (
        "limits:\n  - {action: card.top_up, per: team, window: 24h, over: 1.00 EUR, then: refuse}\n",
        ["line 2: limits.0.per: "],
    ),
    "a channel by its name": ("channels:\n  alerts: '#alerts'\n", ["line 2: channels.alerts: "]),
    "no YAML": ("roles:\n  support: {groups: [S0SUPPORT\nchannels: {}\n", ["line 3: this is no YAML"]),
    "a list instead of sections": ("- roles\n", ["cardops.yml"]),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_problem_is_told_with_its_place(text: str, said: list[str]) -> None:
    (problem, *_) = problems(text)

    assert problem.startswith("cardops.yml")
    for words in said:
        assert words in problem


def test_all_problems_of_a_file_are_told_at_once() -> None:
    found = problems("channels: {alerts: x}\nbalance: {every: soon}\nroles: {support: {groups: 5}}\n")

    assert {problem.split(":")[0] for problem in found} == {f"cardops.yml, line {line}" for line in (1, 2, 3)}


def test_texts_that_look_like_numbers_or_times_stay_texts() -> None:
    text = "policy:\n  - {name: 014, action: card.top_up, over: 1_000.00 EUR, approvers: [manager]}\n"

    assert any("over" in problem for problem in problems(text))
    assert parse_config(text.replace("1_000", "1000"), name="x").policy[0].name == "014"


def test_an_alias_bomb_or_a_foreign_tag_makes_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *a]\n" for n in range(9))

    assert problems(bomb)
    assert problems("roles: !!python/object/apply:os.system [true]\n")


def test_nothing_stops_by_itself_unless_it_is_asked_for() -> None:
    assert Config().stop_when == ()
    config = parse_config("stop_when: [books_differ, trail_broken, unknown_over: 3]\n", name="cardops.yml")

    assert [(condition.cause.value, condition.stops) for condition in config.stop_when] == [
        ("books_differ", "all"),
        ("trail_broken", "all"),
        ("unknown_over", "all"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stop_when: [book_differ]", "cardops.yml, line 1: stop_when.0: there is no condition book_differ"),
        ("stop_when:\n- trail_broken\n- unknown_over: x", "cardops.yml, line 3: stop_when.1.unknown_over: "),
        ("stop_when: [unknown_over]", "stop_when.0: unknown_over needs a number"),
        ("stop_when: [trail_broken, trail_broken]", "stop_when.1: trail_broken is here twice"),
        ("stop_when: [{stops: all}]", "stop_when.0: one of books_differ, trail_broken and unknown_over is needed"),
        ("stop_when: [{unknown_over: 3, stops: cards}]", "stop_when.0.stops: "),
    ],
)
def test_a_condition_that_cannot_be_read_names_its_line_and_key(text: str, says: str) -> None:
    with pytest.raises(ConfigUnusable) as unusable:
        parse_config(text, name="cardops.yml")

    assert says in unusable.value.problems[0]
