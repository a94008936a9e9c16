"""Policy: which rule a sensitive action falls under, how many must approve, and the limits on sums."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from approvals.refusals import Refusal
from paytend.money import Money
from paytend.money_text import MoneyText
from storage.durations import Duration
from storage.flags import Flag


class NothingAllows(Refusal):
    """Your policy doesn’t allow this. Ask an admin."""


class LimitReached(Refusal):
    """Over the limit for this {per}: {total} in {window} (limit {over})."""


class NoLimitFor(LimitReached):
    """{currency} top-ups aren’t set up: no limit exists for this {per}. Ask an admin."""


class _Setting(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# Stored in every request as JSON: a new field needs a default, or older requests cannot be read.
class Rule(_Setting):
    """What applies to one request; the request keeps it as it was when it was opened.

    `lifted`: no second person is needed, and it is done at once. Only some actions allow that (`Action.always`).
    """

    name: str
    action: str
    quorum: int = Field(default=1, ge=1, le=50)
    approvers: tuple[str, ...] = ()
    lifted: Flag = False
    decide_within: Duration = timedelta(hours=8)
    execute_within: Duration = timedelta(minutes=30)
    step_up: Literal["", "passkey"] = ""  # what a decision takes besides a click in Slack
    channel: str | None = None
    mention: tuple[str, ...] = ()  # the people on cover, mentioned in reminders; the others may approve too

    def raised_to(self, quorum: int) -> "Rule":
        """Return the rule with at least this quorum."""
        return self.model_copy(update={"quorum": max(self.quorum, quorum)})

    @model_serializer(mode="wrap")
    def _leave_out_none(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a field that says nothing: a replica of the version before would refuse the stored rule."""
        fields: dict[str, Any] = write(self)
        return fields if self.step_up else {name: value for name, value in fields.items() if name != "step_up"}

    @model_validator(mode="after")
    def _approved_or_lifted(self) -> "Rule":
        if self.lifted and (self.approvers or self.quorum > 1 or self.mention or self.step_up):
            raise ValueError(f"{self.name}: a lifted rule has no approvers, quorum, mention or step_up")
        if not self.lifted and not self.approvers:
            raise ValueError(f"{self.name}: approvers are needed, or lifted: true where the action allows it")
        return self


class PolicyRule(Rule):
    """One line of the policy: applies to an action, and with `over` only to amounts strictly above it."""

    over: MoneyText | None = None


class RaisedQuorum(_Setting):
    """A limit that asks for more approvals instead of refusing."""

    quorum: int = Field(ge=2, le=50)


class Per(StrEnum):
    """Whose requests a limit sums."""

    REQUESTER = "requester"
    CARD = "card"


class LimitRule(_Setting):
    """A limit on the total amount of an action within a window."""

    action: str
    per: Per
    window: Duration
    over: MoneyText
    then: Literal["refuse"] | RaisedQuorum


class Policy(_Setting):
    """All rules, in order, and all limits."""

    rules: tuple[PolicyRule, ...] = ()
    limits: tuple[LimitRule, ...] = ()


class LimitState(_Setting):
    """A limit and the sum that counts against it; `total` is None if it is not in `currency`."""

    limit: LimitRule
    total: MoneyText | None
    currency: str = ""

    @property
    def is_exceeded(self) -> bool:
        """Whether the sum is over the limit. An amount that cannot be compared counts as over: it fails closed."""
        return self.total is None or self.limit.over < self.total


def choose_rule(rules: Sequence[PolicyRule], *, action: str, money: Money | None) -> Rule:
    """Return the first rule that matches, as a snapshot; raises NothingAllows, also if it lifts money."""
    rule = find_rule(rules, action=action, money=money)
    # Whatever the table of actions says: no money moves by the word of one person (ADR 6).
    if rule.lifted and money is not None:
        raise NothingAllows
    return Rule.model_validate({name: getattr(rule, name) for name in Rule.model_fields})


def find_rule(rules: Sequence[PolicyRule], *, action: str, money: Money | None) -> PolicyRule:
    """Return the first line that matches; raises NothingAllows."""
    mine = [rule for rule in rules if rule.action == action]
    for rule in mine:
        if _matches(rule, money, mine):
            return rule
    raise NothingAllows


def find_limits(limits: Sequence[LimitRule], *, action: str, money: Money) -> list[LimitRule]:
    """Return the limits to check: those in this currency, or (it fails closed) all of a `per` that has none."""
    mine = [limit for limit in limits if limit.action == action]
    covered = {limit.per for limit in mine if limit.over.currency == money.currency}
    return [limit for limit in mine if limit.over.currency == money.currency or limit.per not in covered]


def apply_limits(rule: Rule, states: Iterable[LimitState]) -> Rule:
    """Return the rule with the quorum that the limits require; raises LimitReached."""
    for state in states:
        if not state.is_exceeded:
            continue
        # No early return: the strictest of all exceeded limits decides.
        if isinstance(state.limit.then, RaisedQuorum):
            rule = rule.raised_to(state.limit.then.quorum)
        else:
            window, per, over = write_hours(state.limit.window), state.limit.per.value, str(state.limit.over)
            if state.total is None:
                raise NoLimitFor(window=window, per=per, over=over, currency=state.currency or "Such")
            raise LimitReached(window=window, per=per, total=str(state.total), over=over)
    return rule


def write_hours(value: timedelta) -> str:
    """Return "24 h" or "30 min" for people."""
    minutes = int(value.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"


def to_json(model: BaseModel) -> dict[str, Any]:
    """Return the JSON form of a rule or payload, with texts for money and times."""
    return model.model_dump(mode="json")


def _matches(rule: PolicyRule, money: Money | None, mine: Sequence[PolicyRule]) -> bool:
    if rule.over is None:
        return True
    if money is None:
        return False
    if rule.over.currency == money.currency:
        return rule.over < money
    # An amount that no threshold can be compared with counts as large: else another currency would evade them all.
    return all(other.over is None or other.over.currency != money.currency for other in mine)
