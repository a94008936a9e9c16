"""The steps of `cardops init`, in their order: each asks, tries at once, and keeps what was found."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from bot.doctor.audience import find_readers
from bot.guided_setup import config_answers
from bot.guided_setup.database_trial import RolesMissing, bring_up, choose_key
from bot.guided_setup.desk import SetupDesk
from bot.guided_setup.dialogue import AnswersUnusable
from bot.guided_setup.options import pick
from bot.guided_setup.paytend_keys import find_or_make_private, take_public, write_public_half
from bot.guided_setup.slack_trials import make_trial
from bot.settings.cardops_yml import ROLES, Audience
from bot.settings.environment import SLACK_API

READERS = "readers."  # of a channel that others can read: the kinds that are intended
MANIFEST = "slack-app-manifest.yml"
_APP = """
1. Open https://api.slack.com/apps, click *Create New App*, *From a manifest*, and choose your workspace.
2. Choose YAML and paste the whole of {manifest}. Click *Next*, read what the app may do, *Create*.
3. Click *Install to Workspace*, *Allow*.
4. *OAuth & Permissions* shows the *Bot User OAuth Token*. It begins with xoxb-."""
_SOCKET = """5. *Basic Information*, *App-Level Tokens*: click *Generate Token and Scopes*, add
   connections:write. It begins with xapp-."""
_HTTP = """5. *Basic Information*, *App Credentials* shows the *Signing Secret*. Slack cannot be asked
   whether it is right: once the bot runs, *Event Subscriptions* says *Verified* beside the request URL (click
   *Retry* there)."""


def set_up_slack(desk: SetupDesk) -> None:
    """Choose how Slack reaches the bot, write the manifest, and try the tokens."""
    is_socket = desk.ask("mode") == "socket"
    url = None if is_socket else desk.ask("url")
    path = desk.folder / MANIFEST
    path.write_text(desk.write_manifest(url, is_socket), encoding="utf-8")
    if desk.answers.find("SLACK_BOT_TOKEN") is None or desk.dialogue.is_asked:
        desk.dialogue.say(f"The manifest of the Slack app is in {path}.")
        desk.dialogue.say(_APP.format(manifest=MANIFEST) + "\n" + (_SOCKET if is_socket else _HTTP))
    if "SLACK_API_BASE_URL" in desk.dialogue.given:
        desk.ask("SLACK_API_BASE_URL")
    base_url = desk.find("SLACK_API_BASE_URL") or SLACK_API

    def try_bot(token: str) -> str:
        who = make_trial(token=token, base_url=base_url).say_who(desk.scopes)
        desk.dialogue.say(f"Slack takes the token: {who}.")
        return token

    def try_app(token: str) -> str:
        make_trial(token="", base_url=base_url).try_app_token(token)
        desk.dialogue.say("Slack opens Socket Mode with the app's token.")
        return token

    desk.ask("SLACK_BOT_TOKEN", try_bot)
    if is_socket:
        desk.ask("SLACK_APP_TOKEN", try_app)
    else:
        desk.answers.keep_settings({"SLACK_APP_TOKEN": ""})  # with one, the bot would use Socket Mode
        desk.ask("SLACK_SIGNING_SECRET")


def set_up_paytend(desk: SetupDesk) -> None:
    """Ask for Paytend's side, and make or read the keys."""
    desk.ask("PAYTEND_BASE_URL")
    desk.ask("PAYTEND_PARTNER_ID")

    def try_private(name: str) -> str:
        path = desk.folder / name
        if find_or_make_private(path):
            desk.dialogue.say(f"A new private key is in {path}. Keep it apart from backups; nobody needs a copy.")
            desk.dialogue.say(f"Give Paytend the public half:\n\n{write_public_half(path)}")
        return name

    if not desk.has_key("PAYTEND_PRIVATE_KEY"):
        desk.ask("PAYTEND_PRIVATE_KEY_FILE", try_private)
    if not desk.has_key("PAYTEND_PUBLIC_KEY"):
        desk.ask("PAYTEND_PUBLIC_KEY_FILE", lambda text: take_public(text, folder=desk.folder))
    if url := desk.answers.find("url"):
        desk.dialogue.say(f"Give Paytend {url}/paytend/webhook as the callback.")


def set_up_amounts(desk: SetupDesk) -> None:
    """Ask for the units of amounts."""
    desk.ask("PAYTEND_AMOUNT_UNIT")
    desk.ask("PAYTEND_WEBHOOK_AMOUNT_UNIT")


