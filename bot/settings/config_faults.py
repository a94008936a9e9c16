"""Finds what is wrong in a configuration that is well formed: names, ids, currencies, vain lines. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approvals.actions.table import ACTIONS
from approvals.policy.rules import PolicyRule
from approvals.policy.stop_conditions import StopCause, find_condition
from approvals.policy.vain_lines import find_vain_lines
from bot.settings.problem_words import say_unknown, shorten
from notifier.inbox.notice_kinds import STATUS_WORDS
from notifier.routing.routes import Conditions, RouteRule, find_mistake
from paytend.money import PRECISION

if TYPE_CHECKING:
    from bot.settings.cardops_yml import Config

ROLES = ("support", "manager", "oncall", "admin")
_ACCOUNT = re.compile(r"[UW][A-Z0-9]{2,}")
_GROUP = re.compile(r"S[A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_FIND_ACCOUNT = "In Slack: open the profile, then ⋮, Copy member ID"
_FIND_GROUP = "In Slack: People, User groups, ⋮, Copy group ID"
_FIND_CHANNEL = "In Slack: click the channel's name; the id is at the bottom"


@dataclass(frozen=True, kw_only=True)
class ConfigFault:
    """What is wrong at a place of cardops.yml: its path, in words, and whether the bot runs nevertheless."""

    path: tuple[str | int, ...]
    says: str
    is_warning: bool = False


def find_faults(config: "Config", *, unclear: frozenset[str] = frozenset()) -> list[ConfigFault]:
    """Return all faults of a configuration.

    `unclear` are sections of which parts were left out because they are not well formed: what depends on the whole
    of them is not looked for.
    """
    found = [
        *_of_roles(config),
        *_of_people(config),
        *_of_rules(config),
        *_of_limits(config),
        *_of_routes(config),
        *_of_conditions(config),
    ]
    if not unclear & {"policy", "limits", "roles", "same_person"} and not found:
        rows = find_vain_lines(config.rules, roles=config.roles, same_person=config.same_person)
        found += [
            ConfigFault(
                path=(row.section, row.place, *([row.key] if row.key else [])), says=row.why, is_warning=True
            )
            for row in rows
        ]
    if not unclear and not (config.roles and config.policy):
        missing = " and ".join(name for name in ("roles", "policy") if not getattr(config, name))
        says = f"{missing} is not set, so nobody may do anything that needs a second person"
        found.append(ConfigFault(path=(), says=says, is_warning=True))
    return found


def _of_roles(config: "Config") -> Iterator[ConfigFault]:
    for name, role in config.roles.items():
        if name not in ROLES:
            yield ConfigFault(path=("roles", name), says=say_unknown("role", name, ROLES))
        for place, account in enumerate(role.people):
            if says := _find_wrong_account(account):
                yield ConfigFault(path=("roles", name, "people", place), says=says)
        for place, group in enumerate(role.groups):
            if says := _find_wrong_group(group):
                yield ConfigFault(path=("roles", name, "groups", place), says=says)
        if not role.people and not role.groups:
            says = "nobody has this role; name groups or people, or leave it out"
            yield ConfigFault(path=("roles", name), says=says, is_warning=True)


def _of_people(config: "Config") -> Iterator[ConfigFault]:
    for place, accounts in enumerate(config.same_person):
        for inner, account in enumerate(accounts):
            if says := _find_wrong_account(account):
                yield ConfigFault(path=("same_person", place, inner), says=says)


def _of_rules(config: "Config") -> Iterator[ConfigFault]:
    names: dict[str, int] = {}
    for place, rule in enumerate(config.policy):
        path = ("policy", place)
        if rule.action not in ACTIONS:
            yield ConfigFault(path=(*path, "action"), says=say_unknown("action", rule.action, ACTIONS))
        elif rule.lifted and ACTIONS[rule.action].always:
            says = f"{rule.action} always needs a second person and cannot be lifted"
            yield ConfigFault(path=(*path, "lifted"), says=says)
        yield from _of_names(rule, path)
        if rule.over is not None:
            yield from _of_amount(config, (*path, "over"), rule.over.currency, is_negative=rule.over.minor < 0)
        if not rule.name.strip():
            yield ConfigFault(path=(*path, "name"), says="a rule needs a name: requests and the trail show it")
        elif rule.name in names:
            says = f"“{shorten(rule.name)}” is the name of rule {names[rule.name] + 1} too; give each its own"
            yield ConfigFault(path=(*path, "name"), says=says)
        names.setdefault(rule.name, place)


def _of_names(rule: PolicyRule, path: tuple[str | int, ...]) -> Iterator[ConfigFault]:
    """Find roles, accounts and channels of a rule that cannot be one."""
    for inner, role in enumerate(rule.approvers):
        if role not in ROLES:
            yield ConfigFault(path=(*path, "approvers", inner), says=say_unknown("role", role, ROLES))
    for inner, account in enumerate(rule.mention):
        if not _GROUP.fullmatch(account) and (says := _find_wrong_account(account)):
            yield ConfigFault(path=(*path, "mention", inner), says=says)
    if rule.channel is not None and not _CHANNEL.fullmatch(rule.channel):
        says = f"{shorten(rule.channel)} is not a channel id such as C0123456789. {_FIND_CHANNEL}"
        yield ConfigFault(path=(*path, "channel"), says=says)


def _of_limits(config: "Config") -> Iterator[ConfigFault]:
    for place, limit in enumerate(config.limits):
        path = ("limits", place)
        if limit.action not in ACTIONS:
            yield ConfigFault(path=(*path, "action"), says=say_unknown("action", limit.action, ACTIONS))
        yield from _of_amount(config, (*path, "over"), limit.over.currency, is_negative=limit.over.minor < 0)


def _of_amount(
    config: "Config", path: tuple[str | int, ...], currency: str, *, is_negative: bool
) -> Iterator[ConfigFault]:
    if is_negative:
        yield ConfigFault(path=path, says="it is negative, and no amount is; write it without the minus")
    if currency not in config.currencies:
        known = ", ".join(config.currencies)
        says = f"the programme has no {currency}, it has {known} (balance.currencies and books.currencies)"
        yield ConfigFault(path=path, says=says)


def _of_routes(config: "Config") -> Iterator[ConfigFault]:
    names = tuple(type(config.channels).model_fields)
    for place, rule in enumerate(config.routes):
        if wrong := find_mistake(rule, names=names, roles=ROLES):
            key = next((key for key, named in _name_targets(rule) if f"{named} " in f"{wrong} "), ("mention",))
            yield ConfigFault(path=("routes", place, *key), says=f"route {place + 1}: {wrong}")
        yield from _of_status(rule, place)
        for earlier, other in enumerate(config.routes[:place]):
            if other.kind == rule.kind and not other.also and other.when == Conditions():
                says = f"route {earlier + 1} comes before it and takes every {rule.kind}; put it behind this one"
                yield ConfigFault(path=("routes", place), says=says, is_warning=True)
                break


def _name_targets(rule: RouteRule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the key of each name of a route, with the name."""
    yield ("kind",), f"kind {rule.kind};"
    for key, names in (("to", rule.to), ("then", rule.then)):
        yield from (((key, place), name) for place, name in enumerate(names))


