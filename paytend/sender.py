"""What sends calls to Paytend; everything that calls Paytend asks for this, and not for the HTTP client."""

from typing import Protocol, TypeVar

from paytend.models import Answer
from paytend.operations.call import Call

T = TypeVar("T", bound=Answer)


class Sender(Protocol):
    """`paytend.Client`, or a stand-in for it in a test."""

    def send(self, call: Call[T]) -> T:
        """Return the answer; raises PaytendError."""
        ...
