"""The questions of `cardops init` in one table; their names are those of settings and of keys in cardops.yml."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.settings.cardops_yml import ROLES
from bot.settings.database_url import check_database_url, check_owner_url
from bot.settings.setting_forms import check_url
from commands.reading.amounts import CURRENCIES
from paytend.money_text import write_money
from paytend.written_amounts import read_written_amount, read_written_money

Check = Callable[[str], str]
MODES = ("socket", "http")
UNITS = ("minor", "major")


@dataclass(frozen=True, kw_only=True)
class SetupQuestion:
    """One question: `check` returns the answer as it is kept, or raises ValueError in words.

    `default` is taken with Enter. An `is_optional` one may stay without an answer, an `is_list` has several, and
    one that `is_secret` is never shown and takes no `--set`.
    """

    name: str
    asks: str
    explains: str = ""
    default: str = ""
    check: Check = str
    is_secret: bool = False
    is_optional: bool = False
    is_list: bool = False


def _one_of(*known: str) -> Check:
    def check(text: str) -> str:
        word = text.strip().lower()
        if word not in known:
            raise ValueError(f"write {' or '.join(known)}")
        return word

    return check


def _form(pattern: str, says: str) -> Check:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text.strip()):
            raise ValueError(says)
        return text.strip()

    return check


def _public_address(text: str) -> str:
    if not text.startswith("https://") or check_url(text).count("/") > 3:
        raise ValueError("Slack takes an address that starts with https://, without a path")
    return text.rstrip("/")


def check_money(text: str) -> str:
    """Return an amount as cardops.yml has it, such as "500.00 EUR"; raises NotMoney, a ValueError."""
    return write_money(read_written_money(text.strip()))


def check_threshold(text: str) -> str:
    """Return a whole or decimal number above 0; raises ValueError in words."""
    number = read_written_amount(text.strip())
    if number <= 0:
        raise ValueError("must be more than 0")
    return str(number)


def check_tier(text: str) -> str:
    """Return a tier as "500.00 EUR: 2"; raises ValueError in words."""
    money, _, quorum = text.rpartition(":")
    if not re.fullmatch(r" *[1-9][0-9]? *", quorum):
        raise ValueError("write an amount and how many must approve above it, such as 500.00 EUR: 2")
    return f"{check_money(money)}: {int(quorum)}"


_UNIT = """Paytend does not document in which unit amounts travel. Ask them. If they do not know, answer major and
make a trial: with major, a top-up of 1.00 EUR is sent as 1.00; if 0.01 EUR arrives on the card, the unit is minor.
Never the other way round: with minor it is sent as 100, and 100.00 EUR could arrive."""
_DATABASE = """A file of SQLite takes one process. PostgreSQL takes many, and is written
postgresql+psycopg://user:password@host/database, as a role that owns nothing."""
_TIERS = """Above an amount more people must approve, the requester never counts: 500.00 EUR: 2 asks for two above
500.00 EUR. Several with commas. Below, one is enough."""

