"""`cardops support-bundle`: everything that helps, nothing that must not leave the machine."""

import stat
from pathlib import Path

import pytest

from tests.bot.cli.conftest import Operator

SECRET_LINE = (
    '{"event": "slack.refused", "token": "xoxb-1-of-another", "body": "a=b", "seconds": 3, '
    '"says": "card 4111 1111 1111 1111"}'
)


@pytest.fixture
def bundled(small: Operator) -> str:
    log = small.folder / "bot.log"
    log.write_text(f"an old line\n{SECRET_LINE}\nnot JSON, xoxb-2-of-another and 4111111111111111\n" + "x\n" * 298)
    status, out, err = small.types(
        "support-bundle", "--to", "bundle.txt", "--log", "bot.log", SLACK_TEAM_ID="T0LONGNAME"
    )
    assert status == 0, err
    assert "read it before you send it" in out
    assert stat.S_IMODE((small.folder / "bundle.txt").stat().st_mode) == 0o600
    return (small.folder / "bundle.txt").read_text()


def test_o15_it_has_versions_settings_the_doctor_and_the_log(bundled: str) -> None:
    for words in (
        "slack-sdk ",
        "\nSLACK_BOT_TOKEN\n",
        "PAYTEND_AMOUNT_UNIT=minor",
        "wrong paytend",
        "no bot answers here",
        '"seconds": 3',
        "not JSON",
    ):
        assert words in bundled, words
    assert "an old line" not in bundled, "it has the last 300 lines"


def test_o15_it_has_no_value_of_a_setting_no_token_and_no_card_number(bundled: str, small: Operator) -> None:
    shown = {"PAYTEND_AMOUNT_UNIT", "PAYTEND_WEBHOOK_AMOUNT_UNIT"}
    values = {name: value for name, value in small.environment.items() if len(value) >= 6 and name not in shown}

    assert [name for name, value in values.items() if value in bundled] == []
    for words in ("of-another", "4111 1111", "41111111", "T0LONGNAME", "PRIVATE KEY", '"a=b"'):
        assert words not in bundled


def test_o15_settings_that_cannot_be_used_do_not_keep_it_from_being_written(
    small: Operator, tmp_path: Path
) -> None:
    status, _, _ = small.types(
        "support-bundle", "--to", "broken.txt", PAYTEND_PARTNER_ID="12", CARDOPS_LISTEN="nowhere"
    )

    text = (tmp_path / "broken.txt").read_text()
    assert status == 0
    assert "PAYTEND_PARTNER_ID: it has 15 digits" in text
    assert "not asked: the settings cannot be used" in text
    assert small.types("support-bundle", "--to", "broken.txt")[0] == 2
