"""The codes of Paytend whose meaning the operator knows: Paytend publishes no list of them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

SUCCESS = "00"

KnownCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,16}$")]


class KnownCodes(BaseModel):
    """What single codes (`respCode`) of Paytend mean; only list a code when Paytend has confirmed its meaning.

    `final_refusals`: what is refused with it was not done and never will be. `no_such_order`: Paytend does not
    know the reference. Where that is empty, the code that Paytend gives for our reference before the send counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    final_refusals: tuple[KnownCode, ...] = ()
    no_such_order: tuple[KnownCode, ...] = ()

    @model_validator(mode="after")
    def _one_meaning_each(self) -> "KnownCodes":
        seen: set[str] = set()
        for code in (*self.final_refusals, *self.no_such_order):
            if code == SUCCESS:
                raise ValueError(f"{SUCCESS} means success at Paytend, so it is no refusal: remove it")
            if code in seen:
                raise ValueError(f"the code {code} is there twice; name each code once, in one of the lists")
            seen.add(code)
        return self


NO_CODES = KnownCodes()
