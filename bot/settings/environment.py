"""Settings from the environment or `.env`: read once, all problems reported together, and no value shown."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from bot.settings.database_url import check_database_url, check_owner_url
from bot.settings.env_file import find_unknown, read_env_file
from bot.settings.private_files import list_private_files
from bot.settings.problem_words import say_problem
from bot.settings.setting_forms import (
    check_listen,
    check_networks,
    check_public_url,
    check_timezone,
    check_url,
    read_secret_keys,
    read_signing_seed,
)
from paytend import OPERATIONS, AmountUnit, AmountUnits, Keys, KeyUnusable, load_private_key, load_public_keys
from storage.signing import SigningKey

SLACK_API = "https://slack.com/api/"
_UNREAD = "unread"  # in place of a key whose file cannot be read: that problem is already reported
_PATH = "PAYTEND_PATH_"
_OURS = ("SLACK_", "PAYTEND_", "CARDOPS_", "DATABASE_")
_KEY_FILES = ("PAYTEND_PRIVATE_KEY_FILE", "PAYTEND_PUBLIC_KEY_FILE")


class SettingsUnusable(Exception):
    """The settings cannot be used; `problems` lists what is wrong, without any value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


Url = Annotated[str, AfterValidator(check_url)]
SecretKeys = Annotated[tuple[bytes, ...], BeforeValidator(read_secret_keys)]
SigningSeed = Annotated[bytes, BeforeValidator(read_signing_seed)]


