"""An operation of Paytend, and a call: one operation with its values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from paytend.errors import AnotherSubject
from paytend.models import Answer
from paytend.money import AmountUnit
from paytend.operations.encoding import ENCODERS, Encoding

T = TypeVar("T", bound=Answer)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value of an operation: our name, Paytend's name, and how it travels."""

    name: str
    wire: str
    encoding: Encoding = Encoding.PLAIN
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One operation with its values, ready to be sent.

    `before_sending` is called in the last moment, once Paytend is connected and the body is ready: a PaytendError
    that it raises stops the call, and nothing is sent.
    """

    operation: "Operation[T]"
    values: Mapping[str, Any] = field(repr=False)
    before_sending: Callable[[], None] | None = field(default=None, repr=False)

    def content(self, *, unit: AmountUnit) -> dict[str, Any]:
        """Return the bizData; raises NotSendable for a document that is too large or of another type."""
        content: dict[str, Any] = {}
        for parameter in self.operation.parameters:
            if (value := self.values.get(parameter.name)) is not None:
                content |= ENCODERS[parameter.encoding](parameter.wire, value, unit)
            elif not parameter.required and self.operation.blank_optionals:
                content[parameter.wire] = ""
        return content


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[T]):
    """What can be asked of Paytend. `changes` decides everything about repeating: a change is sent once.

    `blank_optionals`: the demo sends what is not given as "", not left out.
    """

    name: str
    title: str
    path: str
    changes: bool
    answer: type[T]
    parameters: tuple[Parameter, ...] = ()
    blank_optionals: bool = False

    def __call__(self, **values: Any) -> Call[T]:
        """Return the call with these values; raises TypeError for unknown and missing ones."""
        unknown = values.keys() - {parameter.name for parameter in self.parameters}
        missing = {p.name for p in self.parameters if p.required} - {n for n, v in values.items() if v is not None}
        if unknown or missing:
            raise TypeError(f"{self.name}: unknown {sorted(unknown)}, missing {sorted(missing)}")
        return Call(operation=self, values=values)


def required(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    """Return a parameter that every call has to give."""
    return Parameter(name=name, wire=wire, encoding=encoding)


def optional(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    """Return a parameter that a call may leave out."""
    return Parameter(name=name, wire=wire, encoding=encoding, required=False)


# What an answer is about, where it says so: it has to be what was asked for.
_SUBJECTS = ("card_id", "holder_id", "reference")


def refuse_another(call: Call[Any], answer: Answer) -> None:
    """Refuse an answer, or one with a row, about something else than was asked for; raises AnotherSubject."""
    for name in _SUBJECTS:
        wanted = call.values.get(name)
        for said in (answer, *getattr(answer, "rows", ())):
            # An answer that names nothing contradicts nothing.
            if wanted is not None and getattr(said, name, None) not in (None, str(wanted).strip()):
                raise AnotherSubject(name)


# What the three lists of transactions take.
PERIOD = (
    optional("currency", "currency"),
    required("begin", "beginDate", Encoding.DATE),
    required("end", "endDate", Encoding.DATE),
    optional("start", "start"),  # a row offset from 0, not a page number (V1, a.1)
    optional("size", "maxSize"),  # default 10, at most 30 (V1, a.1)
)


class Sender(Protocol):
    """Sends calls: `paytend.Client`, or a stand-in for it in a test."""

    def send(self, call: Call[T]) -> T:
        """Return the answer; raises PaytendError."""
