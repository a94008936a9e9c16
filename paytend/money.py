"""Money: an exact decimal amount and its currency, and the two units in which Paytend may carry it."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# How many decimals a currency has: USDT by paytend-api.md b.5 no. 5, the others by ISO 4217.
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UZS VED VES WST XCD YER ZAR ZMW ZWG"
)
_THREE = "BHD IQD JOD KWD LYD OMR TND"
PRECISION: dict[str, int] = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
    "USDT": 6,
}

# With six decimals these are 21 digits, so that sums stay within the 28 that Decimal calculates exactly.
_MOST = Decimal(10) ** 15
_MOST_CHARACTERS = 40
_GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")


class AmountUnit(StrEnum):
    """How amounts travel: in the smallest unit (1100 = 11.00 EUR) or in whole ones. Paytend does not say."""

    MINOR = "minor"
    MAJOR = "major"


@dataclass(frozen=True, kw_only=True)
class AmountUnits:
    """The unit in each direction: of our calls and their answers, and of webhooks."""

    calls: AmountUnit
    webhooks: AmountUnit


class NotMoney(ValueError):
    """The text is not an amount of this currency."""


# No generated order: it would compare amounts of different currencies.
@dataclass(frozen=True, kw_only=True, order=False)
class Money:
    """An exact amount, in whole units, of a currency whose precision is known.

    Raises NotMoney for an unknown currency, for more decimals than it has, and for 10^15 or more.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        """Bring the amount to the currency's precision, or refuse it."""
        precision = PRECISION.get(self.currency)
        if precision is None:
            raise NotMoney(f"{self.currency[:10]!r} is not a currency that is known here")
        if not self.amount.is_finite() or abs(self.amount) >= _MOST:
            raise NotMoney("the amount is out of range")
        exact = self.amount.quantize(Decimal(1).scaleb(-precision))
        if exact != self.amount:
            raise NotMoney(f"{self.currency} has {precision} decimals")
        object.__setattr__(self, "amount", exact + 0)  # + 0 turns -0.00 into 0.00

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Return the money of a plain decimal text such as "120.50"; raises NotMoney."""
        return cls(amount=read_decimal(text), currency=currency)

    @classmethod
    def read(cls, text: str) -> "Money":
        """Return the money of "500.00 EUR", as stored payloads and buttons write it; raises NotMoney."""
        # Commas between thousands: buttons and stored payloads carry the text of `__str__`. Anywhere else a comma
        # may be a decimal mark (paytend/written_amounts.py).
        amount, _, currency = text.strip().partition(" ")
        plain = amount.replace(",", "") if _GROUPED.fullmatch(amount) else amount
        return cls.parse(plain, currency.strip())

    @classmethod
    def from_minor(cls, units: int, currency: str, *, precision: int | None = None) -> "Money":
        """Return the money of a number of smallest units; `precision` only where the sender names it."""
        decimals = PRECISION.get(currency, 0) if precision is None else precision
        return cls(amount=Decimal(units).scaleb(-decimals), currency=currency)

    @property
    def minor(self) -> int:
        """The amount in smallest units, such as cents."""
        return int(self.amount.scaleb(PRECISION[self.currency]))

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise NotMoney(f"{self.currency} and {other.currency} cannot be compared or added")
        return other.amount


def write_amount(money: Money, *, unit: AmountUnit) -> str:
    """Return the text that Paytend is sent: "1100" or "11.00" for 11.00 EUR."""
    return str(money.minor) if unit is AmountUnit.MINOR else str(money.amount)


def read_amount(text: str, *, currency: str, unit: AmountUnit, precision: int | None = None) -> Money:
    """Return the money of an amount as Paytend sent it; `precision` is the V1 field `digital`.

    Raises NotMoney, also for a decimal point where amounts are in the smallest unit: 12.0 may well be twelve whole
    ones, and guessing would be wrong by a hundred.
    """
    number = read_decimal(text)
    if unit is AmountUnit.MAJOR:
        return Money(amount=number, currency=currency)
    if "." in text:
        raise NotMoney("a decimal point, which may be a fraction, in an amount of the smallest unit")
    return Money.from_minor(int(number), currency, precision=precision)


def read_decimal(text: str) -> Decimal:
    """Return the number of a plain decimal text of at most 40 characters; raises NotMoney."""
    plain = text.removeprefix("-")
    # `isascii`, because `isdigit` also accepts digits of other scripts and "²".
    if len(text) > _MOST_CHARACTERS or not plain.isascii() or not plain.replace(".", "", 1).isdigit():
        raise NotMoney("not a decimal number")
    return Decimal(text)
