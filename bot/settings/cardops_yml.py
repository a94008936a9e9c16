"""cardops.yml: roles, policy, routes, balance and channels; every problem names its line and key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from approvals.actions.known_codes import KnownCodes
from approvals.books.rules import BookRule
from approvals.policy.people import RoleRule
from approvals.policy.rules import LimitRule, Policy, PolicyRule
from approvals.policy.stop_conditions import StopConditionText
from bot.settings.config_faults import ROLES, ConfigFault, find_faults
from bot.settings.problem_words import mask_tokens, say_problem
from bot.settings.yaml_tree import Fault, Node, YamlUnusable, find_line, read_tree
from commands.reading.amounts import CURRENCIES
from notifier.balance.levels import BalanceRule
from notifier.routing.routes import RouteRule
from notifier.routing.storm_rules import StormRule

__all__ = ["ROLES", "Config", "ConfigReport", "ConfigUnusable", "examine_config", "parse_config", "read_config"]


class ConfigUnusable(Exception):
    """cardops.yml cannot be used; `problems` lists what is wrong, with line and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Channels(BaseModel):
    """Where requests and notices go: channel ids, not names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approvals: str = Field(default="", pattern=r"^([CG][A-Z0-9]+)?$")
    alerts: str = Field(default="", pattern=r"^([CG][A-Z0-9]+)?$")
    oncall: str = Field(default="", pattern=r"^([CG][A-Z0-9]+)?$")
    audit: str = Field(default="", pattern=r"^([CG][A-Z0-9]+)?$")


class Audience(StrEnum):
    """Who else may be in a channel of ours, where that is intended."""

    SHARED = "shared"  # people of another company or workspace
    GUESTS = "guests"
    PUBLIC = "public"  # anybody of the workspace


class DocumentWay(StrEnum):
    """Which way a cardholder's documents go to Paytend."""

    PAGE = "page"  # of ours
    SLACK = "slack"  # where the file stays until its owner deletes it


class SecretRule(BaseModel):
    """What becomes of a password that Paytend answers with: its requester sees it once, or it is discarded.

    In the `database` it waits sealed, for ten minutes, and any replica can show it; the `memory` of a process
    loses it with a restart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    show: bool = True
    keep: Literal["database", "memory"] = "database"


class Config(BaseModel):
    """Everything in cardops.yml. Leaving something out is safe: nobody may do it, everything is refused."""

    # A key that is misspelt is refused: a limit that nobody reads would limit nothing.
    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: Mapping[str, RoleRule] = Field(default_factory=dict)
    same_person: tuple[tuple[str, ...], ...] = ()
    channels: Channels = Channels()
    policy: tuple[PolicyRule, ...] = ()
    limits: tuple[LimitRule, ...] = ()
    routes: tuple[RouteRule, ...] = ()
    balance: BalanceRule = BalanceRule()
    storms: StormRule = StormRule()
    books: BookRule = BookRule()
    stop_when: tuple[StopConditionText, ...] = ()
    paytend: KnownCodes = KnownCodes()
    secrets: SecretRule = SecretRule()
    documents: DocumentWay | None = None
    open_channels: Mapping[str, tuple[Audience, ...]] = Field(default_factory=dict)

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that are named: in these cards may move."""
        return tuple(dict.fromkeys([*self.balance.currencies, *self.books.currencies])) or CURRENCIES

    def find_document_way(self, public_url: str) -> DocumentWay:
        """Return which way documents go: by a page where people reach it, unless cardops.yml says otherwise."""
        return self.documents or (DocumentWay.PAGE if public_url else DocumentWay.SLACK)

    def find_conflicts(self, public_url: str) -> list[str]:
        """Return in words what does not fit the settings."""
        if self.documents is DocumentWay.PAGE and not public_url:
            return ["documents: page needs CARDOPS_PUBLIC_URL, where browsers reach the page; or write `slack`"]
        if (asking := [f"“{rule.name}”" for rule in self.policy if rule.step_up]) and not public_url:
            return [
                f"step_up of {', '.join(asking)} needs CARDOPS_PUBLIC_URL, where browsers reach the page for it"
            ]
        return []

    @property
    def rules(self) -> Policy:
        """The policy: its rules and limits."""
        return Policy(rules=self.policy, limits=self.limits)


@dataclass(frozen=True, kw_only=True)
class ConfigReport:
    """What became of a file: the configuration if it can be used, and all problems and warnings, line by line."""

    config: Config | None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def require(self) -> Config:
        """Return the configuration; raises ConfigUnusable."""
        if self.config is None:
            raise ConfigUnusable(list(self.problems))
        return self.config


def read_config(path: Path) -> Config:
    """Return the configuration of a file, or the safe defaults when there is none; raises ConfigUnusable."""
    return examine_config(path).require()


