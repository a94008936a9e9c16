"""The section `books` of cardops.yml: what else may move on the partner account. Pure."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from paytend.money import PRECISION

Others = Literal["expected", "tell", "alarm"]


class BookRule(BaseModel):
    """How the partner account is compared with our requests.

    `others`: other systems use this partner account too, so what is not ours is `expected`; it is told once a day
    (`tell`); or each such row is a difference (`alarm`). `prefix` begins every reference that we give to Paytend
    from now on. `currencies` are compared besides those of the partner balance and of our own top-ups.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    others: Others = "tell"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9]*$", max_length=6)] = ""
    currencies: tuple[str, ...] = ("EUR", "USDT")

    @field_validator("prefix")
    @classmethod
    def _lower(cls, prefix: str) -> str:
        return prefix.lower()  # references are compared and looked up in lower case

    @field_validator("currencies")
    @classmethod
    def _known(cls, currencies: tuple[str, ...]) -> tuple[str, ...]:
        for currency in currencies:
            if currency not in PRECISION:
                raise ValueError(f"{currency[:10]} is no currency that is known here; write it like EUR or USDT")
        return tuple(dict.fromkeys(currencies))
