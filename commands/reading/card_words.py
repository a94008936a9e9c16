"""Where the words about a card are, among those that are typed behind a form."""

from enum import Enum


class CardWords(Enum):
    """Where the words about a card are among those typed behind a form."""

    NONE = "there are none"
    ALL = "all of them"
    FIRST = "the first ones"
    TWO = "the first ones, for two cards"
    HOLDER = "all of them, and the cardholder is meant"

    @property
    def cards(self) -> int:
        """How many cards a form is given."""
        return {CardWords.NONE: 0, CardWords.TWO: 2}.get(self, 1)

    @property
    def is_all(self) -> bool:
        """Whether all words are about the card."""
        return self in {CardWords.ALL, CardWords.HOLDER}

    @property
    def is_holder(self) -> bool:
        """Whether the cardholder is meant."""
        return self is CardWords.HOLDER