_TABLE = (
    SetupQuestion(
        name="mode",
        asks="How does Slack reach the bot, socket or http?",
        explains="socket: the bot connects to Slack and needs no public address for it. http: Slack calls a "
        "public address of yours. Paytend's webhooks need a public address in both.",
        default="socket",
        check=_one_of(*MODES),
    ),
    SetupQuestion(
        name="url",
        asks="The public address of the bot, such as https://cards.example.com",
        explains="Your proxy passes it on to the bot; the path is added.",
        check=_public_address,
    ),
    SetupQuestion(name="SLACK_API_BASE_URL", asks="The base URL of Slack's Web API", default="", check=check_url),
    SetupQuestion(
        name="SLACK_BOT_TOKEN",
        asks="The bot's token (OAuth & Permissions, Bot User OAuth Token, xoxb-…)",
        check=_form(r"xoxb-\S+", "it begins with xoxb-"),
        is_secret=True,
    ),
    SetupQuestion(
        name="SLACK_APP_TOKEN",
        asks="The app's token (Basic Information, App-Level Tokens, xapp-…)",
        check=_form(r"xapp-\S+", "it begins with xapp-"),
        is_secret=True,
    ),
    SetupQuestion(
        name="SLACK_SIGNING_SECRET",
        asks="The signing secret (Basic Information, App Credentials)",
        check=_form(r"[^\s-]\S{7,}", "it has no spaces, and at least 8 characters"),
        is_secret=True,
    ),
    SetupQuestion(
        name="PAYTEND_BASE_URL", asks="Paytend's address, such as https://sandbox-api.paytend.com", check=check_url
    ),
    SetupQuestion(
        name="PAYTEND_PARTNER_ID",
        asks="Your partner id at Paytend, 15 digits",
        check=_form(r"\d{15}", "it has 15 digits, as Paytend assigned it"),
    ),
    SetupQuestion(
        name="PAYTEND_PRIVATE_KEY_FILE",
        asks="The file of your private key; one that is not there is made",
        default="paytend-private.pem",
    ),
    SetupQuestion(
        name="PAYTEND_PUBLIC_KEY_FILE",
        asks="The file of Paytend's public key, or the key itself in Base64",
    ),
    SetupQuestion(name="PAYTEND_AMOUNT_UNIT", asks="minor or major?", explains=_UNIT, check=_one_of(*UNITS)),
    SetupQuestion(
        name="PAYTEND_WEBHOOK_AMOUNT_UNIT",
        asks="And in webhooks, minor or major?",
        explains="Paytend's older documents give amounts of webhooks as decimals, which is major.",
        check=_one_of(*UNITS),
    ),
    SetupQuestion(
        name="DATABASE_URL",
        asks="The database of the bot; Enter takes the file cardops.db",
        explains=_DATABASE,
        default="sqlite:///cardops.db",
        check=check_database_url,
        is_secret=True,
    ),
    SetupQuestion(
        name="DATABASE_OWNER_URL",
        asks="The same database, as the role that owns the tables and migrates",
        check=check_owner_url,
        is_secret=True,
    ),
    SetupQuestion(name="channels.approvals", asks="The channel where requests are approved"),
    SetupQuestion(name="channels.alerts", asks="The channel for notices"),
    SetupQuestion(name="channels.oncall", asks="The channel for what is urgent", is_optional=True),
    SetupQuestion(
        name="channels.audit",
        asks="The channel for the head of the trail",
        explains="Once a day the bot posts there what proves the trail; best a private channel of auditors.",
        is_optional=True,
    ),
    SetupQuestion(name="roles.support", asks="Who asks for top-ups and looks at cards (support)", is_list=True),
    SetupQuestion(name="roles.manager", asks="Who approves (manager)", is_list=True),
    SetupQuestion(name="roles.oncall", asks="Who is on call (oncall)", is_list=True, is_optional=True),
    SetupQuestion(name="roles.admin", asks="Who settles what is unclear (admin)", is_list=True),
    SetupQuestion(
        name="approvers",
        asks=f"Which roles may approve, of {', '.join(ROLES)}",
        default="manager",
        check=_one_of(*ROLES),
        is_list=True,
    ),
    SetupQuestion(
        name="currencies",
        asks=f"The currencies of the programme, of {', '.join(CURRENCIES)}",
        default="EUR",
        check=lambda text: _one_of(*map(str.lower, CURRENCIES))(text).upper(),
        is_list=True,
    ),
    SetupQuestion(
        name="tiers",
        asks="Above which amounts must more than one approve?",
        explains=_TIERS,
        default="500.00 EUR: 2",
        check=check_tier,
        is_list=True,
        is_optional=True,
    ),
    SetupQuestion(
        name="limits.requester",
        asks="How much may one person ask for within 24 hours?",
        explains="What goes above it is refused.",
        default="2000.00 EUR",
        check=check_money,
        is_optional=True,
    ),
    SetupQuestion(
        name="limits.card",
        asks="Above how much on one card within 24 hours must two approve?",
        default="1000.00 EUR",
        check=check_money,
        is_optional=True,
    ),
    SetupQuestion(
        name="open_channels",
        asks="Which channels may be read by whom else, such as card-alerts:public, card-alerts:guests",
        is_list=True,
        is_optional=True,
    ),
)
QUESTIONS: Mapping[str, SetupQuestion] = MappingProxyType({question.name: question for question in _TABLE})
LEVELS = {"warn": "5000.00", "critical": "1000.00"}


SWITCHES = ("mode", "url")  # answers that are no setting and not in cardops.yml


def find_question(name: str) -> SetupQuestion | None:
    """Return the question with this name, also those of each currency; None if there is none."""
    found = re.fullmatch(r"balance\.([A-Z]{3,4})\.(warn|critical)", name)
    if found is None:
        return QUESTIONS.get(name)
    currency, level = found.groups()
    how = "a notice" if level == "warn" else "an urgent notice"
    return SetupQuestion(
        name=name,
        asks=f"Below how many {currency} on the partner account is there {how}?",
        default=LEVELS[level],
        check=check_threshold,
    )
