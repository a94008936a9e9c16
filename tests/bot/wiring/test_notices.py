"""Who hears of what the bot cannot tell."""

import pytest

from bot.settings.cardops_yml import parse_config
from bot.wiring.notices import find_admins


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roles: {admin: {people: [U0ALEX]}}\nchannels: {audit: C0AUDIT}", ("U0ALEX",)),
        ("roles: {admin: {groups: [S0ADMINS]}}\nchannels: {audit: C0AUDIT, alerts: C0ALERTS}", ("C0AUDIT",)),
        ("channels: {alerts: C0ALERTS, approvals: C0APPROVALS}", ("C0ALERTS",)),
        ("channels: {approvals: C0APPROVALS}", ("C0APPROVALS",)),
        ("", ()),
    ],
)
def test_trouble_is_told_to_admins_by_name_else_in_a_channel(text: str, told: tuple[str, ...]) -> None:
    assert find_admins(parse_config(text, name="cardops.yml")) == told
