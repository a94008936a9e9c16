"""When a low partner balance is worth a notice: levels with hysteresis, and repeats (pure)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from paytend import Money, NotMoney
from paytend.money import PRECISION
from paytend.written_amounts import read_written_amount
from storage.durations import Duration

RECOVERY = Decimal("1.05")  # a level is left when the balance is above its threshold by this factor


class Level(StrEnum):
    """The level of the partner balance, from good to bad."""

    OK = "ok"
    WARN = "warn"
    CRITICAL = "critical"


_ORDER = list(Level)


def _read_threshold(value: object) -> Decimal:
    # YAML has no exact decimals: 5000.10 comes as a float, whose shortest text is what was written.
    return value if isinstance(value, Decimal) else read_written_amount(str(value))


def _read_currency(value: str) -> str:
    if value not in PRECISION:
        raise NotMoney(f"{value[:10]} is no currency that is known here; write it like EUR or USDT")
    return value


Threshold = Annotated[Decimal, BeforeValidator(_read_threshold), Field(gt=0, lt=10**15)]
Currency = Annotated[str, AfterValidator(_read_currency)]


class Thresholds(BaseModel):
    """Below `warn` there is a notice, below `critical` an urgent one; in whole units of the currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warn: Threshold
    critical: Threshold

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.critical >= self.warn:
            raise ValueError("critical must be less than warn")
        return self


class BalanceRule(BaseModel):
    """The section `balance` of cardops.yml: how often to ask, thresholds, how often to repeat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Duration = timedelta(minutes=5)
    currencies: dict[Currency, Thresholds] = Field(default_factory=dict)
    repeat: Duration = timedelta(hours=4)

    @model_validator(mode="after")
    def _exact(self) -> Self:
        for currency, thresholds in self.currencies.items():
            for amount in (thresholds.warn, thresholds.critical):
                Money(amount=amount, currency=currency)  # raises NotMoney, a ValueError
        return self


@dataclass(frozen=True, kw_only=True)
class LevelState:
    """What is known of a currency's balance: its level, and when the last notice of it was enqueued."""

    level: Level
    told_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LevelChange:
    """The state from now on, and the kind of notice to send, if any.

    `improved` is worth no new message, but the one in Slack is brought up to date.
    """

    level_state: LevelState
    notice: str | None = None
    repeated: bool = False
    improved: bool = False


def decide(
    level_state: LevelState, *, balance: Money, thresholds: Thresholds, repeat: timedelta, now: datetime
) -> LevelChange:
    """Return the level of a balance and whether it is worth a notice.

    A worse level is `balance_low`, at once and again after each `repeat`; ok again is `balance_recovered`, once.
    A level is left for a better one only 5 % above its threshold, so that a balance at the limit does not flap.
    """
    level = _read_level(level_state.level, balance.amount, thresholds)
    if _ORDER.index(level) > _ORDER.index(level_state.level):
        return LevelChange(level_state=LevelState(level=level, told_at=now), notice="balance_low")
    if level is Level.OK:
        recovered = level_state.level is not Level.OK
        return LevelChange(level_state=LevelState(level=level), notice="balance_recovered" if recovered else None)
    if level_state.told_at is None or now - level_state.told_at >= repeat:
        return LevelChange(level_state=LevelState(level=level, told_at=now), notice="balance_low", repeated=True)
    return LevelChange(
        level_state=LevelState(level=level, told_at=level_state.told_at), improved=level is not level_state.level
    )


def _read_level(before: Level, amount: Decimal, thresholds: Thresholds) -> Level:
    return max((level for level in _ORDER if _holds(level, before, amount, thresholds)), key=_ORDER.index)


def _holds(level: Level, before: Level, amount: Decimal, thresholds: Thresholds) -> bool:
    """Whether the balance is at this level or worse; harder to leave than to enter."""
    if level is Level.OK:
        return True
    threshold = thresholds.warn if level is Level.WARN else thresholds.critical
    if _ORDER.index(before) >= _ORDER.index(level):
        return amount <= threshold * RECOVERY
    return amount < threshold
