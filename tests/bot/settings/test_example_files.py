"""The templates of `.env` and cardops.yml: valid as printed, with everything in them that can be set."""

import os
import re
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from bot.cli.main import main
from bot.settings.cardops_yml import examine_text
from bot.settings.environment import Settings, SettingsUnusable, read_settings
from bot.settings.example_files import quote, write_config, write_env
from bot.settings.reference import find_model, make_schema
from sandbox.paytend import PaytendStandIn
from tests.once import pairs

# What is commented out has no space after its sign; sentences have one.
OFF = re.compile(r"^#(?=[^ \n]|  )(?!   )", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    paytend = PaytendStandIn(seed=1, pairs=pairs())
    (tmp_path / "paytend-private.pem").write_text(paytend.partner_private_key_pem)
    (tmp_path / "paytend-public.pem").write_text(paytend.paytend_public_key_pem)
    return tmp_path


def printed(capture: pytest.CaptureFixture[str], what: str) -> str:
    capture.readouterr()
    assert main(["example", what]) == 0
    return capture.readouterr().out


def test_o15_the_template_of_env_is_valid_but_for_the_unit_that_nobody_may_guess(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    file = folder / ".env"
    file.write_text(printed(capsys, "env"))

    with pytest.raises(SettingsUnusable) as refused:
        read_settings({}, env_file=file)
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["PAYTEND_AMOUNT_UNIT"]

    file.write_text(file.read_text().replace("PAYTEND_AMOUNT_UNIT=\n", "PAYTEND_AMOUNT_UNIT=minor\n"))
    settings = read_settings({}, env_file=file)
    assert settings.SLACK_BOT_TOKEN.get_secret_value() == "xoxb-your-bot-token"
    assert settings.DATABASE_URL == "sqlite:///cardops.db"


def test_o15_each_printed_template_has_a_key_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        len({dict(re.findall(r"^(\w+)=(.*)$", printed(capsys, "env"), re.M))["CARDOPS_SECRET_KEYS"] for _ in "ab"})
        == 2
    )


def test_o15_every_setting_is_in_the_template(capsys: pytest.CaptureFixture[str]) -> None:
    names = set(re.findall(r"^#?([A-Z_]+)=", printed(capsys, "env"), re.MULTILINE))

    wanted = {name for name in Settings.model_fields if name.isupper()}
    assert {name.removesuffix("_FILE") for name in names} == wanted


def test_o15_the_template_of_cardops_yml_is_valid_as_printed(capsys: pytest.CaptureFixture[str]) -> None:
    report = examine_text(printed(capsys, "config"), name="cardops.yml")

    assert (report.problems, report.warnings) == ((), ())


def test_o15_what_is_commented_out_is_valid_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = OFF.sub("", printed(capsys, "config"))

    assert examine_text(text, name="cardops.yml").problems == ()
    assert set(yaml.safe_load(text)) == set(make_schema()["properties"])


def test_o15_every_key_of_cardops_yml_is_explained_in_the_template() -> None:
    schema, text = make_schema(), write_config()

    missing = [
        f"{name}.{key}"
        for name, section in schema["properties"].items()
        for key in (find_model(section, schema["$defs"]) or {"properties": {}})["properties"]
        if f"#   {key}: " not in text.partition(f"\n{name}:\n")[0] + text.partition(f"\n#{name}:\n")[0]
    ]
    assert missing == []


@pytest.mark.parametrize("value", ["plain", "with space", "a'b", 'a"b', "a#b", "a\\nb", "$HOME", "x=y", "`id`"])
def test_a_value_reads_back_as_it_is(tmp_path: Path, value: str) -> None:
    file = tmp_path / ".env"
    file.write_text(write_env({"CARDOPS_TEMPLATES": value}))

    assert dotenv_values(file)["CARDOPS_TEMPLATES"] == os.fspath(value)
    assert quote("") == ""
