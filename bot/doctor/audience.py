"""The check of who can read our channels: no other company, no guests, not everybody, unless that is intended."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.doctor.findings import CheckResult, DoctorContext, fine, wrong
from bot.settings.cardops_yml import Audience

_SHARED = ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")
_PAGES = 20  # of users.list, a thousand people each
_MOST = 3  # people who are named


def check_audience(context: DoctorContext) -> CheckResult:
    """Check that nobody reads requests and notices who should not."""
    channels = list_channels(context)
    troubles = []
    for channel, readers in find_readers(context.slack, channels).items():
        intended = set(context.config.open_channels.get(channel, ()))
        found = {kind: words for kind, words in readers.items() if kind not in intended}
        if found:
            kinds = ", ".join(found)
            troubles.append(f"{channel} {' and '.join(found.values())} (open_channels: {{{channel}: [{kinds}]}})")
    if troubles:
        return wrong(
            "; ".join(troubles) + ".",
            "Make the channel private and take them out; where it is intended, write what is in brackets into "
            "cardops.yml.",
        )
    return fine(f"Nobody else reads the {len(channels)} channels that cardops.yml names.")


def find_readers(slack: WebClient, channels: Iterable[str]) -> dict[str, Mapping[Audience, str]]:
    """Return for each channel who else can read it, in words."""
    outsiders = _find_outsiders(slack)
    return {channel: dict(_look(slack, channel, outsiders)) for channel in channels}


def list_channels(context: DoctorContext) -> list[str]:
    """Return the channels in which requests and notices are posted."""
    config = context.config
    named: dict[str, str] = config.channels.model_dump()
    rules = {rule.channel for rule in config.policy if rule.channel}
    routed = {to for route in config.routes for to in route.to if to not in named}
    return sorted({*filter(None, named.values()), *rules, *routed})


def _look(slack: WebClient, channel: str, outsiders: dict[str, Audience]) -> Iterator[tuple[Audience, str]]:
    shown: dict[str, Any] = slack.conversations_info(channel=channel)["channel"]
    inside = [account for account in _list_members(slack, channel) if account in outsiders]
    strangers = [account for account in inside if outsiders[account] is Audience.SHARED]
    guests = [account for account in inside if outsiders[account] is Audience.GUESTS]
    if any(shown.get(sign) for sign in _SHARED) or strangers:
        yield Audience.SHARED, f"is shared with others{_name(strangers)}"
    if guests:
        yield Audience.GUESTS, f"has guests{_name(guests)}"
    if not shown.get("is_private"):
        yield Audience.PUBLIC, "is public"


def _name(accounts: list[str]) -> str:
    more = f" and {len(accounts) - _MOST} more" if len(accounts) > _MOST else ""
    return f" ({', '.join(accounts[:_MOST])}{more})" if accounts else ""


def _find_outsiders(slack: WebClient) -> dict[str, Audience]:
    found, cursor = {}, ""
    for _ in range(_PAGES):
        page = slack.users_list(limit=1000, cursor=cursor)
        for user in page["members"]:
            if user.get("is_stranger"):
                found[user["id"]] = Audience.SHARED
            elif user.get("is_restricted") or user.get("is_ultra_restricted"):
                found[user["id"]] = Audience.GUESTS
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return found


def _list_members(slack: WebClient, channel: str) -> list[str]:
    members: list[str] = []
    cursor = ""
    for _ in range(_PAGES):
        page = slack.conversations_members(channel=channel, limit=1000, cursor=cursor)
        members += page["members"]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return members