def examine_config(path: Path) -> ConfigReport:
    """Return what a file says and everything that is wrong with it; a file that is not there is an empty one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        report = examine_text("", name=path.name)
        return replace(report, warnings=(f"{path}: there is no such file, so nobody may do anything.",))
    except UnicodeDecodeError:
        return ConfigReport(config=None, problems=(f"{path}: cannot be read: it is not UTF-8 text.",))
    except OSError as error:
        return ConfigReport(config=None, problems=(f"{path}: cannot be read: {error.strerror}.",))
    return examine_text(text, name=path.name)


def parse_config(text: str, *, name: str) -> Config:
    """Return the configuration of a text; raises ConfigUnusable."""
    return examine_text(text, name=name).require()


def examine_text(text: str, *, name: str) -> ConfigReport:
    """Return what a text says and everything that is wrong with it."""
    try:
        tree, faults = read_tree(text)
    except YamlUnusable as unusable:
        return ConfigReport(config=None, problems=_say_all(unusable.faults, name))
    value = {} if tree is None or (tree.text == "" and tree.is_plain) else tree.value
    try:
        config, unclear = Config.model_validate(value), frozenset[str]()
    except ValidationError as error:
        found = list(error.errors(include_url=False, include_input=False))
        faults += [_place(problem, tree) for problem in found]
        config, kept, unclear = _take_sound(value, found)
        faults += [_locate(fault, tree, kept) for fault in find_faults(config, unclear=unclear)]
        return ConfigReport(config=None, problems=_say_all(faults, name))
    semantic = find_faults(config, unclear=unclear)
    faults += [_locate(fault, tree, {}) for fault in semantic if not fault.is_warning]
    warnings = [_locate(fault, tree, {}) for fault in semantic if fault.is_warning]
    return ConfigReport(
        config=None if faults else config, problems=_say_all(faults, name), warnings=_say_all(warnings, name)
    )


def _take_sound(value: Any, found: list[Any]) -> tuple[Config, dict[str, list[int]], frozenset[str]]:
    """Return the configuration of what is well formed, the places of the kept items, and the sections cut down."""
    if not isinstance(value, dict):
        return Config(), {}, frozenset(Config.model_fields)
    wrong: dict[str, set[int] | None] = {}
    for problem in found:
        section, *rest = problem["loc"]
        if rest and isinstance(rest[0], int) and wrong.get(section, set()) is not None:
            wrong[section] = (wrong.get(section) or set()) | {rest[0]}
        else:
            wrong[section] = None
    sound: dict[str, Any] = {name: inner for name, inner in value.items() if name not in wrong}
    kept: dict[str, list[int]] = {}
    for section, places in wrong.items():
        if places is not None:
            kept[section] = [place for place in range(len(value[section])) if place not in places]
            sound[section] = [value[section][place] for place in kept[section]]
    try:
        return Config.model_validate(sound), kept, frozenset(wrong)
    except ValidationError:  # what is told already will do
        return Config(), {}, frozenset(Config.model_fields)


def _place(problem: Mapping[str, Any], tree: Node | None) -> Fault:
    path = _real_path(tree, problem["loc"])
    names = _find_names(path[:-1] if problem["type"] == "extra_forbidden" else path)
    says = say_problem(problem, names=names)
    for (start, end), words in _SPECIAL.items():
        if (
            path[:1] == (start,)
            and end in path
            and problem["type"] not in ("missing", "extra_forbidden", "value_error")
        ):
            says = words
    if problem["type"] == "extra_forbidden" and re.fullmatch(r"[0-9]+ ?[A-Z]{0,4}", str(path[-1])):
        says = "inside { } a comma ends a value; write the amount as 500.00 EUR, or in quotation marks"
    return Fault(line=find_line(tree, path), key=".".join(str(part) for part in path), says=says)


# What is right at places where the kind of the problem alone does not say it: by section and a key in it.
_SPECIAL = {
    ("channels", name): "a channel's id is needed, such as C0123456789. In Slack: click the channel's name; "
    "the id is at the bottom"
    for name in Channels.model_fields
} | {
    ("limits", "then"): "write `refuse`, or `{quorum: 2}` to ask for more approvals",
    ("routes", "between"): "write a time of day such as 22:00-06:00",
    ("books", "prefix"): "write at most 6 letters and digits",
    ("paytend", "final_refusals"): "a code is 1 to 16 letters, digits, _, . or -",
    ("paytend", "no_such_order"): "a code is 1 to 16 letters, digits, _, . or -",
}


def _real_path(tree: Node | None, loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the part of a path that the file has: models add names of their own, such as of a union."""
    path: list[Any] = []
    node = tree
    for place, part in enumerate(loc):
        names, items = (node.names, node.items) if node is not None else (None, None)
        if names is not None and str(part) in names:
            node = names[str(part)]
        elif items is not None and isinstance(part, int) and part < len(items):
            node = items[part]
        elif place == len(loc) - 1 and names is not None:  # a key that is missing
            node = None
        else:
            continue
        path.append(part)
    return tuple(path)


def _find_names(path: tuple[Any, ...]) -> list[str]:
    """Return the keys that a place of the file takes."""
    made = Config.model_json_schema(mode="validation")
    definitions, here = made.get("$defs", {}), [made]
    for part in path:
        inner: list[Any] = []
        for schema in here:
            if isinstance(part, int):
                inner += [schema.get("items", {}), *schema.get("prefixItems", [])]
            else:
                more = schema.get("additionalProperties")
                inner += [schema.get("properties", {}).get(part), more if isinstance(more, dict) else None]
        here = [schema for each in inner if each for schema in _resolve(each, definitions)]
    return [name for schema in here for name in schema.get("properties", {})]


def _resolve(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Any]:
    both = [schema, *schema.get("anyOf", [])]
    return [definitions[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in both]


def _locate(fault: ConfigFault, tree: Node | None, kept: Mapping[str, list[int]]) -> Fault:
    path = fault.path
    if path and path[0] in kept and len(path) > 1 and isinstance(path[1], int):
        path = (path[0], kept[str(path[0])][path[1]], *path[2:])
    return Fault(line=find_line(tree, path), key=".".join(str(part) for part in path), says=fault.says)


def _say_all(faults: Iterable[Fault], name: str) -> tuple[str, ...]:
    """Return the faults in words, by their lines, each place once for each thing that is wrong there."""
    ordered = sorted(faults, key=lambda fault: fault.line)
    said = (f"{name}, line {fault.line}: {f'{fault.key}: ' if fault.key else ''}{fault.says}" for fault in ordered)
    return tuple(dict.fromkeys(mask_tokens(line) for line in said))
