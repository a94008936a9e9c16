"""What a stop covers: everything, top-ups, or one card. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

TOP_UP = "card.top_up"


class StopKind(StrEnum):
    """How much is stopped, as people type it."""

    ALL = "all"
    TOP_UPS = "top-ups"
    CARD = "card"


@dataclass(frozen=True, kw_only=True)
class StopScope:
    """What a stop covers; `card_id` is empty but for a card."""

    kind: StopKind
    card_id: str = ""

    @classmethod
    def read(cls, stored: str) -> "StopScope":
        """Return the scope of a row; a text that nobody understands covers everything (it fails closed)."""
        kind, _, card_id = stored.partition(":")
        if kind == StopKind.CARD and card_id:
            return cls(kind=StopKind.CARD, card_id=card_id)
        return cls(kind=StopKind.TOP_UPS if stored == StopKind.TOP_UPS else StopKind.ALL)

    @property
    def stored(self) -> str:
        """The scope as it is stored: `all`, `top-ups` or `card:1755902`."""
        return f"{self.kind}:{self.card_id}" if self.card_id else self.kind.value

    @property
    def typed(self) -> str:
        """The scope as people type it: `all`, `top-ups` or `card 1755902`."""
        return f"{self.kind} {self.card_id}" if self.card_id else self.kind.value

    @property
    def words(self) -> str:
        """What is stopped, in words."""
        return {StopKind.ALL: "everything", StopKind.TOP_UPS: "top-ups"}.get(self.kind, self.typed)

    def covers(self, *, action: str, cards: Iterable[str]) -> bool:
        """Whether a request for this action, which affects these cards, is stopped."""
        match self.kind:
            case StopKind.TOP_UPS:
                return action == TOP_UP
            case StopKind.CARD:
                return self.card_id in cards
            case _:
                return True


EVERYTHING = StopScope(kind=StopKind.ALL)
