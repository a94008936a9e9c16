"""Settings: read once, every problem told at once, and no value ever shown."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.settings.environment import Settings, SettingsUnusable, read_settings
from paytend import AmountUnit, AmountUnits

KEY = generate_private_key(public_exponent=65537, key_size=1024)
PRIVATE_DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PRIVATE_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-very-secret",
    "SLACK_SIGNING_SECRET": "signing-very-secret",
    "PAYTEND_BASE_URL": "https://sandbox-api.paytend.com",
    "PAYTEND_PARTNER_ID": "200000000000001",
    "PAYTEND_PRIVATE_KEY": PRIVATE_PEM,
    "PAYTEND_PUBLIC_KEY": PUBLIC_PEM,
    "PAYTEND_AMOUNT_UNIT": "minor",
    "CARDOPS_SECRET_KEYS": base64.b64encode(b"k" * 32).decode(),
}
NOWHERE = Path("/nowhere/.env")


def read(**changes: str | None) -> Settings:
    merged = {**GOOD, **changes}
    return read_settings({name: value for name, value in merged.items() if value is not None}, env_file=NOWHERE)


def problems(**changes: str | None) -> list[str]:
    with pytest.raises(SettingsUnusable) as unusable:
        read(**changes)
    return unusable.value.problems


def same_key(one: RSAPrivateKey, other: RSAPrivateKey) -> bool:
    return one.private_numbers() == other.private_numbers()


def test_the_least_that_is_needed_gives_the_documented_defaults() -> None:
    settings = read()

    assert settings.DATABASE_URL == "sqlite:///cardops.db"
    assert settings.listen == ("127.0.0.1", 3000)
    assert settings.PAYTEND_TIMEZONE == "Europe/Vilnius"
    assert settings.SLACK_API_BASE_URL == "https://slack.com/api/"
    assert settings.CARDOPS_CONFIG.name == "cardops.yml"
    assert settings.CARDOPS_LOG_FORMAT == "console"
    assert not settings.socket_mode


def test_with_no_settings_at_all_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsUnusable) as unusable:
        read_settings({}, env_file=NOWHERE)

    named = {problem.split(":")[0] for problem in unusable.value.problems}
    assert named >= set(GOOD)
    assert all("is missing" in problem for problem in unusable.value.problems)


def test_wrong_values_are_all_told_at_once_and_none_is_shown() -> None:
    secret = "T0P-5ECRET"
    found = problems(
        PAYTEND_PARTNER_ID=secret,
        PAYTEND_AMOUNT_UNIT=secret,
        PAYTEND_BASE_URL=f"ftp://{secret}",
        PAYTEND_TIMEZONE=secret,
        PAYTEND_TIMEOUT_SECONDS=secret,
        DATABASE_URL=f"mysql://{secret}",
        CARDOPS_SECRET_KEYS=secret,
        CARDOPS_LISTEN=f"{secret} {secret}",
        CARDOPS_LOG_FORMAT=secret,
        CARDOPS_RETENTION_DAYS=secret,
        SLACK_API_BASE_URL=secret,
        SLACK_TIMEOUT_SECONDS=secret,
        PAYTEND_PATH_TOPUP=secret,
        PAYTEND_PATH_NOTHING="/x",
    )

    named = [problem.split(":")[0] for problem in found]
    assert len(named) == 14
    assert named == sorted(set(named))
    assert secret not in "\n".join(found)


def test_an_unusable_key_is_told_without_the_key() -> None:
    found = problems(PAYTEND_PRIVATE_KEY="TUlJ-not-a-key")

    assert len(found) == 1
    assert "PAYTEND_PRIVATE_KEY" in found[0]
    assert "TUlJ" not in found[0]


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(read()) + str(read())

    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "PAYTEND_PRIVATE_KEY", "CARDOPS_SECRET_KEYS"):
        assert GOOD[name] not in shown
    assert "kkkkkkkk" not in shown


@pytest.mark.parametrize("form", ["PEM", "Base64", "Base64 in lines"])
def test_keys_come_as_pem_or_as_bare_base64(form: str) -> None:
    private, public = PRIVATE_PEM, PUBLIC_PEM
    if form != "PEM":
        private, public = base64.b64encode(PRIVATE_DER).decode(), base64.b64encode(PUBLIC_DER).decode()
    if form == "Base64 in lines":
        private = "\n".join(private[at : at + 64] for at in range(0, len(private), 64))

    keys = read(PAYTEND_PRIVATE_KEY=private, PAYTEND_PUBLIC_KEY=public).paytend_keys

    assert same_key(keys.private, KEY)
    assert keys.public[0].public_numbers() == KEY.public_key().public_numbers()


def test_keys_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "private.pem").write_text(PRIVATE_PEM)
    (tmp_path / "public.pem").write_text(PUBLIC_PEM)

    settings = read(
        PAYTEND_PRIVATE_KEY=None,
        PAYTEND_PUBLIC_KEY=None,
        PAYTEND_PRIVATE_KEY_FILE=str(tmp_path / "private.pem"),
        PAYTEND_PUBLIC_KEY_FILE=str(tmp_path / "public.pem"),
    )

    assert same_key(settings.paytend_keys.private, KEY)


def test_a_key_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    found = problems(PAYTEND_PRIVATE_KEY=None, PAYTEND_PRIVATE_KEY_FILE=str(tmp_path / "missing.pem"))

    assert any(problem.startswith("PAYTEND_PRIVATE_KEY_FILE: the file cannot be read") for problem in found)
    assert not any("is missing." in problem for problem in found)


def test_paths_are_overridden_by_the_name_of_the_operation() -> None:
    settings = read(PAYTEND_PATH_TOPUP="/v2/topup", PAYTEND_PATH_GET_CARD_INFO="/v2/card")

    assert settings.paths == {"topup": "/v2/topup", "getCardInfo": "/v2/card"}


@pytest.mark.parametrize("name", ["PAYTEND_BASE_URL", "SLACK_API_BASE_URL"])
@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://api.example.com", True),
        ("http://127.0.0.1:8001", True),
        ("http://localhost:8001/api/", True),
        ("http://[::1]:8001", True),
        ("http://api.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://169.254.169.254/", False),
        ("http://127.0.0.1@example.com", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("", True),
    ],
)
def test_a29_http_is_for_this_machine_only(name: str, url: str, fine: bool) -> None:
    if not url and name == "PAYTEND_BASE_URL":
        assert "is missing" in problems(**{name: url})[0]
    elif fine:
        assert getattr(read(**{name: url}), name) == (url or "https://slack.com/api/")
    else:
        assert [problem.split(":")[0] for problem in problems(**{name: url})] == [name]


def test_one_of_the_two_ways_to_slack_is_needed() -> None:
    (problem,) = problems(SLACK_SIGNING_SECRET=None)

    assert "SLACK_SIGNING_SECRET" in problem
    assert "SLACK_APP_TOKEN" in problem
    assert read(SLACK_SIGNING_SECRET=None, SLACK_APP_TOKEN="xapp-1").socket_mode


@pytest.mark.parametrize(
    ("listen", "address"),
    [("10.0.0.1:80", ("10.0.0.1", 80)), ("[::1]:3000", ("::1", 3000)), ("localhost:0", ("localhost", 0))],
)
def test_the_address_to_listen_on_is_host_and_port(listen: str, address: tuple[str, int]) -> None:
    assert read(CARDOPS_LISTEN=listen).listen == address


@pytest.mark.parametrize("listen", ["3000", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:x", ":3000"])
def test_other_addresses_are_refused(listen: str) -> None:
    assert "must be host:port" in problems(CARDOPS_LISTEN=listen)[0]


def test_s6_the_public_address_is_one_of_https_without_a_path() -> None:
    assert (
        read(CARDOPS_PUBLIC_URL="https://cardops.example.com/").CARDOPS_PUBLIC_URL == "https://cardops.example.com"
    )
    assert read(CARDOPS_PUBLIC_URL="http://127.0.0.1:3000").CARDOPS_PUBLIC_URL == "http://127.0.0.1:3000"
    assert read().CARDOPS_PUBLIC_URL == ""
    for wrong in (
        "http://cardops.example.com",
        "https://x.example.com/cards",
        "https://me@x.example.com",
        "cards",
    ):
        assert problems(CARDOPS_PUBLIC_URL=wrong)[0].startswith("CARDOPS_PUBLIC_URL: must be")


@pytest.mark.parametrize("keys", ["c2hvcnQ=", "not base64!", base64.b64encode(b"k" * 31).decode()])
def test_secret_keys_of_another_size_are_refused(keys: str) -> None:
    (problem,) = problems(CARDOPS_SECRET_KEYS=keys)

    assert problem.startswith("CARDOPS_SECRET_KEYS: ")
    assert keys not in problem


def test_several_secret_keys_are_taken_in_order() -> None:
    text = ", ".join(base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))

    assert read(CARDOPS_SECRET_KEYS=text).CARDOPS_SECRET_KEYS == (b"a" * 32, b"b" * 32)


def test_a_wrong_key_is_told_beside_what_is_missing() -> None:
    with pytest.raises(SettingsUnusable) as unusable:
        read_settings({"PAYTEND_PRIVATE_KEY": "no key"}, env_file=NOWHERE)

    assert any(problem.startswith("PAYTEND_PRIVATE_KEY: The private key") for problem in unusable.value.problems)
    assert any(problem.startswith("SLACK_BOT_TOKEN: is missing") for problem in unusable.value.problems)


def test_the_environment_goes_before_the_file_and_an_empty_value_is_none(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "".join(f'{name}="{value}"\n' for name, value in GOOD.items()) + "CARDOPS_LISTEN=127.0.0.1:1\n"
    )

    settings = read_settings({"CARDOPS_LISTEN": "127.0.0.1:2", "SLACK_TEAM_ID": " "}, env_file=file)

    assert settings.listen[1] == 2
    assert settings.SLACK_TEAM_ID is None
    assert same_key(settings.paytend_keys.private, KEY)


def test_n17_webhooks_have_a_unit_of_their_own_or_that_of_calls() -> None:
    both = {"PAYTEND_AMOUNT_UNIT": "minor", "PAYTEND_WEBHOOK_AMOUNT_UNIT": "major"}
    assert read(**both).amount_units == AmountUnits(calls=AmountUnit.MINOR, webhooks=AmountUnit.MAJOR)
    assert read(PAYTEND_AMOUNT_UNIT="major").amount_units.webhooks is AmountUnit.MAJOR