class Settings(BaseModel):
    """Everything that an operator sets for this installation, except cardops.yml."""

    # Without `hide_input_in_errors` pydantic prints the wrong value, which may be a secret.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, str_strip_whitespace=True)

    SLACK_BOT_TOKEN: SecretStr = Field(min_length=1, description="The bot's token, xoxb-…")
    SLACK_SIGNING_SECRET: SecretStr | None = Field(
        default=None, description="Verifies Slack's signatures (HTTP mode)."
    )
    SLACK_APP_TOKEN: SecretStr | None = Field(default=None, description="Token xapp-…; selects Socket Mode.")
    SLACK_API_BASE_URL: Url = Field(default=SLACK_API, description="Base URL of Slack's Web API.")
    SLACK_TEAM_ID: str | None = Field(
        default=None, pattern=r"^[TE][A-Z0-9]+$", description="The one workspace; by default the token's."
    )
    SLACK_TIMEOUT_SECONDS: int = Field(default=10, ge=1, le=60, description="How long to wait for Slack.")
    PAYTEND_BASE_URL: Url = Field(description="Base URL of Paytend, such as https://sandbox-api.paytend.com")
    PAYTEND_PARTNER_ID: str = Field(pattern=r"^\d{15}$", description="15 digits, assigned by Paytend.")
    PAYTEND_PRIVATE_KEY: SecretStr = Field(
        min_length=1, description="Our key: PEM, or Base64 of PKCS#8; or …_FILE."
    )
    PAYTEND_PUBLIC_KEY: SecretStr = Field(
        min_length=1, description="Paytend's key: PEM, or Base64 of SPKI; or …_FILE."
    )
    # No default: Paytend does not document the unit, and a wrong guess moves a hundred times too much.
    PAYTEND_AMOUNT_UNIT: AmountUnit = Field(description="minor (1100 = 11.00 EUR) or major; ask Paytend which.")
    PAYTEND_WEBHOOK_AMOUNT_UNIT: AmountUnit | None = Field(
        default=None, description="The same for webhooks; by default as PAYTEND_AMOUNT_UNIT. Ask Paytend."
    )
    PAYTEND_TIMEZONE: Annotated[str, AfterValidator(check_timezone)] = Field(
        default="Europe/Vilnius", description="Time zone of Paytend's dates."
    )
    PAYTEND_TIMEOUT_SECONDS: float = Field(default=30.0, gt=0, le=120, description="How long to wait for Paytend.")
    DATABASE_URL: Annotated[str, AfterValidator(check_database_url)] = Field(
        default="sqlite:///cardops.db", description="sqlite:///file or postgresql+psycopg://…"
    )
    DATABASE_OWNER_URL: Annotated[str, AfterValidator(check_owner_url)] = Field(
        default="",
        repr=False,
        description="PostgreSQL: who owns the tables and migrates; by default DATABASE_URL. The bot needs it not.",
    )
    CARDOPS_SECRET_KEYS: SecretKeys = Field(
        min_length=1,
        repr=False,
        description="32 bytes each in Base64, comma-separated; the first encrypts, all decrypt.",
    )
    CARDOPS_AUDIT_KEYS: SecretKeys = Field(
        default=(),
        repr=False,
        description="Sign the trail and decisions, the first newest; by default made from the last secret key.",
    )
    CARDOPS_EVIDENCE_KEY: SigningSeed | None = Field(
        default=None,
        repr=False,
        description="Signs evidence, exports and heads of the trail; made by cardops keys new --evidence.",
    )
    CARDOPS_CONFIG: Path = Field(default=Path("cardops.yml"), description="Roles, policy, routes and channels.")
    CARDOPS_TEMPLATES: Path | None = Field(default=None, description="Folder with your own notice templates.")
    CARDOPS_LISTEN: Annotated[str, AfterValidator(check_listen)] = Field(
        default="127.0.0.1:3000", description="Address and port of the web edge."
    )
    CARDOPS_PUBLIC_URL: Annotated[str, AfterValidator(check_public_url)] = Field(
        default="",
        description="Where browsers reach our own pages, such as https://cardops.example.com; none without.",
    )
    CARDOPS_TRUSTED_PROXIES: Annotated[str, AfterValidator(check_networks)] = Field(
        default="",
        description="Proxies whose X-Forwarded-For says who sends: addresses or networks, with commas.",
    )
    CARDOPS_LOG_FORMAT: Literal["console", "json"] = Field(default="console", description="console or json.")
    CARDOPS_RETENTION_DAYS: int = Field(default=400, ge=1, description="Age at which stored contents are removed.")
    paths: Mapping[str, str] = Field(default_factory=dict, description="Overridden paths by operation.")

    @property
    def amount_units(self) -> AmountUnits:
        """The units in which amounts travel, by direction."""
        calls = self.PAYTEND_AMOUNT_UNIT
        return AmountUnits(calls=calls, webhooks=self.PAYTEND_WEBHOOK_AMOUNT_UNIT or calls)

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode."""
        return self.SLACK_APP_TOKEN is not None

    @property
    def listen(self) -> tuple[str, int]:
        """Host and port of the web edge."""
        host, _, port = self.CARDOPS_LISTEN.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def evidence_key(self) -> SigningKey | None:
        """What signs evidence; None where no key is set."""
        return None if self.CARDOPS_EVIDENCE_KEY is None else SigningKey(self.CARDOPS_EVIDENCE_KEY)

    @cached_property
    def paytend_keys(self) -> Keys:
        """The keys of both sides, loaded; raises KeyUnusable."""
        return Keys(
            private=load_private_key(self.PAYTEND_PRIVATE_KEY.get_secret_value()),
            public=load_public_keys(self.PAYTEND_PUBLIC_KEY.get_secret_value()),
        )


_NAMES = [name for name in Settings.model_fields if name.isupper()]


def read_own_settings() -> Settings:
    """Return the settings of this process: its environment over `.env`; raises SettingsUnusable."""
    return read_settings(os.environ, env_file=Path(".env"))


def find_config() -> tuple[Path, bool]:
    """Return where cardops.yml is, for commands that need no other setting, and whether a setting names it."""
    named = os.environ.get("CARDOPS_CONFIG", "").strip()
    named = named or read_env_file(Path(".env")).values.get("CARDOPS_CONFIG", "").strip()
    return Path(named or "cardops.yml"), bool(named)


def read_environment() -> dict[str, str]:
    """Return the environment of this process."""
    return dict(os.environ)


def list_set_values() -> dict[str, str]:
    """Return what is set for us in the environment and in `.env`, by name, whether it can be used or not."""
    found = {**read_env_file(Path(".env")).values, **read_environment()}
    return {name: value.strip() for name, value in found.items() if name.startswith(_OURS) and value.strip()}


def find_log_format() -> Literal["console", "json"]:
    """Return how to log before the settings are read, which may not be usable: JSON only if that is set."""
    named = os.environ.get("CARDOPS_LOG_FORMAT", "").strip()
    named = named or read_env_file(Path(".env")).values.get("CARDOPS_LOG_FORMAT", "").strip()
    return "json" if named == "json" else "console"


def read_settings(environment: Mapping[str, str], *, env_file: Path) -> Settings:
    """Return the settings of the environment, over those of the file; raises SettingsUnusable."""
    file = read_env_file(env_file)
    found: dict[str, Any] = {**file.values, **environment}
    # An empty value is as good as none: deployment tools often set every name they know.
    found = {name: value for name, value in found.items() if value.strip()}
    problems = [*file.problems, *find_unknown(file, known=[*_NAMES, *_KEY_FILES], prefixes=_OURS, but=_PATH)]
    problems += _read_key_files(found) + _read_paths(found) + _check_keys(found) + _check_edge(found)
    problems += _check_tokens(found)
    settings = None
    try:
        settings = Settings.model_validate(found)
    except ValidationError as error:
        problems += [_say(problem) for problem in error.errors(include_input=False, include_url=False)]
    if problems or settings is None:
        raise SettingsUnusable(sorted(problems))
    return settings


def _check_tokens(found: Mapping[str, Any]) -> list[str]:
    """Check that each token is of its kind: Slack answers a wrong one with `invalid_auth` only."""
    kinds = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
    return [
        f"{name}: it begins with {kind}; this is another token, or not a token"
        for name, kind in kinds.items()
        if name in found and not str(found[name]).strip().startswith(kind)
    ]


def _check_edge(found: Mapping[str, Any]) -> list[str]:
    """Check that there is a way for Slack to reach the bot: HTTP needs one secret, Socket Mode another."""
    if "SLACK_APP_TOKEN" in found or "SLACK_SIGNING_SECRET" in found:
        return []
    return ["SLACK_SIGNING_SECRET: is missing. HTTP mode needs it; Socket Mode needs SLACK_APP_TOKEN instead."]


def _check_keys(found: Mapping[str, Any]) -> list[str]:
    """Load each key that is set, so that a wrong one is reported together with all other problems."""
    loads: dict[str, Callable[[str], object]] = {
        "PAYTEND_PRIVATE_KEY": load_private_key,
        "PAYTEND_PUBLIC_KEY": load_public_keys,
    }
    problems = []
    for name, load in loads.items():
        try:
            if found.get(name, _UNREAD) != _UNREAD:
                load(str(found[name]))
        except KeyUnusable as error:
            problems.append(f"{name}: {error}")
    return problems


def _read_key_files(found: dict[str, Any]) -> list[str]:
    problems = []
    for setting in _KEY_FILES:
        name = setting.removesuffix("_FILE")
        if path := found.get(setting):
            try:
                found.setdefault(name, Path(path).read_text())
            except (OSError, UnicodeDecodeError) as error:
                found.setdefault(name, _UNREAD)
                problems.append(f"{name}_FILE: the file cannot be read ({type(error).__name__})")
    return problems


def _read_paths(found: dict[str, Any]) -> list[str]:
    """Read PAYTEND_PATH_<OPERATION>: the operation's name in capitals, with or without underscores."""
    known = {operation.name.upper(): operation.name for operation in OPERATIONS}
    paths, problems = {}, []
    for name in [name for name in found if name.startswith(_PATH)]:
        operation = known.get(name.removeprefix(_PATH).replace("_", "").upper())
        if operation is None:
            problems.append(f"{name}: there is no such operation; there are: {', '.join(sorted(known))}")
        elif not found[name].startswith("/"):
            problems.append(f"{name}: a path starts with /")
        else:
            paths[operation] = found[name]
    found["paths"] = paths
    return problems


_FORMS = {
    "PAYTEND_PARTNER_ID": "it has 15 digits, as Paytend assigned it",
    "SLACK_TEAM_ID": "a workspace's id is needed, such as T0123ABCD; it is in the address of Slack in a browser",
    "CARDOPS_SECRET_KEYS": "it is empty; make a key with: cardops keys new",
}


def _say(problem: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"][:1])
    if problem["type"] == "missing":
        return f"{name}: is missing. {Settings.model_fields[name].description}"
    if name in _FORMS and problem["type"] != "value_error":
        return f"{name}: {_FORMS[name]}"
    return f"{name}: {say_problem(problem)}"


def list_own_private_files(settings: Settings) -> tuple[Path, ...]:
    """Return the files of this process that nobody else on the machine may read."""
    return list_private_files(settings.DATABASE_URL, {**read_env_file(Path(".env")).values, **os.environ})


def read_sudo_uid() -> int:
    """Return the number of the account that called sudo, 0 without one."""
    return int(os.environ.get("SUDO_UID", "0"))
