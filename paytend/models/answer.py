"""What every answer of Paytend has in common, and the answers to changes that return nothing else."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from paytend.models.codes import ChangeStatus
from paytend.models.fields import Id, Text, find_contradictions, named, read_text
from paytend.money import AmountUnit
from paytend.redaction import is_secret_name, mask_text, redact


class Answer(BaseModel):
    """Any answer; `raw` is what came, redacted, and `contradicting` the names under which it says two things."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    raw: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    contradicting: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @classmethod
    def decode(
        cls, raw: Mapping[str, Any], *, unit: AmountUnit, redacted: Mapping[str, Any] | None = None
    ) -> Self:
        """Return the model of an answer; `unit` says how its amounts are to be read.

        `redacted` is what `redact` made of it, where the caller has that already.
        """
        kept = redact(dict(raw)) if redacted is None else redacted
        names = find_contradictions(raw, cls.model_fields)
        return cls.model_validate({**raw, "raw": kept, "contradicting": names}, context={"unit": unit})


def keep_status(value: object) -> object:
    """Return a status as it came, without card numbers; what is neither a text nor whole, as its text."""
    if value is None or type(value) is int:
        return value
    return mask_text(value if isinstance(value, str) else repr(value))


class Done(Answer):
    """The answer to a change that returns nothing but whether it worked (activate, loss, replace, upload)."""

    # Not forgiven: a status that nobody can read is not the same as none, which counts as done.
    status: Annotated[ChangeStatus | None, BeforeValidator(keep_status)] = named(
        "changeStatus", "activeStatus", "retrieveStatus", "uploadStatus", "replaceStatus", "status"
    )
    message: Text = named("errMsg", "errorMsg", "msg")
    card_id: Id = named("cardId", "cardToken")
    new_card_id: Id = named("newCardId")
    holder_id: Id = named("holderId")


class RetrievedPassword(Done):
    """The answer to retrievePassword; `secret` is usually None, as the cardholder is sent it."""

    secret: SecretStr | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _find_secret(cls, fields: Any) -> Any:
        # By any name: the predecessor answers with a status alone, and this answer is not documented (a.2).
        found = [value for name, value in fields.items() if is_secret_name(name) and read_text(value)]
        return {**fields, "secret": str(found[0]) if found else None}
