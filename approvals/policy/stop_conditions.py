"""When the bot stops by itself: the section `stop_when` of cardops.yml. Pure."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class StopCause(StrEnum):
    """Why something is stopped: a person did it, or a condition of cardops.yml came true."""

    PERSON = "person"
    BOOKS_DIFFER = "books_differ"
    TRAIL_BROKEN = "trail_broken"
    UNKNOWN_OVER = "unknown_over"


class StopCondition(BaseModel):
    """One condition for which the bot stops by itself; a name alone, such as `trail_broken`, is one too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    books_differ: Literal[True] | None = Field(default=None, description="Paytend's books differ from ours.")
    trail_broken: Literal[True] | None = Field(default=None, description="The audit trail does not verify.")
    unknown_over: int | None = Field(
        default=None, ge=0, le=1000, description="More outcomes are unknown than this."
    )
    stops: Literal["all", "top-ups"] = "all"

    @model_validator(mode="after")
    def _exactly_one(self) -> "StopCondition":
        causes = (self.books_differ, self.trail_broken, self.unknown_over)
        if sum(cause is not None for cause in causes) != 1:
            raise ValueError(
                "one of books_differ, trail_broken and unknown_over is needed, such as `unknown_over: 3`"
            )
        return self

    @property
    def cause(self) -> StopCause:
        """What it waits for."""
        if self.unknown_over is not None:
            return StopCause.UNKNOWN_OVER
        return StopCause.BOOKS_DIFFER if self.books_differ else StopCause.TRAIL_BROKEN


def _read_name(value: Any) -> Any:
    """Take a name alone as its condition: `books_differ` is `books_differ: true`."""
    match value:
        case "books_differ" | "trail_broken":
            return {value: True}
        case "unknown_over":
            raise ValueError("unknown_over needs a number, such as `unknown_over: 3`")
        case str():
            raise ValueError(
                f"there is no condition {value}; there are: books_differ, trail_broken, unknown_over: 3"
            )
        case dict():
            # The reader of cardops.yml leaves all values texts.
            return {key: True if word in ("true", "yes") else word for key, word in value.items()}
    return value


class _NameToo:
    """Lets editors accept a name alone as well."""

    def __get_pydantic_json_schema__(self, schema: Any, make: Any) -> dict[str, Any]:
        """Return the schema of a name or of a condition."""
        return {"anyOf": [{"enum": ["books_differ", "trail_broken"]}, make(schema)]}


StopConditionText = Annotated[StopCondition, BeforeValidator(_read_name), _NameToo()]


def find_condition(conditions: tuple[StopCondition, ...], cause: StopCause) -> StopCondition | None:
    """Return the first condition of this cause."""
    return next((condition for condition in conditions if condition.cause is cause), None)
