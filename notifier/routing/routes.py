"""Which recipients get a notification, by the ordered rules of `cardops.yml`, and why (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from notifier.rendering.facts import TemplateFacts, list_facts
from notifier.routing.routed_kinds import ROUTED_KINDS
from notifier.routing.storm_rules import StormRule
from paytend import Money
from paytend.money_text import MoneyText
from storage.durations import Duration
from storage.flags import Flag

DEFAULT = "alerts"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_BETWEEN = f"^{_CLOCK}-{_CLOCK}$"


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str | int) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


Texts = Annotated[
    tuple[Annotated[str, BeforeValidator(_as_text)], ...], BeforeValidator(_as_tuple), Field(min_length=1)
]


class Conditions(BaseModel):
    """The conditions of a rule: those that are not given do not count, each list means "one of".

    `status` takes a word (STATUS_WORDS in notice_kinds.py, the words of an audit or an order) or Paytend's code,
    `type` words or code. Amounts compare in their own currency only. `merchant` takes patterns such as "MAXIMA*",
    `between` a time of day in Paytend's zone, such as "22:00-06:00"; what Paytend did not say does not match.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Texts | None = None
    type: Texts | None = None
    direction: Literal["in", "out"] | None = None
    amount_over: MoneyText | None = None
    amount_under: MoneyText | None = None
    currency: Texts | None = None
    card: Texts | None = None
    cardholder: Texts | None = None
    merchant: Texts | None = None
    country: Texts | None = None
    between: Annotated[str, Field(pattern=_BETWEEN)] | None = None


class RouteRule(BaseModel):
    """One line of `routes`: notifications of this kind, under these conditions, to these channels.

    `to` lists names of `channels`, or channel ids. The first match wins unless it says `also: true`; `mention`
    is a role whose people are mentioned. `budget` is that of `storms` for this route. An urgent notice that nobody
    has acknowledged after `acknowledge_within` goes to the first of `then`, after as long again to the next.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    when: Conditions = Conditions()
    to: Texts
    mention: str | None = None
    also: Flag = False
    budget: int | None = Field(default=None, ge=1, le=500)
    acknowledge_within: Duration | None = None
    then: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()

    @model_validator(mode="after")
    def _escalates_in_time(self) -> "RouteRule":
        if bool(self.then) != (self.acknowledge_within is not None):
            raise ValueError(
                "acknowledge_within and then belong together: after how long, and who hears of it next"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """Why one rule was or was not taken; `rule` is its place in the list, from 0, None for the default."""

    rule: int | None
    matched: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A channel by its name in the settings (or id), and the roles that are mentioned there."""

    to: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RouteMatch:
    """The recipients of a notification, and why."""

    recipients: tuple[Recipient, ...]
    decisions: tuple[RuleResult, ...]


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The rules with what their names mean: channels by name, and the people and groups of each role."""

    rules: Sequence[RouteRule] = ()
    channels: Mapping[str, str]
    mentions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    storms: StormRule = field(default_factory=StormRule)

    def resolve(self, name: str) -> str:
        """Return the channel id of a name, that of approvals for a name without an id; an id stays as it is."""
        # `channels.alerts` may be left out, but a notice must go somewhere.
        return self.channels.get(name, name) or self.channels.get("approvals", "")


def find_mistake(rule: RouteRule, *, names: Sequence[str], roles: Sequence[str]) -> str | None:
    """Return what is wrong with a rule's names: of its kind, its channels (by name or id), or its role."""
    if rule.kind not in ROUTED_KINDS:
        return f"there is no kind {rule.kind}; there are: {', '.join(ROUTED_KINDS)}"
    for name in (*rule.to, *rule.then):
        if name not in names and not re.fullmatch(r"[CGUW][A-Z0-9]{2,}", name):
            return f"{name} is no channel id, and no name of channels: {', '.join(names)}"
    if rule.mention is not None and rule.mention not in roles:
        return f"there is no role {rule.mention}; there are: {', '.join(roles)}"
    return None


