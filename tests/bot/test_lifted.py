"""Lifting the second person: where policy may, and where nobody can."""

import pytest

from approvals.actions.table import ACTIONS
from bot.settings.cardops_yml import ConfigUnusable, parse_config

RULE = "policy:\n  - {{name: alone, action: {action}, {more}}}\n"


@pytest.mark.parametrize("action", ACTIONS)
def test_only_some_actions_can_be_lifted(action: str) -> None:
    text = RULE.format(action=action, more="lifted: true")
    if not ACTIONS[action].always:
        assert parse_config(text, name="cardops.yml").policy[0].lifted
        return
    with pytest.raises(ConfigUnusable, match="always needs a second person"):
        parse_config(text, name="cardops.yml")


def test_top_up_replacement_and_password_are_never_lifted() -> None:
    assert all(ACTIONS[name].always for name in ("card.top_up", "card.replace", "card.retrieve_password"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("lifted: true, approvers: [manager]", "no approvers"),
        ("lifted: true, quorum: 2", "no approvers"),
        ("approvers: []", "approvers are needed"),
        ("quorum: 1", "approvers are needed"),
        ("approvers: [manager], quorum: 0", "it must be 1 or more"),
    ],
)
def test_nothing_else_lifts_it(more: str, says: str) -> None:
    with pytest.raises(ConfigUnusable, match=says):
        parse_config(RULE.format(action="card.activate", more=more), name="cardops.yml")