def set_up_database(desk: SetupDesk) -> None:
    """Bring the database up, with a key of its own."""
    url = desk.ask("DATABASE_URL")
    owner_url = "" if url.startswith("sqlite") else desk.ask("DATABASE_OWNER_URL")
    try:
        bring_up(url, owner_url=owner_url)
    except RolesMissing as missing:
        path = desk.folder / "cardops-roles.sql"
        path.write_text(missing.sql, encoding="utf-8")
        how = f"The roles cannot be used yet ({missing}). An administrator of the server runs {path}"
        if desk.dialogue.terminal is None:
            raise AnswersUnusable([f"DATABASE_URL: {how}"]) from missing
        desk.dialogue.say(f"{how}.")
        desk.dialogue.wait("Press Enter when that is done.")
        _bring_up_again(url, owner_url)
    except ValueError as error:
        raise AnswersUnusable([f"DATABASE_URL: {error}"]) from error
    desk.answers.keep("CARDOPS_SECRET_KEYS", choose_key(url, desk.find("CARDOPS_SECRET_KEYS")))
    desk.dialogue.say("The database is there and has all its tables.")


def _bring_up_again(url: str, owner_url: str) -> None:
    try:
        bring_up(url, owner_url=owner_url)
    except (RolesMissing, ValueError) as error:
        raise AnswersUnusable([f"DATABASE_URL: {error}"]) from error


def choose_channels(desk: SetupDesk) -> None:
    """Have the channels chosen of those that Slack lists, and settle who else may read them."""
    names = [f"channels.{name}" for name in config_answers.CHANNELS]
    before = [desk.answers.find(name) for name in names]
    for name in names:
        desk.choose(name, lambda: desk.channels)
    chosen = [desk.find(name) for name in names]
    if chosen != before or desk.answers.find("open_channels") is None:
        outside = [each.label for each in desk.channels if each.id in chosen and "not in it" in each.says]
        if outside:
            desk.dialogue.say(f"Invite the bot: type /invite @cardops in {', '.join(outside)}.")
            desk.dialogue.wait("Press Enter when that is done.")
        if desk.dialogue.terminal and "open_channels" not in desk.dialogue.given:
            desk.answers.keep(
                "open_channels", ",".join(_confirm_readers(desk, dict.fromkeys(filter(None, chosen))))
            )
    desk.ask("open_channels", lambda text: _find_open(desk, text))


def _confirm_readers(desk: SetupDesk, channels: Iterable[str]) -> Iterator[str]:
    """Ask of each channel that others can read whether that is intended."""
    for channel, readers in find_readers(desk.slack.slack, channels).items():
        if not readers:
            continue
        kinds = " ".join(readers)
        if desk.answers.find(f"{READERS}{channel}") is None:
            desk.dialogue.say(f"{desk.labels.get(channel, channel)} {' and '.join(readers.values())}.")
            is_meant = desk.dialogue.confirm("Is that intended? What is posted there is read by them too.")
            desk.answers.keep(f"{READERS}{channel}", kinds if is_meant else "")
        if desk.answers.find(f"{READERS}{channel}") == kinds:
            yield from (f"{channel}:{kind.value}" for kind in readers)


def _find_open(desk: SetupDesk, text: str) -> str:
    found = []
    for part in filter(None, text.split(",")):
        name, _, kind = part.rpartition(":")
        if kind not in set(Audience):
            raise ValueError(f"write a channel and {', '.join(Audience)}, such as card-alerts:public")
        found.append(f"{pick(desk.channels, name).id}:{kind}")
    return ",".join(found)


def choose_people(desk: SetupDesk) -> None:
    """Have groups and people chosen for each role, and the roles that approve."""
    for role in ROLES:
        desk.choose(f"roles.{role}", lambda: desk.groups_and_people)
    desk.ask("approvers")


def set_up_money(desk: SetupDesk) -> None:
    """Ask for currencies, thresholds, tiers and limits."""
    for currency in desk.ask("currencies").split(","):
        warn = desk.ask(f"balance.{currency}.warn")

        def is_below(text: str, warn: str = warn) -> str:
            if Decimal(text) >= Decimal(warn):
                raise ValueError(f"it is less than {warn}, below which there is the first notice")
            return text

        desk.ask(f"balance.{currency}.critical", is_below)
    desk.ask("tiers")
    for per in config_answers.LIMITS:
        desk.ask(f"limits.{per}")