def match(rules: Sequence[RouteRule], kind: str, facts: TemplateFacts | Mapping[str, Any]) -> RouteMatch:
    """Return who gets a notification: the first rule that matches, those with `also`, else the default."""
    named = list_facts(facts)
    decisions: list[RuleResult] = []
    found: dict[str, dict[str, None]] = {}
    for place, rule in enumerate(rules):
        against = _find_obstacle(rule, kind, named)
        decisions.append(
            RuleResult(rule=place, matched=against is None, reason=against or "every condition holds")
        )
        if against is not None:
            continue
        for name in rule.to:
            found.setdefault(name, {}).update({rule.mention: None} if rule.mention else {})
        if not rule.also:
            break
    else:
        # Also when only rules with `also` matched: these add recipients, they do not take the notice away.
        if not any(decision.matched for decision in decisions):
            found.setdefault(DEFAULT, {})
            decisions.append(RuleResult(rule=None, matched=True, reason="no rule matched"))
    recipients = tuple(Recipient(to=name, mentions=tuple(mentions)) for name, mentions in found.items())
    return RouteMatch(recipients=recipients, decisions=tuple(decisions))


def _find_obstacle(rule: RouteRule, kind: str, facts: Mapping[str, Any]) -> str | None:
    """Return why the rule does not match, None when it does."""
    if rule.kind != kind:
        return f"it is for {rule.kind}, not for {kind}"
    when = rule.when
    one_of = (
        ("status", when.status, (facts.get("status"), facts.get("status_code"))),
        ("type", when.type, (_before_code(facts.get("type_text")), facts.get("type_code"))),
        ("direction", (when.direction,) if when.direction else None, (facts.get("direction"),)),
        ("currency", when.currency, (facts.get("currency"),)),
        ("card", when.card, (facts.get("card_id"), facts.get("last_four"))),
        ("cardholder", when.cardholder, (facts.get("holder_id"),)),
        ("country", when.country, (facts.get("country"),)),
    )
    for name, wanted, actual in one_of:
        if wanted is not None and not _is_one_of(wanted, actual):
            return f"{name} is {actual[0]}, not {' or '.join(wanted)}"
    return (
        _find_merchant_obstacle(when, facts.get("merchant"))
        or _find_clock_obstacle(when, facts.get("clock"))
        or _find_amount_obstacle(when, facts.get("amount"))
    )


def _find_merchant_obstacle(when: Conditions, merchant: object) -> str | None:
    if when.merchant is None:
        return None
    name = str(merchant or "")
    if any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in when.merchant):
        return None
    return f"merchant is {name or 'not known'}, not {' or '.join(when.merchant)}"


def _find_clock_obstacle(when: Conditions, clock: object) -> str | None:
    """Compare texts like 22:15; a span may go over midnight."""
    if when.between is None:
        return None
    if not clock:
        return "the time of day is not known"
    first, _, last = when.between.partition("-")
    at = str(clock)
    holds = first <= at < last if first <= last else at >= first or at < last
    return None if holds else f"it was {at}, not between {when.between}"


def _is_one_of(wanted: tuple[str, ...], actual: tuple[object, ...]) -> bool:
    return bool({text.casefold() for text in wanted} & {str(value).casefold() for value in actual if value})


def _before_code(text: object) -> str | None:
    """Return "payment" of "payment (151)"."""
    return str(text).partition(" (")[0] if text else None


def _find_amount_obstacle(when: Conditions, amount: object) -> str | None:
    for limit, word in ((when.amount_over, "over"), (when.amount_under, "under")):
        if limit is None:
            continue
        if not isinstance(amount, Money):
            return "the amount is not known"
        if amount.currency != limit.currency:
            return f"the amount is in {amount.currency}, the limit in {limit.currency}"
        # A debit may have a negative amount: how much it is counts, and `direction` says which way it goes.
        size = Money(amount=abs(amount.amount), currency=amount.currency)
        if not (limit < size if word == "over" else size < limit):
            return f"{amount} is not {word} {limit}"
    return None
