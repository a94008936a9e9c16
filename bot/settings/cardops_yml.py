"""cardops.yml: roles, policy, routes, balance and channels; every problem names its line and key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from approvals.actions.known_codes import KnownCodes
from approvals.actions.table import ACTIONS
from approvals.books.rules import BookRule
from approvals.policy.people import RoleRule
from approvals.policy.rules import LimitRule, Policy, PolicyRule
from approvals.policy.stop_conditions import StopCause, StopConditionText, find_condition
from approvals.policy.vain_lines import find_vain_lines
from commands.reading.amounts import CURRENCIES
from notifier.balance.levels import BalanceRule
from notifier.routing.routes import RouteRule, find_mistake
from notifier.routing.storm_rules import StormRule

ROLES = ("support", "manager", "oncall", "admin")


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

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that are named: in these cards may move."""
        return tuple(dict.fromkeys([*self.balance.currencies, *self.books.currencies])) or CURRENCIES

    @model_validator(mode="after")
    def _check_names(self) -> "Config":
        for role in self.roles:
            if role not in ROLES:
                raise ValueError(f"roles: there is no role {role}; there are: {', '.join(ROLES)}")
        for rule in self.policy:
            _check_rule(rule.name, rule.action, rule.approvers)
            if rule.lifted and ACTIONS[rule.action].always:
                raise ValueError(f"{rule.name}: {rule.action} always needs a second person and cannot be lifted")
        for limit in self.limits:
            _check_rule("a limit", limit.action, ())
        return self

    @field_validator("routes")
    @classmethod
    def _check_routes(cls, routes: tuple[RouteRule, ...]) -> tuple[RouteRule, ...]:
        for place, rule in enumerate(routes):
            if wrong := find_mistake(rule, names=tuple(Channels.model_fields), roles=ROLES):
                raise ValueError(f"route {place + 1}: {wrong}")
        return routes

    @field_validator("stop_when")
    @classmethod
    def _check_conditions(cls, conditions: tuple[StopConditionText, ...]) -> tuple[StopConditionText, ...]:
        for cause in StopCause:
            first = find_condition(conditions, cause)
            if any(other is not first and other.cause is cause for other in conditions):
                raise ValueError(f"{cause} stands here twice, and only the first would count")
        return conditions

    @property
    def rules(self) -> Policy:
        """The policy: its rules and limits."""
        return Policy(rules=self.policy, limits=self.limits)


def _check_rule(name: str, action: str, approvers: tuple[str, ...]) -> None:
    if action not in ACTIONS:
        raise ValueError(f"{name}: there is no action {action}; there are: {', '.join(ACTIONS)}")
    for role in approvers:
        if role not in ROLES:
            raise ValueError(f"{name}: there is no role {role}; there are: {', '.join(ROLES)}")


def read_config(path: Path) -> Config:
    """Return the configuration of a file, or the safe defaults when there is none; raises ConfigUnusable."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigUnusable([f"{path}: cannot be read ({type(error).__name__})"]) from error
    return parse_config(text, name=path.name)


def parse_config(text: str, *, name: str) -> Config:
    """Return the configuration of a text; raises ConfigUnusable."""
    try:
        # Times like 14:30 and amounts like 500.00 stay texts: YAML's own types would change them.
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        value = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes only texts
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise ConfigUnusable([f"{name}, {where}: this is no YAML ({getattr(error, 'problem', '')})"]) from error
    try:
        return Config.model_validate(value or {})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise ConfigUnusable([_say(problem, node, name) for problem in problems]) from error


def find_vain(path: Path, config: Config) -> list[str]:
    """Return what has no effect in the file of this configuration, with line and key, all at once."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    found = find_vain_lines(config.rules, roles=config.roles, same_person=config.same_person)
    problems = [
        {"loc": (row.section, row.place, *((row.key,) if row.key else ())), "msg": row.why} for row in found
    ]
    return [_say(problem, node, path.name) for problem in problems]


def _say(problem: Mapping[str, Any], node: Any, name: str) -> str:
    loc = [part for part in problem["loc"] if not str(part).startswith("function-")]
    text = str(problem["msg"]).removeprefix("Value error, ")
    line = _line(node, loc)
    key = ".".join(str(part) for part in loc)
    return f"{name}, line {line}: {key}: {text}" if key else f"{name}: {text}"


def _line(node: Any, loc: list[Any]) -> int:
    """Return the line of the innermost key of a path that exists."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)