def _of_status(rule: RouteRule, place: int) -> Iterator[ConfigFault]:
    """Find words that no transaction has, so that the route never matches. Codes may be others than we know."""
    for inner, word in enumerate(rule.when.status or ()):
        if rule.kind == "transaction" and not word.isdigit() and word.casefold() not in STATUS_WORDS:
            path = ("routes", place, "when", "status", inner)
            yield ConfigFault(path=path, says=say_unknown("status", word, STATUS_WORDS))
    for inner, currency in enumerate(rule.when.currency or ()):
        if currency.upper() not in PRECISION:
            path = ("routes", place, "when", "currency", inner)
            yield ConfigFault(path=path, says=f"{shorten(currency)} is not a currency; write it like EUR or USDT")


def _of_conditions(config: "Config") -> Iterator[ConfigFault]:
    for cause in StopCause:
        first = find_condition(config.stop_when, cause)
        for place, other in enumerate(config.stop_when):
            if other is not first and other.cause is cause:
                says = f"{cause} is here twice, and only the first would count"
                yield ConfigFault(path=("stop_when", place), says=says)


def _find_wrong_account(text: str) -> str:
    """Return why this is not an account of Slack; empty when it is one."""
    if _ACCOUNT.fullmatch(text):
        return ""
    return f"{_describe(text)}; an account's id is needed, such as U0123ABCD. {_FIND_ACCOUNT}"


def _find_wrong_group(text: str) -> str:
    if _GROUP.fullmatch(text):
        return ""
    return f"{_describe(text)}; a user group's id is needed, such as S0123ABCD. {_FIND_GROUP}"


def _describe(text: str) -> str:
    shown = shorten(text) or "(nothing)"
    for kind, is_so in (
        ("an e-mail address", "@" in text[1:]),
        ("a user group's id", _GROUP.fullmatch(text)),
        ("an account's id", _ACCOUNT.fullmatch(text)),
        ("a channel's id", _CHANNEL.fullmatch(text)),
    ):
        if is_so:
            return f"{shown} is {kind}"
    return f"{shown} is a name"
